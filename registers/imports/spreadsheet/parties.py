"""What a row says of the organisations in a protocol, beside what the register says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from registers.exports.columns import party_with_note
from registers.imports.cells import comparable
from registers.imports.spreadsheet.matching import Match, Organisations
from registers.imports.spreadsheet.plan import Part, Whom
from registers.imports.spreadsheet.public_text import LONGEST, TOO_LONG, refuse_by_name
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.split_names import MOST_PIECES, Piece, TooMany, TwoWays, pieces
from registers.models import ImportName, Party, Protocol

LEAD, PARTNER = Party.Role.LEAD.value, Party.Role.PARTNER.value
ORGANISATION = ImportName.Kind.ORGANISATION
LEAD_COLUMN, OTHERS_COLUMN = "lead_organisation", "other_organisations"
# Tells where a name stands: name, match, column, cell.
Tell = Callable[[str, Match, str], None]


@dataclass(slots=True)
class Said:
    """What the cells say: the parts where they differ from what is stored, and how they read.

    `parts` is None where nothing differs. `notes` are words among the names
    that name nobody. `waits` says that a name is not known yet.
    """

    lead: str
    others: str
    parts: list[Part] | None = None
    notes: list[str] = field(default_factory=list)
    waits: bool = False


class PartiesReader:
    """Reads the two columns of organisations. `tell` hears of every name that is matched."""

    def __init__(self, organisations: Organisations, tell: Tell) -> None:
        self._organisations = organisations
        self._tell = tell

    def read(self, row: RowOf, stored: Protocol | None, written: dict[str, str]) -> Said:
        """Return what `row` says. `written` is what the register's own file says of `stored`."""
        kept = stored.parts if stored else None
        lead = [kept.lead] if kept and kept.lead else []
        others = list(kept.partners) if kept else []
        said = Said(written.get(LEAD_COLUMN, ""), written.get(OTHERS_COLUMN, ""))
        # Words that stand there as a note already are one, and no name that nobody knows.
        note = comparable(stored.parties_note) if stored else ""
        new_lead = self._part_of(row, LEAD_COLUMN, lead, said, note)
        new_others = self._part_of(row, OTHERS_COLUMN, others, said, note)
        if new_lead is None and new_others is None:
            return said
        said.parts = [
            *(new_lead if new_lead is not None else map(_as_is, lead)),
            *(new_others if new_others is not None else map(_as_is, others)),
        ]
        said.lead = self._words(p for p in said.parts if p.role == LEAD)
        said.others = self._words(p for p in said.parts if p.role == PARTNER)
        return said

    def _part_of(
        self, row: RowOf, column: str, stored: list[Party], said: Said, note: str
    ) -> list[Part] | None:
        """Return the parts that a column says; None where they stay as they are stored."""
        if not row.has(column):
            return None
        cell = row.text(column)
        now = "; ".join(party_with_note(party) for party in stored)
        if column == LEAD_COLUMN and stored:
            now = stored[0].organisation.name
        own = column in row.table.own
        if comparable(now) == comparable(cell):
            return None
        # The register writes official names: what was once published may be anything.
        known = self._organisations.is_named if own else self._organisations.is_known
        try:
            found = pieces(cell, own=own, known=known)
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
        if column == LEAD_COLUMN:
            found = self._one_lead(row, cell, found)
        found = [piece for piece in found if not note or piece.written != note]
        parts = self._matched(row, column, found, said)
        return None if _same(parts, stored, of_lead=column == LEAD_COLUMN) else parts

    def _one_lead(self, row: RowOf, cell: str, found: list[Piece]) -> list[Piece]:
        """Return the lead, whose name may be followed by no note. Refuses two."""
        names = [piece.written for piece in found]
        if len(found) < 2:  # noqa: PLR2004 (two are too many)
            both = next(
                (way for way in (" and ", " & ", " / ", "/") if self._all_known(cell, way)), None
            )
            if both is None or self._organisations.is_known(cell.strip()):
                return [Piece(cell.strip())] if found else []
            names = [each.strip() for each in cell.split(both)]
        row.refuse(
            LEAD_COLUMN,
            f"A protocol has one lead organisation. These read as {len(names)}:"
            f" {'; '.join(names)[:300]}.",
            "Leave one here and put the others among the other organisations. If it is one"
            " organisation, add it to the register first.",
        )
        return []

    def _all_known(self, cell: str, parting: str) -> bool:
        names = cell.split(parting)
        return len(names) > 1 and all(self._organisations.is_known(name.strip()) for name in names)

    def _matched(self, row: RowOf, column: str, found: list[Piece], said: Said) -> list[Part]:
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
                said.notes.append(piece.written)
            elif match.whom is None:
                said.waits = True
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
                    refuse_by_name(row, column, ORGANISATION, match.becomes)
                parts.append(Part(match.whom, role, piece.written, piece.note))
        return parts

    def _words(self, parts: Iterator[Part]) -> str:
        """Return the parts as the register's own file would write them."""
        names, new = self._organisations.names, self._organisations.new
        said = [
            (names[p.organisation] if isinstance(p.organisation, int) else new[p.organisation].name)
            + (f" ({p.note})" if p.note else "")
            for p in parts
        ]
        return "; ".join(said)


def _as_is(party: Party) -> Part:
    return Part(party.organisation_id, party.role, party.name_as_published, party.note)


def _same(parts: list[Part], stored: list[Party], *, of_lead: bool) -> bool:
    """Say whether these are the stored parts. A lead's note is written in no file."""
    return [(p.organisation, "" if of_lead else comparable(p.note)) for p in parts] == [
        (p.organisation_id, "" if of_lead else comparable(p.note)) for p in stored
    ]
