"""The first rows of a sheet as they are, with the row that was taken for the headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms

from registers.admin.importing.column_form import ColumnForm
from registers.imports.mapping.layout import in_words, shown
from registers.imports.reading.read import Row, Sheet, letter

ROWS = 8
BELOW = 4  # rows that are shown below the headings, where these stand further down
COLUMNS = 30
CELL = 60
SHEETS = 20  # that are shown with their rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """One sheet: its boxes, the row of headings `at` (0: none), and its first rows with cells.

    `more` is how many columns are not shown. It is open where something is said of it, or wrong.
    """

    sheet: Sheet
    at: int
    read: forms.BoundField
    row: forms.BoundField
    letters: Sequence[str]
    rows: Sequence[tuple[Row, Sequence[str]]]
    more: int
    hidden: str
    is_open: bool


def previews(form: ColumnForm) -> list[Preview]:
    """Return the sheets as they are shown on the page of their columns."""
    return [_preview(form, place, sheet) for place, sheet in enumerate(form.reading.sheets)]


def _preview(form: ColumnForm, place: int, sheet: Sheet) -> Preview:
    at, box = form.heading_rows.get(place, 0), form[f"sheet-{place}-row"]
    rows = _some(sheet.rows, at) if place < SHEETS else []
    width = max((len(row.values) for row in rows), default=0)
    shown_width = min(width, COLUMNS)
    return Preview(
        sheet=sheet,
        at=at,
        read=form[f"sheet-{place}-read"],
        row=box,
        letters=[letter(column) for column in range(shown_width)],
        rows=[(row, _cells(row, shown_width)) for row in rows],
        more=width - shown_width,
        hidden=_hidden([row.number for row in sheet.rows if row.hidden]),
        is_open=bool(box.errors or box.value()) or not form.suggestion.layouts,
    )


def _some(rows: Sequence[Row], number: int) -> Sequence[Row]:
    """Return the first rows, or those around the row with this number."""
    at = next((place for place, row in enumerate(rows) if row.number == number), 0)
    first = 0 if at + BELOW < ROWS else at + BELOW - ROWS
    return rows[first : first + ROWS]


def _cells(row: Row, width: int) -> list[str]:
    texts = [" ".join(shown(value).split()) for value in row.values[:width]]
    cut = [text if len(text) <= CELL else f"{text[:CELL]}…" for text in texts]
    return cut + [""] * (width - len(cut))


def _hidden(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"Row {numbers[0]:,} is hidden."
    return f"{in_words(numbers).capitalize()} are hidden."
