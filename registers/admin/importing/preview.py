"""The first rows of a sheet as they are, with the row that was taken for the headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registers.admin.importing.column_form import SheetBoxes
from registers.imports.mapping.layout import in_words, shown
from registers.imports.reading.read import Row, letter

ROWS = 8
BELOW = 4  # rows that are shown below the headings, where these stand further down
COLUMNS = 30
CELL = 60
SHEETS = 20  # that are shown with their rows


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewRow:
    """One row: its number, its cells, and what it is."""

    number: int
    cells: Sequence[str]
    is_headings: bool
    is_hidden: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """One sheet with its boxes. `more` is how many columns are not shown.

    It is open where something about it is said, or wrong.
    """

    boxes: SheetBoxes
    letters: Sequence[str]
    rows: Sequence[PreviewRow]
    more: int
    hidden: str
    is_open: bool

    @property
    def name(self) -> str:
        """What the sheet is called; a CSV has no name."""
        sheet = self.boxes.sheet
        return "The file" if sheet.kind == "csv" else f"Sheet ‘{sheet.name}’"


def preview(boxes: SheetBoxes, *, is_asked: bool) -> Preview:
    """Return the rows of a sheet that are shown on the page of its columns.

    `is_asked` says that a person is to find its row of headings.
    """
    sheet = boxes.sheet
    rows = _some(sheet.rows, boxes.at) if boxes.place < SHEETS else []
    width = max((len(row.values) for row in rows), default=0)
    shown_width = min(width, COLUMNS)
    return Preview(
        boxes=boxes,
        letters=[letter(at) for at in range(shown_width)],
        rows=[
            PreviewRow(
                number=row.number,
                cells=_cells(row, shown_width),
                is_headings=row.number == boxes.at,
                is_hidden=row.hidden,
            )
            for row in rows
        ],
        more=width - shown_width,
        hidden=_hidden([row.number for row in sheet.rows if row.hidden]),
        is_open=bool(boxes.row.errors or boxes.row.value()) or is_asked,
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
