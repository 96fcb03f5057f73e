"""Two versions of one thing: what is stored now, and what somebody typed meanwhile.

The rows of both are laid side by side, by what a person knows them by: so a
row that the other editor removed, made again or added stands where it belongs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django import forms

from registers.admin.saving.boxes import Boxes, Kind, Row, Said, Sheet, typed_boxes, typed_rows
from registers.admin.saving.differences import (
    Choice,
    Difference,
    Pair,
    is_file,
    names_of,
    of_field,
    of_rows,
)


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
