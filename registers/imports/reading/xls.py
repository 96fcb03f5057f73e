"""XLS: the workbook of Excel 97 to 2003, read by xlrd.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd

from registers.imports.reading.cell_names import cell_name
from registers.imports.reading.limits import PROTECTED, Unreadable
from registers.imports.reading.messages import Head, Line, Sheets, Value
from registers.imports.reading.values import cell_error, moment, number


def read_xls(path: Path) -> Sheets:
    """Give each sheet of an XLS, and its rows. Raises Unreadable, or whatever xlrd raises."""
    try:
        book = xlrd.open_workbook(
            path,
            logfile=sys.stderr,
            formatting_info=True,  # else it does not say what is hidden or merged
            on_demand=True,
            ragged_rows=True,
            ignore_workbook_corruption=True,  # some programs write sectors that nothing names
        )
    except xlrd.XLRDError as problem:
        raise Unreadable(PROTECTED) if "encrypted" in str(problem) else problem from problem
    for at in range(book.nsheets):
        sheet = book.sheet_by_index(at)
        yield _head(sheet), _lines(sheet, book.datemode)
        book.unload_sheet(at)


def _head(sheet: Any) -> Head:
    return Head(
        name=sheet.name,
        hidden=bool(sheet.visibility),
        hidden_rows={row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden},
        hidden_columns={column for column, info in sheet.colinfo_map.items() if info.hidden},
        merged=[
            f"{cell_name(top, left)}:{cell_name(bottom - 1, right - 1)}"
            for top, bottom, left, right in sheet.merged_cells
        ],
    )


def _lines(sheet: Any, datemode: int) -> Iterator[Line]:
    for row in range(sheet.nrows):
        kinds = sheet.row_types(row)
        yield (
            row + 1,
            [
                _value(kind, value, datemode)
                for kind, value in zip(kinds, sheet.row_values(row), strict=True)
            ],
        )


def _value(kind: int, value: Any, datemode: int) -> Value:
    if kind == xlrd.XL_CELL_TEXT:
        return value or None
    if kind == xlrd.XL_CELL_NUMBER:
        return number(value)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return cell_error(xlrd.error_text_from_code.get(value, ""))
    return _date(value, datemode) if kind == xlrd.XL_CELL_DATE else None


def _date(value: float, datemode: int) -> Value:
    """Return a date, a time of day, or the number where no calendar has such a day."""
    try:
        at = xlrd.xldate_as_datetime(value, datemode)
        return at.time() if 0 <= value < 1 else moment(at)
    except (OverflowError, ValueError):
        return number(value)
