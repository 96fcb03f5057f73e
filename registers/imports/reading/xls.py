"""XLS: the workbook of Excel 97 to 2003, read by calamine, which leaves its errors out.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from registers.imports.reading.calamine import head, lines, open_workbook, sheets
from registers.imports.reading.errors import with_errors
from registers.imports.reading.limits import DAMAGED, Unreadable
from registers.imports.reading.messages import Head, Line
from registers.imports.reading.xls_errors import errors_of


def read_xls(path: Path) -> Iterator[Head | Line]:
    """Give each sheet of an XLS, followed by its rows. Raises Unreadable."""
    workbook = open_workbook(path)
    errors = errors_of(path)
    if len(errors) != len(workbook.sheets_metadata):
        raise Unreadable(DAMAGED)
    by_name = dict(zip(workbook.sheet_names, errors, strict=True))
    for about, sheet in sheets(workbook):
        yield head(about, sheet)
        yield from with_errors(lines(sheet), by_name[about.name])
