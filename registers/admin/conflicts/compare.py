"""How what is stored now differs from what somebody typed: a field, or a whole row, at a time.

The rows of both are laid side by side, by what a person knows them by: so a
row that the other editor removed, made again or added stands where it belongs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from django import forms

from registers.admin.conflicts.form_values import (
    CHOSEN,
    Boxes,
    Kind,
    Row,
    Said,
    Sheet,
    label_of,
    meaning,
    means_the_same,
    typed_boxes,
    typed_rows,
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


@dataclass(kw_only=True)
class Laid:
    """What was typed, laid beside what is stored."""

    sheet: Sheet
    stored: Said
    boxes: Boxes
    pairs: dict[str, list[Pair]]

    def data(self) -> Boxes:
        """Return what a browser would send for it, but for files."""
        data = dict(self.boxes)
        for kind in self.sheet.kinds:
            pairs, prefix = self.pairs[kind.prefix], kind.prefix
            data[f"{prefix}-TOTAL_FORMS"] = str(len(pairs))
            data[f"{prefix}-INITIAL_FORMS"] = str(sum(1 for stored, _ in pairs if stored))
            for number, (stored, typed) in enumerate(pairs):
                start = f"{prefix}-{number}-"
                data[start + kind.key] = stored.key if stored else ""
                shown = typed or stored or Row()
                data |= {start + name: box for name, box in shown.boxes.items()}
                if typed is None or typed.gone:
                    data[f"{start}DELETE"] = "on"
                data |= _cleared(kind.fields, stored, typed, start)
        first = Row(boxes=self.stored.boxes)
        return data | _cleared(self.sheet.fields, first, Row(boxes=self.boxes), "")

    def file_boxes(self) -> set[str]:
        """Return the names of the boxes that choose a file."""
        names = {name for name, each in self.sheet.fields.items() if is_file(each)}
        return names | {
            f"{kind.prefix}-{number}-{name}"
            for kind in self.sheet.kinds
            for number in range(len(self.pairs[kind.prefix]))
            for name, each in kind.fields.items()
            if is_file(each)
        }

    def differences(self, base: Said | None) -> list[Difference]:
        """Return all that is stored otherwise than it was typed.

        `base` is what the form was drawn from, or None where nobody knows.
        """
        own = [
            of_field(name, each, self.stored.boxes.get(name, ""), self.boxes[name], base)
            for name, each in self.sheet.fields.items()
        ]
        rows = [
            each
            for kind in self.sheet.kinds
            for before in [None if base is None else base.rows.get(kind.prefix, [])]
            for each in of_rows(kind, self.pairs[kind.prefix], before)
        ]
        return [each for each in own if each] + rows


def lay(sheet: Sheet, data: Any, files: Any, *, drawn: Said | None) -> Laid:
    """Lay what was typed on a form that was drawn from `drawn` beside what is stored now."""
    drawn = drawn or sheet.stored
    pairs = {}
    for kind in sheet.kinds:
        before = drawn.rows.get(kind.prefix, [])
        rows = list(filter(None, typed_rows(kind, data, files, drawn=before)))
        by_key = {row.key: row.boxes for row in before}
        pairs[kind.prefix] = matched(kind, sheet.stored.rows[kind.prefix], rows)
        for there, typed in pairs[kind.prefix]:
            if there and typed:
                _follow(kind.fields, typed.boxes, by_key.get(typed.key, {}), there.boxes)
    boxes = typed_boxes(sheet.fields, data, files, drawn=drawn.boxes)
    _follow(sheet.fields, boxes, drawn.boxes, sheet.stored.boxes)
    return Laid(sheet=sheet, stored=sheet.stored, boxes=boxes, pairs=pairs)


def as_laid(sheet: Sheet, data: Any, files: Any, *, stored: Said) -> Laid:
    """Return what was laid beside `stored` before, as it comes back."""
    pairs = {}
    for kind in sheet.kinds:
        there = stored.rows.get(kind.prefix, [])
        pairs[kind.prefix] = list(zip_longest(there, typed_rows(kind, data, files, drawn=there)))
    boxes = typed_boxes(sheet.fields, data, files, drawn=stored.boxes)
    return Laid(sheet=sheet, stored=stored, boxes=boxes, pairs=pairs)


def matched(kind: Kind, stored: list[Row], typed: list[Row]) -> list[Pair]:
    """Return pairs, in the order stored, of rows that say they are the same, or have one key.

    What stands in one version alone has None for the other. None is lost.
    """
    by_name = dict(zip(names_of(kind, typed), typed, strict=True))
    partners: dict[int, Row] = {
        number: by_name.pop(name)
        for number, name in enumerate(names_of(kind, stored))
        if name in by_name
    }
    by_key = {row.key: name for name, row in by_name.items() if row.key}
    for number, row in enumerate(stored):
        if number not in partners and row.key in by_key:
            partners[number] = by_name.pop(by_key[row.key])
    pairs: list[Pair] = [(row, partners.get(number)) for number, row in enumerate(stored)]
    return pairs + [(None, row) for row in by_name.values() if not row.gone]


def settle(differences: list[Difference], data: Any, files: Any) -> None:
    """Type what is stored into `data` wherever that was chosen; forget the choices."""
    for each in differences:
        if each.chosen == Choice.STORED:
            for name in each.away:
                data.pop(name, None)
                files.pop(name, None)
            for name, box in each.back.items():
                data[name] = box
        data.pop(each.name, None)


def _follow(fields: dict[str, forms.Field], typed: Boxes, drawn: Boxes, stored: Boxes) -> None:
    """Let a file that nobody has touched on the form be the one that is stored now."""
    for name, each in fields.items():
        if is_file(each) and typed[name] == drawn.get(name):
            typed[name] = stored[name]


def _cleared(
    fields: dict[str, forms.Field], stored: Row | None, typed: Row | None, start: str
) -> Boxes:
    """Return the ticks that empty a box with a stored file."""
    return {
        f"{start}{name}-clear": "on"
        for name, each in fields.items()
        if is_file(each)
        and stored
        and typed
        and stored.boxes.get(name)
        and not typed.boxes.get(name)
    }
