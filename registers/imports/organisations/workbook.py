"""Workbooks of organisations in the import's own columns: an empty template, and all there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from registers.changes.locking import batches
from registers.exports.plain_text import plain
from registers.history.snapshot import Snapshot, snapshots_of
from registers.imports.mapping.kinds import (
    APPROVERS,
    CONTACT,
    EXAMPLE_SHEET,
    GROUPS,
    KIND,
    NAME,
    ORGANISATION_COLUMNS,
    OTHER_NAMES,
    RIGHTS_CONTACT,
    SCHEMES,
)
from registers.models import Membership, Organisation

COLUMNS = list(ORGANISATION_COLUMNS)
SHEET = "Organisations"
WIDTH = 24
EXAMPLE = {
    NAME: "Riverside County Council",
    "acronym": "RCC",
    "alias": "Riverside; Riverside CC",
    "former": "County Council of Riverside",
    KIND: "body",
    "ico": "Z1234567",
    "gss": "E10000012",
    APPROVERS: "Caldicott Guardian; Senior Information Risk Owner",
    CONTACT: "information.governance@riverside.example",
    RIGHTS_CONTACT: "The data protection officer, at County Hall",
    GROUPS: "All Riverside Councils; Riverside Health Partnership (from 2022-07-01 to 2026-03-31)",
}


def template() -> bytes:
    """Return a workbook with the headings, and an example in a second sheet, which is not read."""
    return _workbook(
        (SHEET, list(ORGANISATION_COLUMNS), []),
        (EXAMPLE_SHEET, list(ORGANISATION_COLUMNS), [_in_order(EXAMPLE, ORGANISATION_COLUMNS)]),
    )


def all_organisations(*, with_contacts: bool) -> bytes:
    """Return a workbook of the register's organisations, to be edited and imported."""
    columns = [use for use in COLUMNS if with_contacts or use != CONTACT]
    return _workbook((SHEET, columns, [_in_order(row, columns) for row in _rows()]))


def _in_order(row: dict[str, str], columns: Any) -> list[str]:
    return [row.get(use, "") for use in columns]


def _rows() -> Iterator[dict[str, str]]:
    keys = list(Organisation.objects.order_by("name", "pk").values_list("pk", flat=True))
    groups: dict[int, list[str]] = {}
    for each in Membership.objects.select_related("group").order_by("group__name", "from_day"):
        groups.setdefault(each.member_id, []).append(f"{each.group}{_days(each)}")
    for some in batches(keys):
        snapshots = snapshots_of(Organisation, some)
        for key in some:
            yield _row(snapshots[key]) | {GROUPS: _joined(groups.get(key, []))}


def _row(snapshot: Snapshot) -> dict[str, str]:
    fields, parts = snapshot["fields"], snapshot["parts"]
    names = {kind: [n["text"] for n in parts["names"] if n["kind"] == kind] for kind in OTHER_NAMES}
    codes = {
        scheme: [each["value"] for each in parts["identifiers"] if each["scheme"] == scheme]
        for scheme in SCHEMES
    }
    return {
        NAME: fields["name"],
        KIND: fields["kind"],
        APPROVERS: _joined([each["job_title"] for each in parts["approvers"]]),
        CONTACT: _joined([each["email"] for each in parts["contact"]]),
        RIGHTS_CONTACT: fields["rights_contact"],
        **{str(use): _joined(texts) for use, texts in (names | codes).items()},
    }


def _joined(texts: Sequence[str]) -> str:
    """Return the texts as a cell holds them: a semicolon parts them, where none has one."""
    return ("\n" if any(";" in text for text in texts) else "; ").join(texts)


def _days(row: Membership) -> str:
    words = [f"from {row.from_day}"] if row.from_day else []
    words += [f"to {row.to_day}"] if row.to_day else []
    return f" ({' '.join(words)})" if words else ""


def _workbook(*sheets: tuple[str, list[str], list[list[str]]]) -> bytes:
    file = BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        heading = book.add_format({"bold": True, "bottom": 1, "num_format": "@"})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        for name, columns, rows in sheets:
            sheet = book.add_worksheet(name)
            sheet.set_column(0, len(columns) - 1, WIDTH, text)
            sheet.freeze_panes(1, 1)
            for at, use in enumerate(columns):
                sheet.write_string(0, at, ORGANISATION_COLUMNS[use], heading)
            for number, row in enumerate(rows, start=1):
                for at, value in enumerate(row):
                    if value:
                        # Never a formula, whatever it begins with.
                        sheet.write_string(number, at, plain(value), text)
    return file.getvalue()
