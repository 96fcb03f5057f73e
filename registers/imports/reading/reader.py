"""The program that reads a spreadsheet: `python -m registers.imports.reading.reader KIND FILE`.

Behind them, for a CSV, its separator and its encoding, each '' where it is to be found. It
writes what it finds to its standard output, message by message (messages.py).
A file that was made to harm can use up memory or time, and the libraries that
read it may end a process outright. So a process of its own does it, with limits,
and there is no Django in it: it starts at once, knows no secret and has no database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from registers.imports.reading.cell_names import letter, place_in
from registers.imports.reading.csv import read_csv
from registers.imports.reading.limits import (
    CELL_CHARACTERS,
    COLUMNS,
    DAMAGED,
    FILLED_CELLS,
    MEMORY_BYTES,
    MERGED_CELLS,
    PROCESSOR_SECONDS,
    ROWS,
    TEXT_CHARACTERS,
    TOO_DEAR,
    TOO_WIDE,
    Unreadable,
    limit_this_process,
)
from registers.imports.reading.messages import (
    END,
    LEFT_OUT,
    SHEET,
    UNREADABLE,
    Head,
    Line,
    Sheets,
    Value,
    pack,
)
from registers.imports.reading.messages import ROWS as ROWS_MESSAGE
from registers.imports.reading.ods import read_ods
from registers.imports.reading.values import cell_error, garbled, is_error_value
from registers.imports.reading.xls import read_xls
from registers.imports.reading.xlsx import read_xlsx

READERS: dict[str, Callable[..., Sheets]] = {
    "csv": read_csv,
    "ods": read_ods,
    "xls": read_xls,
    "xlsx": read_xlsx,
}
AT_ONCE = 500  # rows a message

# Of the whole file.
MOST = {
    "rows with something in them": ROWS,
    "cells with something in them": FILLED_CELLS,
    "characters of text": TEXT_CHARACTERS,
    "merged cells": MERGED_CELLS,
}
TOO_MUCH = "This file has more than {:,} {}. Divide it into smaller files."
TOO_LONG = (
    f"The cell in {{place}} holds more than {CELL_CHARACTERS:,} characters. Shorten it, save the"
    " file and choose it again."
)
GARBLED = (
    "The letters of this file were damaged on the way: {place} says '{text}'. Open the file that it"
    " was made from in Excel by Data, From Text/CSV, choose '65001: Unicode (UTF-8)' there, save it"
    " as XLSX and choose that."
)


class WholeFile(Unreadable):
    """What is wrong is not one sheet's: no sheet of the file is read."""


def main(kind: str, path: str, *options: str) -> None:
    """Read a file, and write messages until there is no more, or a sentence that says why not."""
    limit_this_process(memory=MEMORY_BYTES, processor=PROCESSOR_SECONDS)
    out, sys.stdout = sys.stdout, sys.stderr  # libraries may print there
    for message in messages(kind, Path(path), *options):
        out.write(message)


def messages(kind: str, path: Path, *options: str) -> Iterator[str]:
    """Give what a file holds as messages. The last says that it was all, or why it is not read."""
    counted = _Counted()
    try:
        for head, lines in READERS[kind](path, *options):
            counted.sheet(head)
            yield pack(SHEET, *head.told())
            try:
                if head.problem:
                    raise head.problem
                yield from _packed_rows(head, lines, counted)
            except (WholeFile, MemoryError):
                raise
            except Exception as problem:
                yield pack(LEFT_OUT, _why(problem))
    except Exception as problem:
        yield pack(UNREADABLE, _why(problem))
    else:
        yield pack(END)


def _why(problem: Exception) -> str:
    """Return the sentence for whatever the libraries raise for what is not valid."""
    if isinstance(problem, Unreadable):
        return str(problem)
    return TOO_DEAR if isinstance(problem, MemoryError) else DAMAGED


def _packed_rows(head: Head, lines: Iterator[Line], counted: _Counted) -> Iterator[str]:
    """Give the rows of a sheet with something in them, hundreds a message.

    Each is its number, whether it is hidden, and its values up to the last that is something.
    """
    rows: list[list[Value]] = []
    for number, values in lines:
        while values and values[-1] is None:
            values.pop()
        if values:
            counted.row(number, values)
            rows.append([number, number in head.hidden_rows, *values])
            if len(rows) == AT_ONCE:
                yield pack(ROWS_MESSAGE, rows)
                rows = []
    if rows:
        yield pack(ROWS_MESSAGE, rows)


class _Counted:
    """How much was found so far. Raises Unreadable for what is too much, or says nothing."""

    def __init__(self) -> None:
        self._sheet = ""
        self._found = dict.fromkeys(MOST, 0)

    def sheet(self, head: Head) -> None:
        self._sheet = head.name
        self._add(0, 0, 0, len(head.merged))

    def row(self, number: int, values: list[Value]) -> None:
        """Count the cells of a row, and make errors of those that say one."""
        if len(values) > COLUMNS:
            raise Unreadable(TOO_WIDE.format(letter=letter(len(values) - 1)))
        characters = 0
        for column, value in enumerate(values):
            if isinstance(value, str):
                characters += len(value)
                if len(value) > CELL_CHARACTERS:
                    place = place_in(self._sheet, number, column)
                    raise Unreadable(TOO_LONG.format(place=place))
                if not value.isascii() and (wrong := garbled(value)):
                    place = place_in(self._sheet, number, column)
                    raise WholeFile(GARBLED.format(place=place, text=wrong))
                # A spreadsheet program saves them as such in a CSV, and people copy them.
                if value[0] in "#E \n" and is_error_value(value):
                    values[column] = cell_error(value)
        self._add(1, len(values) - values.count(None), characters, 0)

    def _add(self, *more: int) -> None:
        for (what, most), number in zip(MOST.items(), more, strict=True):
            self._found[what] += number
            if self._found[what] > most:
                raise WholeFile(TOO_MUCH.format(most, what))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]  # a text stream
    main(*sys.argv[1:])
