"""What python-calamine reads, in the words of the register.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from registers.imports.reading.cell_names import cell_name
from registers.imports.reading.limits import DAMAGED, Unreadable
from registers.imports.reading.messages import Head, Line, Sheets, Value

EXACT = 10**15  # below it, a number without a fraction is the number that was typed
SECOND = datetime.timedelta(seconds=1)
LAST_ROW = 10_000_000  # beyond the last of any program


@dataclass(slots=True)
class Beside:
    """What calamine does not give of a sheet: which cells, by (row, column), hold what instead.

    Both are counted from 0. What is hidden is as in Head. With a `problem`, the sheet is not read.
    """

    cells: dict[tuple[int, int], Value] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    problem: Exception | None = None


def open_workbook(source: Path | BytesIO) -> CalamineWorkbook:
    """Return the workbook. Raises CalamineError or Unreadable."""
    workbook = CalamineWorkbook.from_object(source)
    names = workbook.sheet_names
    if len(set(names)) != len(names):  # calamine would give the first of them twice
        raise Unreadable(DAMAGED)
    return workbook


def read_workbook(workbook: CalamineWorkbook, beside: list[Beside]) -> Sheets:
    """Give each sheet with cells, with what is beside each sheet, in their order.

    Raises Unreadable where these are not as many.
    """
    if len(beside) != len(workbook.sheets_metadata):
        raise Unreadable(DAMAGED)
    for about, more in zip(workbook.sheets_metadata, beside, strict=True):
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        head = Head(
            name=about.name,
            hidden=about.visible != SheetVisibleEnum.Visible,
            hidden_rows=more.hidden_rows,
            hidden_columns=more.hidden_columns,
        )
        sheet = None
        if not more.problem:  # else its cells may be so far apart that calamine dies of them
            with suppress(CalamineError):
                sheet = workbook.get_sheet_by_name(about.name)
        if sheet is None:
            yield head, _failing(more.problem or Unreadable(DAMAGED))
            continue
        head.merged = [
            f"{cell_name(*first)}:{cell_name(*last)}"
            for first, last in sheet.merged_cell_ranges or []
        ]
        yield head, _with_cells(_lines(sheet), more.cells)


def _failing(problem: Exception) -> Iterator[Line]:
    yield from ()
    raise problem


def _lines(sheet: CalamineSheet) -> Iterator[Line]:
    """Give the rows of a sheet, with their numbers. Cells before the first column are empty."""
    if sheet.start is None:
        return
    before: list[Value] = [None] * sheet.start[1]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if any(cell != "" for cell in cells):
            yield (
                number,
                before
                + [(cell or None) if isinstance(cell, str) else _value(cell) for cell in cells],
            )


def _with_cells(found: Iterator[Line], cells: Mapping[tuple[int, int], Value]) -> Iterator[Line]:
    """Give rows with these in their cells, also where a row has nothing else."""
    by_row: dict[int, dict[int, Value]] = {}
    for (row, column), value in cells.items():
        by_row.setdefault(row + 1, {})[column] = value
    ahead = sorted(by_row, reverse=True)
    for number, values in itertools.chain(found, [(LAST_ROW, [])]):
        while ahead and ahead[-1] < number:
            alone = ahead.pop()
            yield alone, _filled([], by_row[alone])
        if ahead and ahead[-1] == number:
            yield number, _filled(values, by_row[ahead.pop()])
        elif values:
            yield number, values


def _filled(values: list[Value], cells: dict[int, Value]) -> list[Value]:
    wide = values + [None] * (max(cells) + 1 - len(values))
    for column, value in cells.items():
        wide[column] = value
    return wide


def _value(cell: Value | datetime.timedelta) -> Value:
    """Return what a person sees in a cell that is no text."""
    if isinstance(cell, float):
        return number(cell)
    if isinstance(cell, datetime.datetime):
        return moment(cell)
    if isinstance(cell, datetime.timedelta):
        return span(cell)
    return cell


def number(value: float) -> int | float:
    """Return a whole number as such: 12 of 12.0."""
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def moment(value: datetime.datetime) -> datetime.date | datetime.datetime:
    """Return a date where there is no time, and no parts of a second: files keep days as parts."""
    if value.microsecond:
        value = (value + SECOND / 2).replace(microsecond=0)
    return value.date() if value.time() == datetime.time.min else value


def span(value: datetime.timedelta) -> str:
    """Return hours, minutes and seconds, of which there may be more than a day's."""
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
