"""Any spreadsheet file, as sheets of rows of cells."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

# What a file has in a cell; nothing is None.
Value = str | int | float | bool | datetime.date | datetime.datetime | datetime.time | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row, by its number as a spreadsheet program shows it, without empty cells at its end."""

    number: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, without rows in which nothing stands."""

    name: str
    rows: list[Row]
    hidden: bool
    merged: list[str]
    kind: Literal["csv", "workbook"]


def letter(column: int) -> str:
    """Return the letters that a spreadsheet program shows for a column: A for 0, AB for 27."""
    letters = ""
    while column >= 0:
        column, rest = divmod(column, 26)
        letters, column = chr(ord("A") + rest) + letters, column - 1
    return letters
