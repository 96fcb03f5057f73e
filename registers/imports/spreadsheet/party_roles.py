"""What a row says of each party: what it is in law, and whether it gives or receives."""

from __future__ import annotations

from dataclasses import replace

from registers.exports.columns import FLOW_WORDS, ROLE_WORDS
from registers.imports.cells import are_same
from registers.imports.spreadsheet.fields import note_edit
from registers.imports.spreadsheet.parties import PartiesReader, part_as_is
from registers.imports.spreadsheet.plan import Line, Part
from registers.imports.spreadsheet.row import RowOf
from registers.models import Protocol
from registers.models.keys import key_of
from registers.models.options import lines_of

ROLES_COLUMN = "party_roles"
ROLES = {key_of(words): value for value, words in ROLE_WORDS.items()}
FLOWS = {key_of(words): value for value, words in FLOW_WORDS.items()}
Said = tuple[str, str]  # what it is in law, and the flow: each empty for not recorded


def compare_roles(
    row: RowOf, line: Line, parties: PartiesReader, stored: Protocol | None, written: dict[str, str]
) -> None:
    """Compare the cell with what is stored; the parties are those that the row leaves there.

    The cell says all: whom it does not name has neither. Refuses whom the protocol does not.
    """
    was, text = written.get(ROLES_COLUMN, ""), row.text(ROLES_COLUMN)
    if are_same(was, text) or row.is_refused(ROLES_COLUMN):
        return
    parts = line.parts
    if parts is None:
        parts = [part_as_is(party) for party in stored.all_parties] if stored else []
    said = _said(row, text)
    if row.is_refused(ROLES_COLUMN):
        return
    named = [(part, said.pop(key_of(parties.official_name(part)), ("", ""))) for part in parts]
    for name in said:
        row.refuse(
            ROLES_COLUMN,
            f"'{name[:50]}' is no organisation of this protocol by its official name.",
            "Write the name as in the columns of organisations.",
        )
    line.parts = [_with(part, each) for part, each in named]
    note_edit(line, ROLES_COLUMN, was, text, {})


def _with(part: Part, said: Said) -> Part:
    return replace(part, legal_role=said[0], flow=said[1])


def _said(row: RowOf, text: str) -> dict[str, Said]:
    """Return what a cell says, by the keys of names. Refuses words that say neither."""
    found: dict[str, Said] = {}
    for piece in lines_of(text.replace(";", "\n")):
        name, _, words = piece.rpartition(":")
        keys = [key_of(each) for each in words.split(",")]
        wrong = [each for each in keys if each not in ROLES | FLOWS]
        if wrong or not name:
            row.refuse(
                ROLES_COLUMN,
                f"'{piece[:80]}' does not say what an organisation is, or whether it gives.",
                f"Write its name, a colon, and any of: {', '.join([*ROLES, *FLOWS])}.",
            )
        roles = [ROLES[each] for each in keys if each in ROLES]
        flows = [FLOWS[each] for each in keys if each in FLOWS]
        found[key_of(name)] = (roles[0] if roles else "", flows[0] if flows else "")
    return found
