"""What a row says of the organisations in a protocol, beside what the register says of them.

And of each, what it is in law, and whether it gives or receives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

from registers.exports.columns import FLOW_WORDS, ROLE_WORDS, party_with_note
from registers.imports.cells import are_same, comparable, visible
from registers.imports.spreadsheet.fields import Compared
from registers.imports.spreadsheet.matching import Match, Organisations
from registers.imports.spreadsheet.plan import Part, Whom
from registers.imports.spreadsheet.public_text import (
    LONGEST,
    TOO_LONG,
    name_refusals,
    party_refusals,
    refuse_words_in_row,
)
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.split_names import (
    MOST_PIECES,
    Piece,
    TooMany,
    TwoWays,
    split_names,
    unmarked,
)
from registers.models import ImportName, Party
from registers.models.keys import key_of
from registers.models.options import lines_of

LEAD, PARTNER = Party.Role.LEAD.value, Party.Role.PARTNER.value
ORGANISATION = ImportName.Kind.ORGANISATION
LEAD_COLUMN, OTHERS_COLUMN = "lead_organisation", "other_organisations"
# Tells where a name stands: name, match, column, cell.
Tell = Callable[[str, Match, str], None]


@dataclass(slots=True)
class RowParties:
    """What a row says of the organisations, and how its cells read.

    `parts` is None where nothing differs from what is stored. `notes` are words among the names
    that name nobody. `has_more`: the row says that others take part too. `is_waiting`: a name is
    not known yet.
    """

    lead: str
    others: str
    parts: list[Part] | None = None
    notes: list[str] = field(default_factory=list)
    has_more: bool = False
    is_waiting: bool = False


class PartiesReader:
    """Reads the two columns of organisations. `tell` hears of every name that is matched."""

    def __init__(self, organisations: Organisations, tell: Tell) -> None:
        self._organisations = organisations
        self._tell = tell
        # Most names stand in many rows.
        self.name_refusals, self._party_refusals = cache(name_refusals), cache(party_refusals)

    def read(self, each: Compared) -> RowParties:
        """Return what the row says."""
        row, kept = each.row, each.stored.parts if each.stored else None
        lead = [kept.lead] if kept and kept.lead else []
        others = list(kept.partners) if kept else []
        read = RowParties(each.was(LEAD_COLUMN), each.was(OTHERS_COLUMN))
        # Words that stand there as a note already are one, and no name that nobody knows.
        note = comparable(each.now.parties_note)
        new_lead = self._parts_of(row, LEAD_COLUMN, lead, read, note)
        new_others = self._parts_of(row, OTHERS_COLUMN, others, read, note)
        if new_lead is None and new_others is None:
            return read
        new_lead = [part_as_is(each) for each in lead] if new_lead is None else new_lead
        new_others = [part_as_is(each) for each in others] if new_others is None else new_others
        read.parts = [*new_lead, *new_others]
        read.lead, read.others = self._words(new_lead), self._words(new_others)
        return read

    def official_name(self, part: Part) -> str:
        """Return the official name of the organisation of a part."""
        whom = part.organisation
        known = self._organisations
        return known.names[whom] if isinstance(whom, int) else known.new[whom].name

    def _parts_of(
        self, row: RowOf, column: str, stored: list[Party], read: RowParties, note: str
    ) -> list[Part] | None:
        """Return the parts that a column says; None where they stay as they are stored."""
        if not row.has(column):
            return None
        is_lead, cell, own = column == LEAD_COLUMN, row.text(column), column in row.table.own
        now = "; ".join(party_with_note(party) for party in stored)
        if is_lead and stored:
            now = stored[0].organisation.name
        if comparable(now) == comparable(cell):
            return None
        # The register writes official names: what was once published may be anything.
        known = self._organisations.is_named if own else self._organisations.is_known
        try:
            names = split_names(
                cell,
                own=own,
                known=known,
                begins=self._organisations.begins_name,
                are_several=self._organisations.are_several,
            )
        except TwoWays as ways:
            row.refuse(
                column,
                f"'{ways}' can be read as one organisation or as several.",
                "Write one of its other names, or give that organisation another name first.",
            )
            return None
        except TooMany:
            row.refuse(
                column,
                f"This cell names more than {MOST_PIECES:,} organisations, and no more are read.",
                "Divide the protocol, or name a group of organisations.",
            )
            return None
        read.has_more |= names.has_more
        found = _one_lead(row, cell, names.pieces) if is_lead else names.pieces
        found = [piece for piece in found if not note or piece.written != note]
        parts = self._matched(row, column, found, read)
        return None if _same(parts, stored, of_lead=is_lead) else parts

    def _matched(self, row: RowOf, column: str, found: list[Piece], read: RowParties) -> list[Part]:
        role = LEAD if column == LEAD_COLUMN else PARTNER
        parts: list[Part] = []
        seen: dict[Whom, str] = {}
        for piece in found:
            match = self._organisations.match(piece.written)
            if len(piece.written) > LONGEST[ORGANISATION] and not match.is_note:
                # It is no name, so that there is nothing to choose.
                row.refuse(
                    column,
                    f"'{piece.written[:60]}…': {TOO_LONG.format(LONGEST[ORGANISATION])}",
                    "Part the names with semicolons, and take out what is none.",
                )
                continue
            self._tell(piece.written, match, column)
            if match.is_note:
                read.notes.append(piece.written)
            elif match.whom is None:
                read.is_waiting = True
            elif match.whom in seen:
                row.refuse(
                    column,
                    f"'{piece.written}' and '{seen[match.whom]}' are one organisation"
                    f" ({match.becomes}), named twice.",
                    "Name it once.",
                )
            else:
                seen[match.whom] = piece.written
                if isinstance(match.whom, str):
                    refusals = self.name_refusals(ORGANISATION, match.becomes)
                    refuse_words_in_row(row, column, match.becomes, refusals)
                refusals = self._party_refusals(piece.written, piece.note)
                refuse_words_in_row(row, column, piece.written, refusals)
                parts.append(Part(match.whom, role, piece.written, piece.note))
        return parts

    def _words(self, parts: list[Part]) -> str:
        """Return the parts as the register's own file would write them."""
        official = map(self.official_name, parts)
        notes = (f" ({part.note})" if part.note else "" for part in parts)
        return "; ".join(map("".join, zip(official, notes, strict=True)))


def _one_lead(row: RowOf, cell: str, found: list[Piece]) -> list[Piece]:
    """Return the lead, whose name may be followed by no note. Refuses two."""
    if len(found) > 1:
        names = "; ".join(piece.written for piece in found)
        row.refuse(
            LEAD_COLUMN,
            f"A protocol has one lead organisation. These read as {len(found)}: {names[:300]}.",
            "Leave one here and put the others among the other organisations. If it is one"
            " organisation, add it to the register first.",
        )
        return []
    return [Piece(unmarked(visible(cell))) if each.note else each for each in found]


def part_as_is(party: Party) -> Part:
    """Return a stored party as a file would have it."""
    return Part(party.organisation_id, party.role, party.name_as_published, party.note)


def _same(parts: list[Part], stored: list[Party], *, of_lead: bool) -> bool:
    """Say whether these are the stored parts. A lead's note is written in no file."""
    return [(p.organisation, "" if of_lead else comparable(p.note)) for p in parts] == [
        (p.organisation_id, "" if of_lead else comparable(p.note)) for p in stored
    ]


ROLES_COLUMN = "party_roles"
ROLES = {key_of(words): value for value, words in ROLE_WORDS.items()}
FLOWS = {key_of(words): value for value, words in FLOW_WORDS.items()}
Said = tuple[str, str]  # what it is in law, and the flow: each empty for not recorded


def compare_roles(each: Compared, parties: PartiesReader) -> None:
    """Compare the cell with what is stored; the parties are those that the row leaves there.

    The cell says all: whom it does not name has neither. Refuses whom the protocol does not.
    """
    row, parts, text = each.row, each.line.parts, each.row.text(ROLES_COLUMN)
    if are_same(each.was(ROLES_COLUMN), text) or row.is_refused(ROLES_COLUMN):
        return
    if parts is None:
        parts = [part_as_is(party) for party in each.stored.all_parties] if each.stored else []
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
    each.line.parts = [replace(part, legal_role=role, flow=flow) for part, (role, flow) in named]
    each.note(ROLES_COLUMN, text, {})


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
