"""XLS: the workbook of Excel 97 to 2003, read by calamine, and searched for error values.

Microsoft's old container holds a stream 'Workbook', which is a sequence of records: [MS-CFB] and
[MS-XLS] describe them. Only what leads to the records of cells with an error is read here;
calamine has read the whole of it before.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from registers.imports.reading.calamine import head, lines, open_workbook, sheets
from registers.imports.reading.errors import cell_error, with_errors
from registers.imports.reading.limits import DAMAGED, Unreadable
from registers.imports.reading.messages import CellError, Head, Line

# As Excel shows them.
SHOWN = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}

# The container: the places of things in its header, and signs that are no number of a sector.
SECTOR_BITS, SMALL_SECTOR_BITS = 30, 32
DIRECTORY, LIMIT, SMALL_TABLE, MORE_TABLES, FIRST_TABLES = 48, 56, 60, 68, 76
HEADER_BYTES = 512
LAST_SECTOR = 0xFFFFFFFA
ENTRY = struct.Struct("<64sHBB3I16x4x16xIQ")
ROOT, STREAM = 5, 2
NAMES = ("workbook", "book")  # of Excel 97 and of Excel 95; a file may hold both

# Records: their kinds, and what is in those of cells.
BEGIN, END, SHEET = 0x0809, 0x000A, 0x0085
FORMULA, VALUE = 0x0006, 0x0205
RECORD = struct.Struct("<2H")
CELL = struct.Struct("<3H")
IS_ERROR = 1
ERROR_RESULT, NO_NUMBER = 2, b"\xff\xff"

Errors = dict[tuple[int, int], CellError]  # by row and column, counted from 0


def errors_of(path: Path) -> list[Errors]:
    """Return for each sheet of the workbook, in their order, which cells show which error.

    Raises Unreadable for a file whose parts do not lead to each other.
    """
    try:
        workbook = _Container(path.read_bytes()).workbook()
        return [_errors(workbook, at) for at in _sheets(workbook)]
    except (struct.error, IndexError, ValueError) as problem:
        raise Unreadable(DAMAGED) from problem


class _Container:
    """Microsoft's old container: sectors that follow each other as a table says."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._size = 1 << self._number(SECTOR_BITS, "<H")
        self._table = self._sector_table()
        self._entries = list(ENTRY.iter_unpack(self._whole(self._chain(self._number(DIRECTORY)))))

    def workbook(self) -> bytes:
        """Return the stream that holds the workbook. Raises ValueError where there is none."""
        found: dict[str, tuple[int, int]] = {}
        for name, length, kind, *_, start, size in self._entries:
            if kind == STREAM:
                found.setdefault(_text(name, length).lower(), (start, size & 0xFFFFFFFF))
        for each in NAMES:
            if each in found:
                return self._stream(*found[each])
        raise ValueError(NAMES)

    def _stream(self, start: int, size: int) -> bytes:
        if size >= self._number(LIMIT):
            return self._whole(self._chain(start))[:size]
        # What is small lies in smaller sectors, within the stream of the root.
        (root,) = (start for _, _, kind, *_, start, _ in self._entries if kind == ROOT)
        inside = self._whole(self._chain(root))
        bits = self._number(SMALL_SECTOR_BITS, "<H")
        table = _numbers(self._whole(self._chain(self._number(SMALL_TABLE))))
        pieces = (inside[each << bits : (each + 1) << bits] for each in _followed(start, table))
        return b"".join(pieces)[:size]

    def _sector_table(self) -> tuple[int, ...]:
        """Return which sector follows which. The first of its own sectors stand in the header."""
        parts = list(_numbers(self._content[FIRST_TABLES:HEADER_BYTES]))
        more, seen = self._number(MORE_TABLES), 0
        while more < LAST_SECTOR:
            *listed, more = _numbers(self._sector(more))
            parts += listed
            seen += 1
            if seen > len(self._content) // self._size:
                raise ValueError(more)  # they go round in a circle
        return _numbers(self._whole(each for each in parts if each < LAST_SECTOR))

    def _chain(self, start: int) -> Iterator[int]:
        return _followed(start, self._table)

    def _whole(self, sectors: Iterator[int]) -> bytes:
        return b"".join(map(self._sector, sectors))

    def _sector(self, number: int) -> bytes:
        at = max(HEADER_BYTES, self._size) + number * self._size
        return self._content[at : at + self._size]

    def _number(self, at: int, form: str = "<I") -> int:
        (number,) = struct.unpack_from(form, self._content, at)
        return int(number)


def _followed(start: int, table: tuple[int, ...]) -> Iterator[int]:
    """Give a sector and those that follow it. Raises ValueError where they go round in a circle."""
    steps = 0
    while start < LAST_SECTOR:
        yield start
        start = table[start]
        steps += 1
        if steps > len(table):
            raise ValueError(start)


def _numbers(content: bytes) -> tuple[int, ...]:
    whole = len(content) // 4
    return struct.unpack(f"<{whole}I", content[: 4 * whole])


def _text(name: bytes, length: int) -> str:
    return name[: max(0, length - 2)].decode("utf-16-le", "replace")


def _sheets(workbook: bytes) -> Iterator[int]:
    """Give where the records of each sheet begin."""
    for kind, at in _records(workbook, 0):
        if kind == SHEET:
            (begin,) = struct.unpack_from("<I", workbook, at)
            yield begin


def _errors(workbook: bytes, begin: int) -> Errors:
    found: Errors = {}
    for kind, at in _records(workbook, begin):
        if kind == VALUE:
            code, what = workbook[at + CELL.size : at + CELL.size + 2]
            if what != IS_ERROR:
                continue
        elif kind == FORMULA:
            result = workbook[at + CELL.size : at + CELL.size + 8]
            if result[6:] != NO_NUMBER or result[0] != ERROR_RESULT:
                continue
            code = result[2]
        else:
            continue
        row, column, _ = CELL.unpack_from(workbook, at)
        found[row, column] = cell_error(SHOWN.get(code, ""))
    return found


def _records(workbook: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Give the kind of each record of one part of the workbook, and where its content begins.

    A chart upon a sheet is a part within the part, whose cells are not those of the sheet.
    """
    depth = 0
    while at + RECORD.size <= len(workbook):
        kind, size = RECORD.unpack_from(workbook, at)
        at += RECORD.size
        if kind == BEGIN:
            depth += 1
        elif kind == END:
            depth -= 1
            if depth <= 0:
                return
        elif depth <= 1:
            yield kind, at
        at += size


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
