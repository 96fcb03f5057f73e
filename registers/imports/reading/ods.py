"""ODS: its tables, streamed through a parser of XML.

calamine reads ODS too, but joins lines that a line break divides, drops tabs
and errors, and makes room for every row that is repeated.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from registers.imports.reading.archive import Archive
from registers.imports.reading.cell_names import cell_name
from registers.imports.reading.limits import (
    CELL_CHARACTERS,
    COLUMNS,
    DAMAGED,
    NOT_WORKED_OUT,
    Unreadable,
)
from registers.imports.reading.messages import Head, Line, Value
from registers.imports.reading.ods_cells import FORMULA, OFFICE, VALUE_TYPE, Text, value_of

URN = "urn:oasis:names:tc:opendocument:xmlns:"
TABLE, TEXT, STYLE, DRAW = (f"{URN}{each}:1.0 " for each in ("table", "text", "style", "drawing"))
CELLS = {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}
COVERED = f"{TABLE}covered-table-cell"
ROW, SHEET = f"{TABLE}table-row", f"{TABLE}table"
ROWS_REPEATED, COLUMNS_REPEATED = f"{TABLE}number-rows-repeated", f"{TABLE}number-columns-repeated"
ROWS_SPANNED, COLUMNS_SPANNED = f"{TABLE}number-rows-spanned", f"{TABLE}number-columns-spanned"
PARAGRAPH, SPACES, TAB, LINE_BREAK = (f"{TEXT}{each}" for each in ("p", "s", "tab", "line-break"))
ASIDE = {f"{OFFICE}annotation", SHEET}
MOST_COLUMNS = 16_384  # of any program
MOST_REPEATED = 10**9  # beyond any program; longer numbers are dear to reckon with


@dataclass(slots=True)
class _Table:
    """A table as it grows. Rows that are repeated stand once, with how often."""

    name: str
    hidden: bool
    merged: list[str] = field(default_factory=list)
    rows: list[tuple[int, int, list[Value]]] = field(default_factory=list)
    next_row: int = 1


def read_ods(path: Path) -> Iterator[Head | Line]:
    """Give each sheet of an ODS, followed by its rows. Raises Unreadable."""
    content = _Content()
    try:
        with Archive(path) as archive:
            for piece in archive.pieces("content.xml"):
                content.parser.Parse(piece, False)  # noqa: FBT003 (expat takes it so)
                yield from _given(content)
        content.parser.Parse(b"", True)  # noqa: FBT003
        yield from _given(content)  # expat 2.6 and later may hold back the last piece until here
    except (expat.ExpatError, ValueError) as problem:
        raise Unreadable(DAMAGED) from problem


def _given(content: _Content) -> Iterator[Head | Line]:
    """Give the tables that have ended."""
    while content.ended:
        table = content.ended.pop(0)
        yield Head(name=table.name, hidden=table.hidden, merged=table.merged)
        for number, often, values in table.rows:
            for row in range(number, number + often):
                yield row, values


class _Content:
    """Listens to a parser of content.xml. What is drawn upon a cell is not in it."""

    def __init__(self) -> None:
        self.ended: list[_Table] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._write
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._table: _Table | None = None
        self._aside = 0  # how deep in what is not in the cell itself
        self._row: list[Value] = []
        self._often = 1
        self._column = 0
        self._cell: dict[str, str] | None = None
        self._text = Text()
        self._in_paragraph = False

    def _refuse(self, *_: object) -> None:
        raise Unreadable(DAMAGED)  # no program writes entities, and they could grow without end

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._aside or (self._cell is not None and self._is_aside(tag)):
            self._aside += 1
        elif self._cell is not None:
            self._start_in_cell(tag, attributes)
        elif tag in CELLS and self._table is not None:
            self._cell, self._text = attributes, Text()
        elif tag == ROW:
            self._row, self._column = [], 0
            self._often = _count(attributes, ROWS_REPEATED)
        elif tag == SHEET:
            style = attributes.get(f"{TABLE}style-name")
            name = attributes.get(f"{TABLE}name", "")
            self._table = _Table(name, hidden=style in self._hidden_styles)
        elif tag == f"{STYLE}style":
            self._style = attributes.get(f"{STYLE}name", "")
        elif tag == f"{STYLE}table-properties" and attributes.get(f"{TABLE}display") == "false":
            self._hidden_styles.add(self._style)

    def _is_aside(self, tag: str) -> bool:
        """Return whether it is a note, a drawing or a table upon the cell."""
        return tag.startswith(DRAW) or tag in ASIDE

    def _start_in_cell(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == PARAGRAPH:
            self._in_paragraph = True
            self._text.begin_paragraph()
        elif tag == SPACES:
            self._text.add(" " * min(_count(attributes, f"{TEXT}c", least=0), CELL_CHARACTERS + 1))
        elif tag == TAB:
            self._text.add("\t")
        elif tag == LINE_BREAK:
            self._text.add("\n")

    def _write(self, text: str) -> None:
        if self._in_paragraph and not self._aside:
            self._text.write(text)

    def _end(self, tag: str) -> None:
        if self._aside:
            self._aside -= 1
        elif tag == PARAGRAPH:
            self._in_paragraph = False
            self._text.end_paragraph()
        elif self._table is not None:
            self._end_in_table(tag, self._table)

    def _end_in_table(self, tag: str, table: _Table) -> None:
        if tag in CELLS:
            self._end_cell(tag, table)
        elif tag == ROW:
            if self._row:
                table.rows.append((table.next_row, self._often, self._row))
            table.next_row += self._often
        elif tag == SHEET:
            self.ended.append(table)
            self._table = None

    def _end_cell(self, tag: str, table: _Table) -> None:
        """Add a cell to its row, as often as it is repeated. Empty ones count and are not kept."""
        cell, self._cell = self._cell or {}, None
        often = _count(cell, COLUMNS_REPEATED)
        value = None if tag == COVERED else value_of(cell, str(self._text))
        if value is None and FORMULA in cell and VALUE_TYPE not in cell:
            value = NOT_WORKED_OUT
        if value is not None and self._column < MOST_COLUMNS:
            self._row += [None] * (self._column - len(self._row))
            # One more than may be is enough to be refused.
            self._row += [value] * min(often, COLUMNS + 1)
        if ROWS_SPANNED in cell or COLUMNS_SPANNED in cell:
            down, right = _count(cell, ROWS_SPANNED), _count(cell, COLUMNS_SPANNED)
            if down > 1 or right > 1:
                first = cell_name(table.next_row - 1, self._column)
                last = cell_name(table.next_row + down - 2, self._column + right - 1)
                table.merged.append(f"{first}:{last}")
        self._column += often


def _count(attributes: dict[str, str], name: str, *, least: int = 1) -> int:
    """Return how often something is repeated. Raises ValueError for what cannot be."""
    if name not in attributes:
        return 1
    often = int(attributes[name])
    if often < least:
        raise ValueError(attributes[name])
    return min(often, MOST_REPEATED)
