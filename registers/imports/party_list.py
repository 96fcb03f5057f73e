"""A pasted list of organisations, as the partners signed it: who is named there, and who is known.

It is read as a cell of a spreadsheet is, so the same names lead to the same organisations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from django.core.exceptions import ValidationError

from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.matching import Organisations, nearest_to
from registers.imports.spreadsheet.plan import Whom
from registers.imports.spreadsheet.public_text import LONGEST, TOO_LONG
from registers.imports.spreadsheet.split_names import (
    MOST_PIECES,
    Known,
    NameList,
    TooMany,
    TwoWays,
    as_in_cell,
    split_names,
)
from registers.models import ImportName, Organisation
from registers.models.keys import key_of

NOTHING = "Paste the list first: the names of the organisations, as they stand in the protocol."
BOTH = (
    "‘{}’ can be read as one organisation or as several. Write each on a line of its own, or the"
    " one by another of its names."
)
TOO_MANY = f"The list names more than {MOST_PIECES:,} organisations. Name a group of them instead."
SEPARATE = "‘{}…’: {} Write each name on a line of its own."
MOST_SUGGESTED = 50
SHOWN = 200  # characters of what is refused
LONGEST_NAME = LONGEST[ImportName.Kind.ORGANISATION]


@dataclass(frozen=True, kw_only=True)
class NamedParty:
    """One organisation of a list: as it is written, its note, and who it is.

    `whom` is the primary key of an organisation of the register, or else the name's key;
    `official` is the official name, or empty.
    """

    written: str
    note: str
    whom: Whom
    official: str = ""


@dataclass(frozen=True, kw_only=True)
class PartyList:
    """The organisations of a list, none twice, and what was named once more.

    `wrapped` are names that nobody knows, in two lines that were read as one. `has_more` says
    whether others take part too, by the words at its end.
    """

    parties: list[NamedParty]
    repeated: list[str]
    wrapped: list[str]
    has_more: bool


def read_party_list(text: str, organisations: Organisations) -> PartyList:
    """Return who is named in `text`. Of one named twice, both notes are kept.

    Raises ValidationError for a list without names, for words that can be read in two
    ways, and for what is too long.
    """
    text = "\n".join(text.splitlines())
    found = _split(text, organisations.is_known)
    if not found.pieces:
        raise ValidationError(NOTHING)
    by_whom: dict[Whom, NamedParty] = {}
    repeated = []
    for piece in found.pieces:
        # A name that goes on in the next line is one all the same.
        written, note = " ".join(piece.written.split()), " ".join(piece.note.split())
        if len(written) > LONGEST_NAME:
            raise ValidationError(SEPARATE.format(written[:60], TOO_LONG.format(LONGEST_NAME)))
        match = organisations.match(written)
        whom = match.whom if match.whom is not None else key_of(written)
        party = NamedParty(written=written, note=note, whom=whom, official=match.becomes)
        if before := by_whom.get(whom):
            repeated.append(written)
            notes = dict.fromkeys(filter(None, (before.note, note)))
            party = replace(before, note="; ".join(notes))
        by_whom[whom] = party
    parties = list(by_whom.values())
    unknown = [each.written for each in parties if not each.official]
    wrapped = [each for each in unknown if "\n" in as_in_cell(each, text)]
    return PartyList(parties=parties, repeated=repeated, wrapped=wrapped, has_more=found.has_more)


def likely_organisations(written: Iterable[str]) -> dict[str, list[Organisation]]:
    """Return organisations of a like name, the likest first, by what is written.

    None beyond the first names, since looking takes long in a large register.
    """
    first = dict.fromkeys(islice(written, MOST_SUGGESTED))
    if not first:
        return {}
    nearest = nearest_to(ImportName.Kind.ORGANISATION)
    names = {each: nearest(each) for each in first}
    found = Organisation.objects.filter(name__in={name for some in names.values() for name in some})
    by_name = {each.name: each for each in found}
    return {
        each: [by_name[name] for name in some if name in by_name] for each, some in names.items()
    }


def read_all() -> Organisations:
    """Return every name by which an organisation is known."""
    return Organisations(Choices())


def _split(text: str, known: Known) -> NameList:
    try:
        return split_names(text, own=False, known=known)
    except TooMany:
        raise ValidationError(TOO_MANY) from None
    except TwoWays:
        raise ValidationError(BOTH.format(_in_two_ways(text, known)[:SHOWN])) from None


def _in_two_ways(text: str, known: Known) -> str:
    """Return the first line that can be read in two ways, or the whole text."""
    for line in text.splitlines():
        try:
            split_names(line, own=False, known=known)
        except TwoWays:
            return line.strip()
    return text.strip()
