"""Which organisation or theme is meant by a name in a file: by its names, or by a choice.

And every name in the file, once, with what it was matched to and where it stands first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from rapidfuzz import fuzz, process

from registers.exports.plain_text import plain
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.plan import How, KeptName, Named, NewOrganisation, Part, Whom
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.split_names import TYPED
from registers.models import ImportName, Name, Organisation, Party, Theme
from registers.models.keys import key_of

NEAR = 62  # of 100: below this two names have little in common
# Letters as few as these stand within many a longer name by accident: they are compared whole.
SHORT = 6
# How two names are compared, and what that counts for: letter by letter, with their words in any
# order, and as a part of the other. That they share some words says little: many are councils.
WHOLE = ((fuzz.ratio, 1.0), (fuzz.token_sort_ratio, 1.0))
PART = (fuzz.partial_ratio, 0.85)


class Known:
    """Keys of names, to find those that are like another."""

    def __init__(self) -> None:
        self._short: list[str] = []
        self._long: list[str] = []

    def add(self, key: str) -> None:
        """Know one more."""
        (self._short if len(key) < SHORT else self._long).append(key)

    def like(self, key: str, *, most: int) -> list[str]:
        """Return the keys that are like `key`, the likest first, `most` by each comparison."""
        found: dict[str, float] = {}
        is_long = len(key) >= SHORT
        for keys, ways in (
            (self._long, (*WHOLE, PART) if is_long else WHOLE),
            (self._short, WHOLE),
        ):
            for scorer, worth in ways:
                near = process.extract(
                    key, keys, scorer=scorer, score_cutoff=NEAR / worth, limit=most
                )
                for other, score, _ in near:
                    found[other] = max(found.get(other, 0), score * worth)
        return sorted(found, key=lambda other: -found[other])


def unlike_any(names: Iterable[str], *, also: Iterable[str] = ()) -> list[str]:
    """Return the names that are like none in the register, and none that is returned before.

    `also` are names that are to be made. Of two that are like each other the
    first is returned: the other may be a slip of it.
    """
    known = Known()
    stored = Name.objects.values_list("key", flat=True).iterator()
    for key in chain(stored, map(key_of, also)):
        known.add(key)
    found = []
    for name in names:
        key = key_of(name)
        if not known.like(key, most=1):
            known.add(key)
            found.append(name)
    return found


# Signs that part names. Where nobody knows these, a person says whether they are several.
MAY_BE_SEVERAL = re.compile(r"[/|]")
COUNT = re.compile(r" \(\d+\)$")
NEAREST = 5


@dataclass(frozen=True, slots=True)
class Match:
    """What a name was matched to, how, and the official name of that; or a note that it is."""

    whom: Whom | None
    how: How
    becomes: str = ""
    is_note: bool = False


# What can stand before a sign that parts names, or before a line end, which a key has as a space.
WITHIN_NAME = re.compile(rf"[ {TYPED}]")


def begun_names(key: str) -> set[str]:
    """Return the keys of all beginnings of a name that end before a space or a sign in it."""
    return {key[: found.start()].rstrip() for found in WITHIN_NAME.finditer(key)}


# Keys of names: most stand in many rows, and are asked for again and again.
MOST_KEPT = 50_000
UNKNOWN = Match(None, How.UNKNOWN)


class Organisations:
    """Every name by which an organisation is known, with what was chosen for the others."""

    def __init__(self, choices: Choices) -> None:
        self._key = lru_cache(maxsize=MOST_KEPT)(key_of)
        self.names = dict(Organisation.objects.values_list("pk", "name"))
        self._by_name = _as_written(Name.objects.values_list("key", "organisation"))
        self._by_published = _published(self._by_name)
        self._chosen = choices.organisations
        self._all_new = choices.all_new
        self._wholes = {self._key(each.longer) for each in self._chosen.values() if each.longer}
        self._begun = set[str]()
        for key in chain(self._by_name, self._by_published, self._wholes, self._chosen):
            self._begun |= begun_names(key)
        # Names that were chosen for new organisations stand for these wherever they are written.
        self.new: dict[str, NewOrganisation] = {}
        for _, choice in sorted(self._chosen.items()):
            if choice.new:
                self._found(choice)

    def _found(self, choice: Choice) -> Match:
        """Make the new organisation of a choice, unless there is one of that name."""
        key = self._key(choice.name)
        if key in self._by_name:
            return self._stored(self._by_name[key], How.CHOSEN)
        new = NewOrganisation(key, choice.name, choice.group)
        known = self.new.get(key)
        self.new[key] = known if known and known.group >= new.group else new
        self._begun |= begun_names(key)
        return Match(key, How.NEW, self.new[key].name)

    def is_known(self, written: str) -> bool:
        """Say whether the words are to be taken as one name, also for having been published so."""
        return self.is_named(written) or self._key(written) in self._by_published

    def is_named(self, written: str) -> bool:
        """Say whether the words are an organisation's name, or were chosen to be taken as one."""
        key = self._key(written)
        chosen = self._chosen.get(key)
        is_one = key in self._by_name or key in self._wholes or key in self.new
        return is_one or bool(chosen and not chosen.longer and not chosen.several)

    def begins_name(self, written: str) -> bool:
        """Say whether a name that is known may go on after these words, as one with a comma."""
        return self._key(written) in self._begun

    def are_several(self, written: str) -> bool:
        """Say whether the words were chosen to be taken as several names."""
        chosen = self._chosen.get(self._key(written))
        return bool(chosen and chosen.several)

    def has_name(self, key: str) -> bool:
        """Say whether a stored organisation has the name with this key."""
        return key in self._by_name

    def match(self, written: str) -> Match:
        """Return what is meant by a name."""
        key = self._key(written)
        if choice := self._chosen.get(key):
            match = self._by_choice(choice)
            if match is not None:
                return match
        for held, how in ((self._by_name, How.NAME), (self._by_published, How.PUBLISHED)):
            if key in held:
                return self._stored(held[key], how)
        if key in self.new:
            return Match(key, How.NEW, self.new[key].name)
        if (pk := self._with_initials(written)) is not None:
            return self._stored(pk, How.NAME)
        is_new = self._all_new and key and not MAY_BE_SEVERAL.search(written)
        return self._found(Choice(name=written, new=True)) if is_new else UNKNOWN

    def _with_initials(self, written: str) -> int | None:
        """Return whose name and acronym these are, as in 'Essex County Council (ECC)'."""
        name, _, short = written.removesuffix(")").rpartition(" (")
        pk = self._by_name.get(self._key(name))
        return pk if name and pk == self._by_name.get(self._key(short)) else None

    def _by_choice(self, choice: Choice) -> Match | None:
        """Return what was chosen; None where it does not decide, or its organisation is gone."""
        if choice.note:
            return Match(None, How.CHOSEN, is_note=True)
        if choice.longer or choice.several:
            return None
        if choice.new:
            return self._found(choice)
        key = self._key(choice.name)
        if key in self._by_name:
            return self._stored(self._by_name[key], How.CHOSEN)
        return None

    def _stored(self, pk: int, how: How) -> Match:
        return Match(pk, how, self.names[pk])


class Themes:
    """Every theme by its name, with what was chosen for the others."""

    def __init__(self, choices: Choices) -> None:
        self.names = dict(Theme.objects.values_list("pk", "name"))
        self._by_name = _as_written(Theme.objects.values_list("key", "pk"))
        self._chosen = choices.themes
        self._all_new = choices.all_new_themes
        self.new = {key_of(each.name): each.name for each in self._chosen.values() if each.new}

    def match(self, written: str) -> Match:
        """Return the theme that is meant. A count in brackets, as on the page, is no part of it."""
        choice = self._chosen.get(key_of(written))
        name = choice.name if choice else written
        how = How.CHOSEN if choice else How.NAME
        for text in (name, name.rpartition(" (")[0]):
            key = key_of(text)
            if key in self._by_name:
                pk = self._by_name[key]
                return Match(pk, how, self.names[pk])
            if key in self.new:
                return Match(key, How.NEW, self.new[key])
        if not self._all_new or choice:
            return UNKNOWN
        name = COUNT.sub("", written)
        self.new[key_of(name)] = name
        return Match(key_of(name), How.NEW, name)


def _as_written(keys: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the keys of names as a file gives them back, with what they are names of."""
    return {key_of(plain(key)): whose for key, whose in keys}


def _published(by_name: dict[str, int]) -> dict[str, int]:
    """Return the names as published that lead to one organisation each, by their keys."""
    found: dict[str, set[int]] = {}
    said = Party.objects.exclude(name_as_published="").order_by()
    for text, organisation in said.values_list("name_as_published", "organisation").distinct():
        key = key_of(plain(text))
        if key not in by_name:
            found.setdefault(key, set()).add(organisation)
    return {key: one.pop() for key, one in found.items() if len(one) == 1}


def nearest_to(kind: ImportName.Kind, also: Iterable[str] = ()) -> Callable[[str], list[str]]:
    """Return a function that gives the official names that are like a name, the likest first.

    They are the register's own, and `also`, names that are to be made. An
    organisation counts as like it by any of its names. They are read once.
    """
    known: dict[str, str] = {name: name for name in also}
    if kind == ImportName.Kind.THEME:
        known |= {name: name for name in Theme.objects.values_list("name", flat=True)}
    else:
        known |= dict(Name.objects.values_list("text", "organisation__name"))
    called: dict[str, list[str]] = {}
    like = Known()
    for text, official in known.items():
        key = key_of(text)
        called.setdefault(key, []).append(official)
        like.add(key)

    def nearest(written: str) -> list[str]:
        keys = like.like(key_of(written), most=4 * NEAREST)
        return list(dict.fromkeys(name for key in keys for name in called[key]))[:NEAREST]

    return nearest


class Names:
    """Every name in the file, once, with what it was matched to and where it stands first."""

    def __init__(self, choices: Choices) -> None:
        self.organisations, self.themes = Organisations(choices), Themes(choices)
        self.choices = choices
        self.found: dict[tuple[str, str], Named] = {}
        self._row: RowOf | None = None
        # The row's cells in which names stood, by their columns.
        self._cells: dict[str, list[str]] = {}

    def at(self, row: RowOf) -> None:
        """Say which row is read next."""
        self._row, self._cells = row, {}

    def tell(self, written: str, match: Match, column: str) -> None:
        """Remember a name, and count it."""
        kind = ImportName.Kind.THEME if column == "theme" else ImportName.Kind.ORGANISATION
        key = key_of(written)
        named = self.found.get((kind, key))
        if named:
            named.uses += 1
            return
        row = self._row
        assert row is not None  # noqa: S101 (names are told of within a row)
        if column not in self._cells:
            self._cells[column] = row.texts(column)
        becomes = "" if match.is_note else match.becomes
        self.found[kind, key] = Named(
            kind,
            key,
            written,
            match.how,
            match.whom,
            becomes,
            1,
            row.table.sheet,
            row.number,
            _around(written, self._cell(column, written)),
        )

    def _cell(self, column: str, written: str) -> str:
        """Return the one of the column's cells in which a name stands."""
        cells = self._cells[column]
        return next((cell for cell in cells if written in cell), "\n".join(filter(None, cells)))

    def kept(self, parts: Iterable[Part]) -> list[KeptName]:
        """Return the names that a person chose to keep, of those that `parts` are written with."""
        organisations = self.organisations
        chosen = [(k, c) for k, c in sorted(self.choices.organisations.items()) if c.kept_as]
        used = {key_of(part.written): part.organisation for part in parts} if chosen else {}
        return [
            KeptName(
                used[key], self.found[ImportName.Kind.ORGANISATION, key].written, choice.kept_as
            )
            for key, choice in chosen
            if key in used and not organisations.has_name(key) and key not in organisations.new
        ]


def _around(written: str, cell: str) -> str:
    """Return the cell in which a name stands; of a long one what is around the name."""
    if len(cell) <= ImportName.MOST_OF_CELL:
        return cell
    spare = max(0, ImportName.MOST_OF_CELL - len(written)) // 2
    start = max(0, min(_place(written, cell) - spare, len(cell) - ImportName.MOST_OF_CELL))
    end = start + ImportName.MOST_OF_CELL
    return ("…" if start else "") + cell[start:end] + ("…" if end < len(cell) else "")


def _place(written: str, cell: str) -> int:
    """Return where a name stands, and not where it is a part of another word."""
    at = cell.find(written)
    while at >= 0 and _is_in_a_word(cell, at, at + len(written)):
        at = cell.find(written, at + 1)
    return max(0, at)


def _is_in_a_word(cell: str, start: int, end: int) -> bool:
    return cell[max(0, start - 1) : start].isalnum() or cell[end : end + 1].isalnum()
