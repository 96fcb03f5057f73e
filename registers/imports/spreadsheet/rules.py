"""The register's own rules, asked of one row before anything is saved: too long, an e-mail."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from registers.exports.xlsx import CUT
from registers.imports.cells import comparable
from registers.imports.spreadsheet.parties import LEAD, LEAD_COLUMN, OTHERS_COLUMN
from registers.imports.spreadsheet.plan import Line, Part
from registers.imports.spreadsheet.public_words import MEND
from registers.imports.spreadsheet.row import RowOf
from registers.models import Party, Protocol

# The columns in which fields of other names stand.
COLUMNS = {"published_on": "published", "updated_on": "updated", "review_note": "review_date"}
FIELDS = {field.name for field in Protocol._meta.fields}


def refuse_by_rules(row: RowOf, line: Line) -> None:
    """Refuse in `row` what the protocol or its parties could not be saved with."""
    values = {name: value for name, value in line.values.items() if name != "theme"}
    said = {name.removesuffix("_id") for name in values}
    try:
        Protocol(reference=line.reference, **values).clean_fields(exclude=FIELDS - said | {"theme"})
    except ValidationError as refusal:
        for name, messages in refusal.message_dict.items():
            for message in messages:
                row.refuse(COLUMNS.get(name, name), message, MEND)
    for part in line.parts or []:
        _refuse_part(row, part)


def was_cut(row: RowOf, column: str, was: str, text: str) -> bool:
    """Say whether a workbook had no room for the whole text. Refuses what was edited in it."""
    if CUT not in text:
        return False
    if not comparable(was).startswith(comparable(text.partition(CUT)[0])):
        row.refuse(
            column,
            "This text is longer than a cell can be, so the file has only its beginning.",
            "Change it on the protocol's own page, or use the CSV.",
        )
    return True


def _refuse_part(row: RowOf, part: Part) -> None:
    party = Party(role=part.role, name_as_published=part.written, note=part.note)
    try:
        party.clean_fields(exclude={"protocol", "organisation"})
    except ValidationError as refusal:
        column = LEAD_COLUMN if part.role == LEAD else OTHERS_COLUMN
        for messages in refusal.message_dict.values():
            for message in messages:
                row.refuse(column, f"'{part.written[:60]}': {message}", MEND)
