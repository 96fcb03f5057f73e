"""Where the headings of a sheet stand, and which rows below them are protocols."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from django.utils.text import capfirst, get_text_list

from registers.imports.cells import Refused, text_of
from registers.imports.mapping.kinds import LONGEST_HEADING, heading_key
from registers.imports.mapping.mapping import ColumnMapping, SheetOptions, unique_headings
from registers.imports.reading.cell_names import column
from registers.imports.reading.read import Row, Sheet, Value, letter

RANGE = re.compile(r"([A-Z]{1,3})(\d{1,8}):([A-Z]{1,3})(\d{1,8})")
MOST_NAMED = 50  # rows, or ranges of them
LARGEST = 10_000  # cells of a merged one: a larger one says nothing
# Titles and notes may stand above the headings, but not many.
HEADINGS_WITHIN = 25
# One known word makes a row the headings only where it has no more cells than these.
FEW = 4
# A row that names no column that is known may still be the headings where it is so wide.
WIDE = 0.6


@dataclass(slots=True)
class Layout:
    """A sheet that is read: its headings, by the place of the column, and the rows below them."""

    sheet: Sheet
    heading_row: int
    headings: list[str]
    rows: list[Row]
    said: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the sheet; nothing for a CSV, which has but one."""
        return self.sheet.name if self.sheet.kind == "workbook" else ""

    @property
    def where(self) -> str:
        """The words before a sentence about the sheet."""
        return f"Sheet '{self.sheet.name}': " if self.name else ""


def headings_of(layouts: Iterable[Layout]) -> list[str]:
    """Return every heading, once, in the order of the file."""
    return list(dict.fromkeys(each for layout in layouts for each in layout.headings))


Knows = Callable[[str], bool]
Find = Callable[[Sequence[Row]], int | None]


def shown(value: Value) -> str:
    """Return the words of a cell, whatever is in it."""
    try:
        return text_of(value)
    except Refused:
        return getattr(value, "shown", "")


def find_layouts(
    sheets: Iterable[Sheet], mapping: ColumnMapping, knows: Knows
) -> tuple[list[Layout], list[str]]:
    """Return how each sheet is laid out that is to be read, and sentences about the others.

    `knows` says whether some words are a heading. Where no sheet has one that is known,
    a row of words that is as wide as the table may be the headings.
    """
    for is_sure in (True, False):
        layouts, said = _find_layouts(sheets, mapping, knows, is_sure=is_sure)
        if layouts:
            break
    return layouts, said


def _find_layouts(
    sheets: Iterable[Sheet], mapping: ColumnMapping, knows: Knows, *, is_sure: bool
) -> tuple[list[Layout], list[str]]:
    layouts, said = [], []

    def find(rows: Sequence[Row]) -> int | None:
        return find_headings(rows, knows) if is_sure else find_wide_row(rows)

    for sheet in sheets:
        options = mapping.sheets.get(sheet.name, SheetOptions())
        if sheet.name in mapping.row_kind.not_read and not options.read:
            continue
        if sheet.left_out:
            said.append(sheet.left_out)
            continue
        if sheet.hidden if options.read is None else not options.read:
            why = "hidden, so it was left out" if sheet.hidden else "left out, as you chose"
            said.append(f"The sheet '{sheet.name}' is {why}.")
        elif layout := _layout(sheet, options.heading_row, mapping, find):
            layouts.append(layout)
        else:
            said.append(f"The sheet '{sheet.name}' has no headings, so it was left out.")
    return layouts, said


def _layout(sheet: Sheet, chosen: int, mapping: ColumnMapping, find: Find) -> Layout | None:
    at = _chosen_row(sheet, chosen) if chosen else find(sheet.rows)
    if at is None:
        return None
    row = sheet.rows[at]
    width = max((len(each.values) for each in sheet.rows[at : at + HEADINGS_WITHIN]), default=0)
    values = [*row.values, *[None] * (width - len(row.values))]
    texts = [" ".join(shown(value).split())[:LONGEST_HEADING] for value in values]
    named = [text or f"Column {letter(place)}" for place, text in enumerate(texts)]
    layout = Layout(sheet, row.number, unique_headings(named), [])
    keys = [heading_key(text) for text in texts]
    _take_rows(layout, sheet.rows[at + 1 :], keys, mapping)
    return layout


def _chosen_row(sheet: Sheet, number: int) -> int | None:
    return next((at for at, row in enumerate(sheet.rows) if row.number == number), None)


def find_headings(rows: Sequence[Row], knows: Knows) -> int | None:
    """Return the place, among the first rows, of the one with the most headings that are known."""
    some = rows[:HEADINGS_WITHIN]
    texts = [[shown(value)[:LONGEST_HEADING] for value in row.values] for row in some]
    known = [sum(map(knows, filter(None, each))) for each in texts]
    most = max(known, default=0)
    filled = len(rows[known.index(most)].values) if most else 0
    return known.index(most) if most > 1 or (most and filled <= FEW) else None


def find_wide_row(rows: Sequence[Row]) -> int | None:
    """Return the place of the first row of words that is nearly as wide as the table, or None."""
    some = rows[:HEADINGS_WITHIN]
    widest = max((len(row.values) - row.values.count(None) for row in some), default=0)
    for at, row in enumerate(some):
        words = [value for value in row.values if value is not None]
        are_texts = all(isinstance(value, str) for value in words)
        is_wide = len(words) > 1 and len(words) >= WIDE * widest
        if is_wide and are_texts and len(words) == len(set(words)) and at + 1 < len(rows):
            return at
    return None


def _take_rows(
    layout: Layout, rows: Iterable[Row], headings: Sequence[str], mapping: ColumnMapping
) -> None:
    """Take the rows that are protocols, or name a theme; say which are left out."""
    repeated, hidden = [], []
    for row in rows:
        if row.hidden and not mapping.hidden_rows:
            hidden.append(row.number)
        elif _is_repeated(row, headings):
            repeated.append(row.number)
        else:
            layout.rows.append(row)
    for numbers, what in (
        (hidden, ("is hidden, so it was", "are hidden, so they were")),
        (repeated, ("repeats the headings, so it was", "repeat the headings, so they were")),
    ):
        if numbers:
            words = f"{row_words(numbers)} {what[len(numbers) > 1]}"
            layout.said.append(capfirst(f"{layout.where}{words} left out."))


def merged_area(written: str) -> tuple[int, int, int, int, str] | None:
    """Return the first column and row of a range, the last ones, and the name of its first cell.

    None for one that is larger than any table.
    """
    if not (found := RANGE.fullmatch(written)):
        return None
    left, right, top, bottom = column(found[1]), column(found[3]), int(found[2]), int(found[4])
    if (right - left + 1) * (bottom - top + 1) > LARGEST:
        return None
    return left, top, right, bottom, f"{found[1]}{top}"


def _is_repeated(row: Row, headings: Sequence[str]) -> bool:
    """Return whether a row says what the headings say, in every cell that it fills."""
    filled = 0
    for heading, value in zip_longest(headings, row.values):
        if value is not None:
            filled += 1
            if heading is None or heading_key(shown(value)) != heading:
                return False
    return filled > 1


def row_words(numbers: Iterable[int]) -> str:
    """Return the rows in words: 'rows 3, 7 and 12 to 40'."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], number]
        else:
            ranges.append([number])
    parts: list[str] = []
    for each in ranges:
        is_pair = each[-1] == each[0] + 1
        parts += map(str, each) if is_pair else [" to ".join(map(str, each))]
    more = [f"{len(parts) - MOST_NAMED:,} more"] if len(parts) > MOST_NAMED else []
    word = "row" if len(parts) == 1 and len(ranges[0]) == 1 else "rows"
    return f"{word} {get_text_list([*parts[:MOST_NAMED], *more], 'and')}"
