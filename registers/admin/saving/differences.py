"""How what is stored now differs from what somebody typed: a field, or a whole row, at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django import forms

from registers.admin.saving.boxes import (
    CHOSEN,
    Boxes,
    Kind,
    Row,
    Said,
    label_of,
    meaning,
    means_the_same,
    words,
)

# What is stored in a row of the form, and what was typed there. None: it stands in one alone.
Pair = tuple[Row | None, Row | None]


class Whose(StrEnum):
    """Who has changed something since the form was drawn."""

    THEIRS = "theirs"  # what is stored now is new, what was typed is as it was
    YOURS = "yours"  # the other way round
    BOTH = "both"  # or not known, where nobody knows what the form was drawn from


class Choice(StrEnum):
    """Which of two versions is kept."""

    STORED = "stored"
    TYPED = "typed"


BEFOREHAND = {Whose.THEIRS: Choice.STORED, Whose.YOURS: Choice.TYPED, Whose.BOTH: None}


@dataclass(kw_only=True)
class Difference:
    """One field, or one whole row, that is stored otherwise than it was typed."""

    name: str  # of the boxes for the choice
    label: str
    whose: Whose
    stored: list[tuple[str, str]]  # labels and words; empty where nothing is stored
    typed: list[tuple[str, str]]
    is_row: bool = False
    chosen: Choice | None = None
    error: str = ""
    # How the form would have to be typed for what is stored to stay.
    back: Boxes = field(default_factory=dict)
    away: list[str] = field(default_factory=list)
    uploads: dict[str, str] = field(default_factory=dict)  # box -> file that was chosen


def of_field(
    name: str, each: forms.Field, stored: str, typed: str, base: Said | None
) -> Difference | None:
    """Return how one of the thing's own fields differs, or None where both say the same."""
    if meaning(each, stored) == meaning(each, typed):
        return None
    before = None if base is None else base.boxes.get(name)
    label = label_of(each, name)
    a_file = is_file(each)
    return Difference(
        name=f"choose-{name}",
        label=label,
        whose=_whose(
            theirs=before is None or meaning(each, before) != meaning(each, stored),
            yours=before is None or meaning(each, before) != meaning(each, typed),
        ),
        stored=[("", words(each, stored))],
        typed=[("", words(each, typed))],
        back={} if a_file else {name: stored},
        away=[name, f"{name}-clear"] if a_file else [],
        uploads=_uploads({name: each}, {name: typed}, ""),
    )


def of_rows(kind: Kind, pairs: list[Pair], base: list[Row] | None) -> Iterator[Difference]:
    """Yield how the rows of one kind differ. `base` are those that the form was drawn from."""
    before = _before(kind, pairs, base or [])
    for number, pair in enumerate(pairs):
        if each := _of_row(kind, number, pair, before[number], is_known=base is not None):
            yield each


def _of_row(
    kind: Kind, number: int, pair: Pair, before: Row | None, *, is_known: bool
) -> Difference | None:
    stored, typed = pair
    typed = None if typed and typed.gone else typed
    if not kind.fields or _same(kind, stored, typed):
        return None
    start = f"{kind.prefix}-{number}-"
    shown = typed or stored or Row()
    files = [name for name, each in kind.fields.items() if is_file(each)]
    kept = stored.boxes if stored else kind.blank
    return Difference(
        name=f"choose-{kind.prefix}-{number}",
        label=_row_label(kind, shown),
        is_row=True,
        whose=_whose(
            theirs=not is_known or not _same(kind, before, stored),
            yours=not is_known or not _same(kind, before, typed),
        ),
        stored=_lines(kind, stored),
        typed=_lines(kind, typed),
        back={start + name: box for name, box in kept.items() if name not in files},
        away=[
            f"{start}DELETE",
            *(start + name for name in files),
            *(f"{start}{name}-clear" for name in files),
        ],
        uploads=_uploads(kind.fields, typed.boxes if typed else {}, start),
    )


def is_file(field: forms.Field) -> bool:
    """Return whether the box of `field` chooses a file."""
    return isinstance(field, forms.FileField)


def _same(kind: Kind, one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return one is other
    return means_the_same(kind.fields, one.boxes, other.boxes)


def _before(kind: Kind, pairs: list[Pair], base: list[Row]) -> list[Row | None]:
    """Return the row that both versions of each row go back to, or None. None is given twice."""
    left, found = list(base), []
    for pair in pairs:
        both = [row for row in pair if row]
        keys = {row.key for row in both if row.key}
        names = [name for row in both for name in names_of(kind, [row])]
        same = [row for row in left if row.key in keys]
        same += [row for row in left if names_of(kind, [row])[0] in names]
        found.append(same[0] if same else None)
        left = [row for row in left if row not in same[:1]]
    return found


def _whose(*, theirs: bool, yours: bool) -> Whose:
    if theirs and yours:
        return Whose.BOTH
    return Whose.THEIRS if theirs else Whose.YOURS


def _lines(kind: Kind, row: Row | None) -> list[tuple[str, str]]:
    if row is None:
        return []
    said = [
        (label_of(each, name), words(each, row.boxes.get(name, "")))
        for name, each in kind.fields.items()
    ]
    return [(label, text) for label, text in said if text]


def _row_label(kind: Kind, row: Row) -> str:
    known = [words(kind.fields[name], row.boxes.get(name, "")) for name in kind.known_by]
    name = ", ".join(filter(None, known))
    return kind.name[:1].upper() + kind.name[1:] + (f": {name}" if name else "")


def _uploads(fields: dict[str, forms.Field], boxes: Boxes, start: str) -> dict[str, str]:
    return {
        start + name: boxes[name].removeprefix(CHOSEN)
        for name, each in fields.items()
        if is_file(each) and boxes.get(name, "").startswith(CHOSEN)
    }


def names_of(kind: Kind, rows: list[Row]) -> list[tuple[Any, ...]]:
    """Return what a person knows each row by, with a number for one that stands there again."""
    seen: Counter[tuple[str, ...]] = Counter()
    names = []
    for row in rows:
        name = tuple(meaning(kind.fields[box], row.boxes.get(box, "")) for box in kind.known_by)
        # Without boxes to tell them apart, their keys do.
        name = name or (() if kind.fields else (row.key,))
        names.append((name, seen[name]))
        seen[name] += 1
    return names
