"""Which organisation a row is about: by any of its names and its identifiers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from registers.imports.cells import says_nothing, visible
from registers.imports.mapping.kinds import NAME, OTHER_NAMES, SCHEMES
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.plan import place_of
from registers.imports.spreadsheet.row import RowOf
from registers.models import Identifier, Name, Organisation
from registers.models.identifier import FORMS, plain_value
from registers.models.keys import key_of
from registers.search.duplicates import ComparedName, find_duplicates


class OrganisationRow(RowOf):
    """A row of a table of organisations. Several columns can be one thing."""

    def texts(self, column: str) -> list[str]:
        """Return what each cell says that is filled, of all columns of a use."""
        texts = [visible(self._text_at(at)) for at in self.table.places.get(column, ())]
        return [text for text in texts if text and not says_nothing(text)]

    def line(self, column: str) -> str:
        """Return what the row says under a column, in one line; nothing where it is empty."""
        return " ".join(" ".join(self.texts(column)).split())

    def items(self, column: str) -> list[str]:
        """Return the things in a cell: line ends part them, or else semicolons."""
        pieces = [
            piece
            for text in self.texts(column)
            for piece in text.split("\n" if "\n" in text else ";")
        ]
        return list(dict.fromkeys(filter(None, (" ".join(each.split()) for each in pieces))))


NO_NAME = "Nothing names this organisation."
TWO = "This row could be two organisations: {}."
TWICE = "This file says the same of another organisation too: {} in {}."


@dataclass(slots=True)
class Matched:
    """A row with its names and identifiers, and the organisation that it is about, if known.

    `near` are the names of those that may be meant, by their keys; one that is in the file too
    has a key below 0. Where there is any, a person must say which it is.
    """

    row: OrganisationRow
    name: str
    names: list[tuple[str, str]]
    identifiers: dict[str, list[str]]
    key: int | None = None
    near: dict[int, str] = field(default_factory=dict)

    def claims(self) -> Iterator[tuple[str, str]]:
        """Give what no two organisations can share: names by their keys, and identifiers."""
        for text in filter(None, [self.name, *(text for text, _ in self.names)]):
            yield "name", key_of(text)
        for scheme, values in self.identifiers.items():
            for value in values:
                yield scheme, value

    def said(self, claim: tuple[str, str]) -> str:
        """Return a name or an identifier in words."""
        kind, value = claim
        if kind != "name":
            return f"{SCHEMES[kind]} {value}"
        texts = [self.name, *(text for text, _ in self.names)]
        return next(f"‘{text}’" for text in texts if key_of(text) == value)


class KnownOrganisations:
    """The organisations of the register, by their names and identifiers."""

    def __init__(self) -> None:
        stored = Organisation.objects.values_list("pk", "name", "kind")
        self.names = {key: name for key, name, _ in stored}
        self.kinds = {key: kind for key, _, kind in stored}
        rows = list(Name.objects.order_by().values_list("organisation", "text", "kind", "key"))
        self._by = {("name", key): organisation for organisation, _, _, key in rows}
        for scheme, value, key in Identifier.objects.values_list("scheme", "value", "organisation"):
            self._by[scheme, value] = key
        self._compared = [
            ComparedName(key, self.kinds[key] == Organisation.Kind.GROUP, text, kind)
            for key, text, kind, _ in rows
        ]

    def named(self, text: str) -> int | None:
        """Return the organisation that has this name."""
        return self._by.get(("name", key_of(text)))

    def chosen(self, name: str, choices: Choices) -> int | None:
        """Return the key of the organisation that was chosen for a name in the file."""
        choice = choices.organisations.get(key_of(name))
        return self.named(choice.name) if choice and not choice.new else None

    def match(self, found: Matched, choices: Choices) -> None:
        """Find out which organisation a row is about, and refuse one that could be two."""
        known = [claim for claim in found.claims() if claim in self._by]
        owners = {self._by[claim]: found.said(claim) for claim in known}
        chosen = self.chosen(found.name, choices)
        if chosen is not None:
            owners.setdefault(chosen, "your choice")
        if len(owners) > 1:
            each = [f"{by} is of {self.names[key]}" for key, by in owners.items()]
            said = TWO.format(", and ".join(each))
            found.row.refuse(NAME, said, "Take out what belongs to another.")
        found.key = next(iter(owners), None)
        if found.key is None and not found.name:
            found.row.refuse(NAME, NO_NAME, "Write its official name.")
        elif found.key is not None and chosen != found.key and not _is_named(found, known):
            found.near[found.key] = self.names[found.key]

    def find_near(self, rows: Iterable[Matched], choices: Choices) -> None:
        """Note which known organisations are called much like those of new rows."""
        new = {
            -place: found
            for place, found in enumerate(rows, start=1)
            if found.key is None and found.name and not _is_new(found.name, choices)
        }
        texts = [
            ComparedName(key, is_group, found.name, Name.Kind.OFFICIAL)
            for key, found in new.items()
            for is_group in (False, True)
        ]
        for pair in find_duplicates([*self._compared, *texts]) if new else ():
            if pair.one < 0:
                other = new.get(pair.other)
                name = other.name if other else self.names[pair.other]
                new[pair.one].near[pair.other] = name


def _is_new(name: str, choices: Choices) -> bool:
    """Return whether a name in the file was chosen to be of a new organisation."""
    choice = choices.organisations.get(key_of(name))
    return choice.new if choice else choices.all_new


def _is_named(found: Matched, known: Sequence[tuple[str, str]]) -> bool:
    """Return whether a row calls an organisation by a name of it, or by an identifier alone."""
    return not found.name or ("name", key_of(found.name)) in known


def matched_rows(
    rows: Sequence[OrganisationRow], known: KnownOrganisations, choices: Choices
) -> list[Matched]:
    """Return each row with what it is about. Rows that are about one organisation are refused."""
    found = [_read(row, known) for row in rows]
    for each in found:
        known.match(each, choices)
    known.find_near(found, choices)
    _refuse_repeated(found, known)
    return found


def _read(row: OrganisationRow, known: KnownOrganisations) -> Matched:
    name = row.line(NAME)
    names = {key_of(name): (name, "")}
    for kind in OTHER_NAMES:
        whole = row.line(kind)  # a name can hold a semicolon
        for text in [whole] if known.named(whole) else row.items(kind):
            names.setdefault(key_of(text), (text, kind))
    return Matched(
        row,
        name,
        [each for each in names.values() if each[1]],
        {scheme: values for scheme in SCHEMES if (values := _identifiers(row, scheme))},
    )


def _identifiers(row: OrganisationRow, scheme: str) -> list[str]:
    """Return identifiers as their scheme writes them; refuse those of another form."""
    form = FORMS[scheme]
    values = []
    for written in row.items(scheme):
        value = plain_value(written, form)
        if re.fullmatch(form.pattern, value):
            values.append(value)
        else:
            what = f"‘{written[:60]}’ cannot be read as: {SCHEMES[scheme]}."
            row.refuse(scheme, what, f"Enter it as {form.words}.")
    return values


def _refuse_repeated(rows: Iterable[Matched], known: KnownOrganisations) -> None:
    """Refuse rows that share an organisation, a name or an identifier with another row."""
    claimed = defaultdict[tuple[str, str], list[Matched]](list)
    for found in rows:
        for claim in found.claims():
            claimed[claim].append(found)
        if found.key is not None:
            claimed["organisation", str(found.key)].append(found)
    refused = set[tuple[int, int]]()
    for (kind, value), several in claimed.items():
        for found in several if len(several) > 1 else ():
            others = [each for each in several if each is not found]
            pair = (id(found), id(others[0]))
            if others and pair not in refused:
                refused.add(pair)
                name = (
                    known.names[int(value)] if kind == "organisation" else found.said((kind, value))
                )
                found.row.refuse(NAME, TWICE.format(name, _where(others)), "Keep one row of each.")


def _where(rows: Sequence[Matched]) -> str:
    return ", ".join(place_of(each.row.table.sheet, each.row.number) for each in rows[:5])
