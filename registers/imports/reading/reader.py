"""The program that reads a spreadsheet: `python -m registers.imports.reading.reader KIND FILE`.

It writes what it finds to its standard output, message by message (messages.py).
A file that was made to harm can use up memory or time, and the libraries that
read it may end a process outright. So a process of its own does it, with limits,
and there is no Django in it: it starts at once, knows no secret and has no database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from registers.imports.reading.cell_names import letter, place_in, shown_name
from registers.imports.reading.csv import read_csv
from registers.imports.reading.limits import (
    CELL_CHARACTERS,
    COLUMNS,
    FILLED_CELLS,
    MEMORY_BYTES,
    MERGED_CELLS,
    PROCESSOR_SECONDS,
    ROWS,
    SMALLER,
    TEXT_CHARACTERS,
    TOO_DEAR,
    Unreadable,
    limit_this_process,
)
from registers.imports.reading.messages import END, SHEET, UNREADABLE, Head, Line, Value, pack
from registers.imports.reading.messages import ROWS as ROWS_MESSAGE
from registers.imports.reading.ods import read_ods
from registers.imports.reading.xls import read_xls
from registers.imports.reading.xlsx import read_xlsx

READERS: dict[str, Callable[[Path], Iterator[Head | Line]]] = {
    "csv": read_csv,
    "ods": read_ods,
    "xls": read_xls,
    "xlsx": read_xlsx,
}
AT_ONCE = 500  # rows a message

TOO_MANY_ROWS = f"This file has more than {ROWS:,} rows with something in them. {SMALLER}"
TOO_MANY_CELLS = f"This file has more than {FILLED_CELLS:,} cells with something in them. {SMALLER}"
TOO_MUCH_TEXT = f"This file holds more than {TEXT_CHARACTERS:,} characters of text. {SMALLER}"
TOO_MANY_MERGED = (
    f"This file has more than {MERGED_CELLS:,} merged cells. Take them apart, save it and choose it"
    " again."
)
TOO_WIDE = (
    f"There is something in {{place}}, and {COLUMNS} columns are the most that is read, up to"
    f" {letter(COLUMNS - 1)}. Delete what stands beyond, save it and choose it again."
)
TOO_LONG = (
    f"The cell in {{place}} holds more than {CELL_CHARACTERS:,} characters. Shorten it, save the"
    " file and choose it again."
)


def main(kind: str, path: Path) -> None:
    """Read a file, and write messages until there is no more, or a sentence that says why not."""
    limit_this_process(memory=MEMORY_BYTES, processor=PROCESSOR_SECONDS)
    try:
        for message in messages(READERS[kind](path)):
            sys.stdout.write(message)
    except MemoryError:
        sys.stdout.write(pack(UNREADABLE, TOO_DEAR))
    except Unreadable as problem:
        sys.stdout.write(pack(UNREADABLE, str(problem)))


def messages(found: Iterator[Head | Line]) -> Iterator[str]:
    """Give what was found as messages, the last of which says that it was all.

    Raises Unreadable where it is more than is read.
    """
    counted = _Counted()
    rows: list[list[Value]] = []
    for each in found:
        if isinstance(each, Head):
            if rows:
                yield pack(ROWS_MESSAGE, rows)
                rows = []
            counted.head(each)
            yield pack(SHEET, shown_name(each.name), each.hidden, each.merged)
        elif values := trimmed(each[1]):
            counted.row(each[0], values)
            rows.append([each[0], *values])
            if len(rows) == AT_ONCE:
                yield pack(ROWS_MESSAGE, rows)
                rows = []
    if rows:
        yield pack(ROWS_MESSAGE, rows)
    yield pack(END)


def trimmed(values: list[Value]) -> list[Value]:
    """Return a row up to the last cell with something in it."""
    last = len(values)
    while last and values[last - 1] is None:
        last -= 1
    return values[:last]


def longest(values: list[Value]) -> int:
    """Return the place of the longest text of a row."""
    return max(range(len(values)), key=lambda at: len(str(values[at])))


class _Counted:
    """How much was found so far. Raises Unreadable for what is too much."""

    def __init__(self) -> None:
        self.sheet = ""
        self._rows = self._cells = self._characters = self._merged = 0

    def head(self, head: Head) -> None:
        self.sheet = head.name
        self._merged += len(head.merged)
        if self._merged > MERGED_CELLS:
            raise Unreadable(TOO_MANY_MERGED)

    def row(self, number: int, values: list[Value]) -> None:
        if len(values) > COLUMNS:
            place = place_in(self.sheet, number, len(values) - 1)
            raise Unreadable(TOO_WIDE.format(place=place))
        lengths = [len(value) for value in values if isinstance(value, str)]
        if max(lengths, default=0) > CELL_CHARACTERS:
            raise Unreadable(TOO_LONG.format(place=place_in(self.sheet, number, longest(values))))
        self._rows += 1
        self._cells += len(values) - values.count(None)
        self._characters += sum(lengths)
        if self._rows > ROWS:
            raise Unreadable(TOO_MANY_ROWS)
        if self._cells > FILLED_CELLS:
            raise Unreadable(TOO_MANY_CELLS)
        if self._characters > TEXT_CHARACTERS:
            raise Unreadable(TOO_MUCH_TEXT)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]  # a text stream
    main(sys.argv[1], Path(sys.argv[2]))
