"""How a person calls a place in a spreadsheet: letters for columns, numbers from 1 for rows."""

from __future__ import annotations

import re

from registers.exports.plain_text import one_line

A = ord("A")
NAME_CHARACTERS = 255  # Excel takes 31, and the names of files end here
# They turn the letters after them round, so that a sentence reads as another.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def shown_name(name: str) -> str:
    """Return the name of a sheet or a file as a sentence can hold it: one line, not too long."""
    # No more is looked at than can be left of it, as it may be as large as a file.
    return one_line(TURNING.sub("", name[: 4 * NAME_CHARACTERS]))[:NAME_CHARACTERS].rstrip()


def letter(column: int) -> str:
    """Return the letters of a column that is counted from 0: 0 is 'A', 27 is 'AB'."""
    letters = ""
    column += 1
    while column:
        column, last = divmod(column - 1, 26)
        letters = chr(A + last) + letters
    return letters


def column(letters: str) -> int:
    """Return the column, counted from 0, that has these letters, large or small."""
    number = 0
    for each in letters.upper():
        number = number * 26 + ord(each) - A + 1
    return number - 1


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, whose row and column are counted from 0: 'B3' of 2 and 1."""
    return f"{letter(column)}{row + 1}"


def place_in(sheet: str, row: int, column: int) -> str:
    """Return the words for a cell of a sheet, or of a file without sheets where it has no name."""
    words = f"row {row}, column {letter(column)}"
    return f"sheet '{shown_name(sheet)}', {words}" if sheet else words
