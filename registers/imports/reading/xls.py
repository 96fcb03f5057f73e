"""XLS: the workbook of Excel 97 to 2003, read by calamine, and searched for what it does not give.

That is, error values, and which rows and columns are hidden. Microsoft's old container holds a
stream 'Workbook', which is a sequence of records: [MS-CFB] and [MS-XLS] describe them. Two things
that other programs write are put as calamine expects them: a stream of another case, and a code
page where texts need none.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from registers.imports.reading.calamine import Beside, open_workbook, read_workbook
from registers.imports.reading.errors import cell_error
from registers.imports.reading.limits import COLUMNS, PROTECTED, Unreadable
from registers.imports.reading.messages import Sheets

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
NAMES = ("Workbook", "Book")  # of Excel 97 and of Excel 95; a file may hold both

# Records: their kinds, and what is in those of cells.
BEGIN, END, SHEET, CODE_PAGE = 0x0809, 0x000A, 0x0085, 0x0042
PASSWORD = 0x002F
FORMULA, VALUE, ROW, COLUMN_INFO = 0x0006, 0x0205, 0x0208, 0x007D
RECORD = struct.Struct("<2H")
EXCEL_97, UTF_16 = 0x0600, struct.pack("<H", 1200)  # as a version, and as a code page
CELL = struct.Struct("<3H")
ROW_INFO, ROW_HIDDEN = struct.Struct("<H10xB"), 0x20
COLUMNS_INFO, COLUMN_HIDDEN = struct.Struct("<2H4xH"), 0x01
IS_ERROR = 1
ERROR_RESULT, NO_NUMBER = 2, b"\xff\xff"


def read_xls(path: Path) -> Sheets:
    """Give each sheet of an XLS, and its rows. Raises Unreadable, or what Container raises."""
    container = Container(path.read_bytes())
    workbook = open_workbook(BytesIO(container.as_expected()))
    yield from read_workbook(workbook, container.beside())


class Container:
    """Microsoft's old container: sectors that follow each other as a table says.

    Raises struct.error, IndexError or ValueError where its parts do not lead to each other.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._size = 1 << self._number(SECTOR_BITS, "<H")
        self._table = self._sector_table()
        self._entries = list(ENTRY.iter_unpack(self._whole(self._chain(self._number(DIRECTORY)))))
        self._name, self._workbook = self._find_workbook()

    def beside(self) -> list[Beside]:
        """Return for each sheet, in their order, what calamine does not give."""
        return [_beside(self._workbook, begin) for begin in _sheets(self._workbook)]

    def as_expected(self) -> bytes:
        """Return the content as calamine expects it. Raises Unreadable where it is encrypted."""
        expected = next(each for each in NAMES if each.lower() == self._name.lower())
        content = self._content.replace(_entry_name(self._name), _entry_name(expected))
        workbook = self._workbook
        (version,) = struct.unpack_from("<H", workbook, RECORD.size)
        for kind, at in _records(workbook, 0):
            if kind == PASSWORD:
                raise Unreadable(PROTECTED)
            if kind == CODE_PAGE and version == EXCEL_97:
                # Its texts say themselves which are in UTF-16. What stands before it finds it.
                before = workbook[max(0, at - 64) : at]
                content = content.replace(before + workbook[at : at + 2], before + UTF_16, 1)
        return content

    def _find_workbook(self) -> tuple[str, bytes]:
        """Return the stream that holds the workbook, with its name. Raises ValueError."""
        found: dict[str, tuple[str, int, int]] = {}
        for name, length, kind, *_, start, size in self._entries:
            if kind == STREAM:
                text = name[: max(0, length - 2)].decode("utf-16-le", "replace")
                found.setdefault(text.lower(), (text, start, size & 0xFFFFFFFF))
        for each in NAMES:
            if each.lower() in found:
                name, start, size = found[each.lower()]
                return name, self._stream(start, size)
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


def _entry_name(name: str) -> bytes:
    return name.encode("utf-16-le").ljust(64, b"\0")


def _sheets(workbook: bytes) -> Iterator[int]:
    """Give where the records of each sheet begin."""
    for kind, at in _records(workbook, 0):
        if kind == SHEET:
            (begin,) = struct.unpack_from("<I", workbook, at)
            yield begin


def _beside(workbook: bytes, begin: int) -> Beside:
    found = Beside()
    for kind, at in _records(workbook, begin):
        if kind in {VALUE, FORMULA}:
            code = _error_code(workbook[at + CELL.size : at + CELL.size + 8], kind)
            if code is not None:
                row, column, _ = CELL.unpack_from(workbook, at)
                found.cells[row, column] = cell_error(SHOWN.get(code, ""))
        elif kind == ROW:
            row, flags = ROW_INFO.unpack_from(workbook, at)
            if flags & ROW_HIDDEN:
                found.hidden_rows.add(row + 1)
        elif kind == COLUMN_INFO:
            first, last, flags = COLUMNS_INFO.unpack_from(workbook, at)
            if flags & COLUMN_HIDDEN:
                found.hidden_columns.update(range(first, min(last + 1, COLUMNS)))
    return found


def _error_code(content: bytes, kind: int) -> int | None:
    """Return the number of the error in the record of a cell, or None where it has none."""
    if kind == VALUE:
        return content[0] if content[1] == IS_ERROR else None
    return content[2] if content[6:] == NO_NUMBER and content[0] == ERROR_RESULT else None


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
