"""ODS: its tables, streamed through a parser of XML, and what one cell holds.

Part of the program that reads files, so there is no Django in it.

calamine reads ODS too, but joins lines that a line break divides, drops tabs
and errors, and makes room for every row that is repeated.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from registers.files.archives import CONTENT, Archive
from registers.imports.reading.calamine import moment, number, span
from registers.imports.reading.cell_names import cell_name
from registers.imports.reading.errors import cell_error, is_error_value
from registers.imports.reading.limits import (
    CELL_CHARACTERS,
    COLUMNS,
    DAMAGED,
    NOT_WORKED_OUT,
    ROWS,
    Unreadable,
)
from registers.imports.reading.messages import Head, Line, Sheets, Value

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
# LibreOffice's own, beside the other: only there it says that a text is an error.
CALC = "urn:org:documentfoundation:names:experimental:calc:extensions:1.0 "
CALC_TYPE = f"{CALC}value-type"
FORMULA = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 formula"
VALUE_TYPE, STRING = f"{OFFICE}value-type", f"{OFFICE}string-value"

BLANKS = re.compile(r"[ \t\r\n]+")
CLOCK = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d*)?S")


def text_of(paragraphs: list[str]) -> str:
    """Return what a cell shows. Blanks count once and at no end, as OpenDocument says."""
    return "\n".join(BLANKS.sub(" ", each).strip(" ").translate(MEANT) for each in paragraphs)


def value_of(attributes: dict[str, str], text: str) -> Value:
    """Return the value of a cell with these attributes, that shows this text.

    What is not what it says it is counts as the text that is shown.
    """
    if _is_error(attributes, text):
        return cell_error(text)
    if attributes.get(VALUE_TYPE) == "string":
        return attributes.get(STRING) or text or None
    try:
        return _typed(attributes, attributes.get(VALUE_TYPE, ""))
    except (KeyError, ValueError, OverflowError):
        return text or None


def _is_error(attributes: dict[str, str], text: str) -> bool:
    """Return whether the cell shows an error: LibreOffice says so, other programs only show it."""
    typed_in = attributes.get(VALUE_TYPE) == "string" and FORMULA not in attributes
    return attributes.get(CALC_TYPE) == "error" or (not typed_in and is_error_value(text))


def _typed(attributes: dict[str, str], kind: str) -> Value:
    """Return the value of a cell of this type. Raises KeyError or another for what it is not."""
    if kind in {"float", "percentage", "currency"}:
        return number(float(attributes[f"{OFFICE}value"]))
    if kind == "date":
        return moment(datetime.datetime.fromisoformat(attributes[f"{OFFICE}date-value"]))
    if kind == "time":
        return _time(attributes[f"{OFFICE}time-value"])
    if kind == "boolean":
        return attributes[f"{OFFICE}boolean-value"] == "true"
    raise KeyError(kind)


def _time(written: str) -> datetime.time | str:
    """Return a time of day, or the words for more than a day. Raises ValueError."""
    if not (clock := CLOCK.fullmatch(written)):
        raise ValueError(written)
    hours, minutes, seconds = map(int, clock.groups())
    if hours < 24:  # noqa: PLR2004 (of a day)
        return datetime.time(hours, minutes, seconds)
    return span(datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds))


URN = "urn:oasis:names:tc:opendocument:xmlns:"
TABLE, TEXT, STYLE, DRAW = (f"{URN}{each}:1.0 " for each in ("table", "text", "style", "drawing"))
CELLS = {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}
COVERED = f"{TABLE}covered-table-cell"
ROW, COLUMN, SHEET = f"{TABLE}table-row", f"{TABLE}table-column", f"{TABLE}table"
VISIBILITY, HIDDEN = f"{TABLE}visibility", {"collapse", "filter"}
ROWS_REPEATED, COLUMNS_REPEATED = f"{TABLE}number-rows-repeated", f"{TABLE}number-columns-repeated"
ROWS_SPANNED, COLUMNS_SPANNED = f"{TABLE}number-rows-spanned", f"{TABLE}number-columns-spanned"
PARAGRAPH, SPACES = f"{TEXT}p", f"{TEXT}s"
# Blanks that count each, as characters that no XML has until the others are taken away.
MARKS = {SPACES: "\1", f"{TEXT}tab": "\2", f"{TEXT}line-break": "\3"}
MEANT = str.maketrans("\1\2\3", " \t\n")
ASIDE = {f"{OFFICE}annotation", SHEET}
MOST_COLUMNS = 16_384  # of any program
MOST_REPEATED = 10**9  # beyond any program; longer numbers are dear to reckon with


@dataclass(slots=True)
class _Table:
    """A table as it grows. Rows that are repeated stand once, with how often."""

    head: Head
    rows: list[tuple[int, int, list[Value]]] = field(default_factory=list)
    next_row: int = 1
    next_column: int = 0  # of those that say how columns are

    def lines(self) -> Iterator[Line]:
        for first, often, values in self.rows:
            for row in range(first, first + often):
                yield row, values


def read_ods(path: Path) -> Sheets:
    """Give each sheet of an ODS, and its rows."""
    content = _Content()
    with path.open("rb") as file:
        for piece in Archive(file).pieces(CONTENT):
            content.parser.Parse(piece, False)  # noqa: FBT003 (expat takes it so)
            yield from _ended(content)
    content.parser.Parse(b"", True)  # noqa: FBT003
    yield from _ended(content)  # expat 2.6 and later may hold back the last piece until here


def _ended(content: _Content) -> Sheets:
    """Give the tables that have ended."""
    while content.ended:
        table = content.ended.pop(0)
        yield table.head, table.lines()


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
        self._row_hidden = False
        self._column = 0
        self._cell: dict[str, str] | None = None
        self._paragraphs: list[str] = []
        self._in_paragraph = False

    def _refuse(self, *_: object) -> None:
        raise Unreadable(DAMAGED)  # no program writes entities, and they could grow without end

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._aside or (self._cell is not None and self._is_aside(tag)):
            self._aside += 1
        elif self._cell is not None:
            self._start_in_cell(tag, attributes)
        elif tag in CELLS and self._table is not None:
            self._cell, self._paragraphs = attributes, []
        elif tag == ROW:
            self._row, self._column = [], 0
            self._often = _count(attributes, ROWS_REPEATED)
            self._row_hidden = attributes.get(VISIBILITY) in HIDDEN
        elif tag == COLUMN and self._table is not None:
            often = _count(attributes, COLUMNS_REPEATED)
            if attributes.get(VISIBILITY) in HIDDEN:
                first = self._table.next_column
                self._table.head.hidden_columns.update(range(first, min(first + often, COLUMNS)))
            self._table.next_column += often
        elif tag == SHEET:
            style = attributes.get(f"{TABLE}style-name")
            name = attributes.get(f"{TABLE}name", "")
            self._table = _Table(Head(name, hidden=style in self._hidden_styles))
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
            self._paragraphs.append("")
        elif tag in MARKS and self._in_paragraph:
            often = _count(attributes, f"{TEXT}c", least=0)
            self._write(MARKS[tag] * min(often, CELL_CHARACTERS + 1))

    def _write(self, text: str) -> None:
        if self._in_paragraph and not self._aside:
            self._paragraphs[-1] += text

    def _end(self, tag: str) -> None:
        if self._aside:
            self._aside -= 1
        elif tag == PARAGRAPH:
            self._in_paragraph = False
        elif self._table is not None:
            self._end_in_table(tag, self._table)

    def _end_in_table(self, tag: str, table: _Table) -> None:
        if tag in CELLS:
            self._end_cell(tag, table)
        elif tag == ROW:
            if self._row:
                table.rows.append((table.next_row, self._often, self._row))
                if self._row_hidden:
                    # No more rows with something in them are read.
                    last = table.next_row + min(self._often, ROWS)
                    table.head.hidden_rows.update(range(table.next_row, last))
            table.next_row += self._often
        elif tag == SHEET:
            self.ended.append(table)
            self._table = None

    def _end_cell(self, tag: str, table: _Table) -> None:
        """Add a cell to its row, as often as it is repeated. Empty ones count and are not kept."""
        cell, self._cell = self._cell or {}, None
        often = _count(cell, COLUMNS_REPEATED)
        value = None if tag == COVERED else value_of(cell, text_of(self._paragraphs))
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
                table.head.merged.append(f"{first}:{last}")
        self._column += often


def _count(attributes: dict[str, str], name: str, *, least: int = 1) -> int:
    """Return how often something is repeated. Raises ValueError for what cannot be."""
    if name not in attributes:
        return 1
    often = int(attributes[name])
    if often < least:
        raise ValueError(attributes[name])
    return min(often, MOST_REPEATED)
