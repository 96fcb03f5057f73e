"""What python-calamine reads, in the words of the register.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from registers.imports.reading.cell_names import cell_name
from registers.imports.reading.limits import DAMAGED, PROTECTED, Unreadable
from registers.imports.reading.messages import Head, Line, Value

EXACT = 10**15  # below it, a number without a fraction is the number that was typed
SECOND = datetime.timedelta(seconds=1)


def open_workbook(source: Path | BytesIO) -> CalamineWorkbook:
    """Return the workbook. Raises Unreadable."""
    try:
        workbook = CalamineWorkbook.from_object(source)
    except PasswordError as problem:
        raise Unreadable(PROTECTED) from problem
    except (CalamineError, OSError) as problem:
        raise Unreadable(DAMAGED) from problem
    names = workbook.sheet_names
    if len(set(names)) != len(names):  # calamine would give the first of them twice
        raise Unreadable(DAMAGED)
    return workbook


def sheets(workbook: CalamineWorkbook) -> Iterator[tuple[SheetMetadata, CalamineSheet]]:
    """Give each sheet with cells, in their order. Raises Unreadable."""
    for about in workbook.sheets_metadata:
        if about.typ == SheetTypeEnum.WorkSheet:
            try:
                yield about, workbook.get_sheet_by_name(about.name)
            except CalamineError as problem:
                raise Unreadable(DAMAGED) from problem


def head(about: SheetMetadata, sheet: CalamineSheet) -> Head:
    """Return what is known of a sheet beside its rows."""
    ranges = sheet.merged_cell_ranges or []
    return Head(
        name=about.name,
        hidden=about.visible != SheetVisibleEnum.Visible,
        merged=[f"{cell_name(*first)}:{cell_name(*last)}" for first, last in ranges],
    )


def lines(sheet: CalamineSheet) -> Iterator[Line]:
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
