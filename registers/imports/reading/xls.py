"""XLS: the workbook of Excel 97 to 2003, read by calamine.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from registers.imports.reading.calamine import head, lines, open_workbook, sheets
from registers.imports.reading.messages import Head, Line


def read_xls(path: Path) -> Iterator[Head | Line]:
    """Give each sheet of an XLS, followed by its rows. Raises Unreadable."""
    for about, sheet in sheets(open_workbook(path)):
        yield head(about, sheet)
        yield from lines(sheet)
