"""What somebody wants a thing to say, compared with what is stored: field by field, row by row.

Each side is shaped like a snapshot: {"fields": {name: value}, "parts": {kind: [row, ...]}}.
What is wanted may be less: a field, a kind of part or a row's field that it leaves out
stays as it is stored. A value may be anything, also text that is no valid value: it is
compared and given back as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from registers.history.parts import PART_KINDS
from registers.history.snapshot import Snapshot, comparable_value

Row = dict[str, Any]
# A stored row and the wanted row that matches it. None if it is on one side only.
RowPair = tuple[Row | None, Row | None]
# A row's key, empty or absent for a new one, is no value of its own.
KEY = "id"
NOT_COMPARED = {KEY, "position"}


class ChangedBy(StrEnum):
    """Who has changed something since the base."""

    THEIRS = "theirs"  # what is stored has changed, what is wanted has not
    YOURS = "yours"  # what is wanted has changed, what is stored has not
    BOTH = "both"  # also if the base is not known


class Choice(StrEnum):
    """Which of the two is kept."""

    STORED = "stored"
    WANTED = "wanted"


DEFAULT_CHOICES = {
    ChangedBy.THEIRS: Choice.STORED,
    ChangedBy.YOURS: Choice.WANTED,
    ChangedBy.BOTH: None,
}


@dataclass(frozen=True, kw_only=True)
class Matching:
    """How values are compared, and rows are told apart.

    `value` takes the kind of part (empty for a field of the thing itself), a field's
    name and a value, and returns what is compared. `identity` takes a kind and a row,
    and returns what makes two rows the same one. Both results can be hashed.
    """

    value: Callable[[str, str, Any], Any]
    identity: Callable[[str, Row], Any]

    def same(self, kind: str, one: Row | None, other: Row | None) -> bool:
        """Return whether two rows agree in every field that both have; two Nones agree."""
        if one is None or other is None:
            return one is other
        return all(
            self.value(kind, name, one[name]) == self.value(kind, name, other[name])
            for name in (one.keys() & other.keys()) - NOT_COMPARED
        )


def _identity(kind: str, row: Row) -> Any:
    """Return what makes two parts in snapshots the same one."""
    for number, part in enumerate(PART_KINDS.get(kind, ())):
        if part.includes(row):
            return number, part.identity(row)
    return row.get(KEY)


SNAPSHOTS = Matching(value=lambda kind, name, value: comparable_value(value), identity=_identity)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field, or one whole row, whose stored and wanted values differ.

    `name` is the field's own, or that of the kind of part with the row's number. `kind` is
    empty for a field. The sides of a row are its values; None where it is missing.
    """

    name: str
    kind: str = ""
    changed_by: ChangedBy
    stored: Any
    wanted: Any

    @property
    def default(self) -> Choice | None:
        """The side that has changed; None if both have."""
        return DEFAULT_CHOICES[self.changed_by]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The differences, and what is needed to make values of the choices."""

    stored: Snapshot
    differences: list[Difference]
    pairs: dict[str, list[RowPair]]

    def resolve(self, choices: Mapping[str, Choice]) -> Snapshot:
        """Return the values to save: all of what is stored, with the wanted where chosen.

        `choices` are by the names of the differences; one that is left out is its default.
        Raises ValueError where there is none. A row keeps the key of the stored one.
        """
        chosen = {each.name: choices.get(each.name) or each.default for each in self.differences}
        if open_ones := [name for name, choice in chosen.items() if choice is None]:
            raise ValueError(f"Both changed these, so choose: {', '.join(open_ones)}.")
        fields, parts = dict(self.stored["fields"]), dict(self.stored["parts"])
        for each in self.differences:
            if not each.kind and chosen[each.name] == Choice.WANTED:
                fields[each.name] = each.wanted
        for kind, pairs in self.pairs.items():
            rows = (
                _wanted_row(pair) if chosen.get(f"{kind}-{number}") == Choice.WANTED else pair[0]
                for number, pair in enumerate(pairs)
            )
            parts[kind] = [row for row in rows if row is not None]
        return {"fields": fields, "parts": parts}


def compare(
    base: Snapshot | None, stored: Snapshot, wanted: Snapshot, matching: Matching = SNAPSHOTS
) -> Comparison:
    """Compare what is wanted with what is stored. `base` is what was seen before, if known.

    Rows are matched by what identifies them, or else by key. So a row that somebody
    removed, added or made again is compared with the right one, and no row is lost.
    """
    differences, pairs = [], {}
    for name, value in wanted["fields"].items():
        then, now = {name: value}, {name: stored["fields"].get(name)}
        before = {name: base["fields"][name]} if base and name in base["fields"] else None
        if not matching.same("", now, then):
            changed_by = _changed_by(matching, "", before, now, then, is_known=before is not None)
            differences.append(
                Difference(name=name, changed_by=changed_by, stored=now[name], wanted=value)
            )
    for kind, rows in wanted["parts"].items():
        pairs[kind] = _match(matching, kind, stored["parts"].get(kind, []), rows)
        befores = _befores(matching, kind, pairs[kind], base["parts"].get(kind, []) if base else [])
        differences += [
            Difference(
                name=f"{kind}-{number}",
                kind=kind,
                changed_by=_changed_by(matching, kind, before, *pair, is_known=base is not None),
                stored=pair[0],
                wanted=pair[1],
            )
            for number, (pair, before) in enumerate(zip(pairs[kind], befores, strict=True))
            if not matching.same(kind, *pair)
        ]
    return Comparison(stored=stored, differences=differences, pairs=pairs)


def _changed_by(
    matching: Matching,
    kind: str,
    before: Row | None,
    stored: Row | None,
    wanted: Row | None,
    *,
    is_known: bool,
) -> ChangedBy:
    if is_known and matching.same(kind, before, stored):
        return ChangedBy.YOURS
    if is_known and matching.same(kind, before, wanted):
        return ChangedBy.THEIRS
    return ChangedBy.BOTH


def _match(
    matching: Matching, kind: str, stored: Sequence[Row], wanted: Sequence[Row]
) -> list[RowPair]:
    """Return pairs of rows with the same identity or the same key, in the order stored."""
    left = dict(zip(_identities(matching, kind, wanted), wanted, strict=True))
    partners = {
        number: left.pop(name)
        for number, name in enumerate(_identities(matching, kind, stored))
        if name in left
    }
    by_key = {row[KEY]: name for name, row in left.items() if row.get(KEY)}
    for number, row in enumerate(stored):
        if number not in partners and row.get(KEY) in by_key:
            partners[number] = left.pop(by_key[row[KEY]])
    pairs: list[RowPair] = [(row, partners.get(number)) for number, row in enumerate(stored)]
    return pairs + [(None, row) for row in left.values()]


def _identities(matching: Matching, kind: str, rows: Sequence[Row]) -> list[tuple[Any, int]]:
    """Return what identifies each row, with a number: one that stands there twice is not lost."""
    seen: Counter[Any] = Counter()
    names = []
    for row in rows:
        name = matching.identity(kind, row)
        names.append((name, seen[name]))
        seen[name] += 1
    return names


def _befores(
    matching: Matching, kind: str, pairs: Sequence[RowPair], base: Sequence[Row]
) -> list[Row | None]:
    """Return for each pair the row of `base` that it comes from, or None. Each is used once."""
    left, found = list(base), []
    for pair in pairs:
        both = [row for row in pair if row is not None]
        keys = {row[KEY] for row in both if row.get(KEY)}
        names = {matching.identity(kind, row) for row in both}
        same = [row for row in left if row.get(KEY) in keys]
        same += [row for row in left if matching.identity(kind, row) in names]
        found.append(same[0] if same else None)
        left = [row for row in left if row is not found[-1]]
    return found


def _wanted_row(pair: RowPair) -> Row | None:
    stored, wanted = pair
    if wanted is None:
        return None
    return {**(stored or {}), **wanted, KEY: stored[KEY] if stored else None}
