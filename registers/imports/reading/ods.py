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
from xml.etree.ElementTree import Element

from registers.files.archives import CONTENT, Archive
from registers.imports.reading.cell_names import cell_name
from registers.imports.reading.limits import (
    CELL_CHARACTERS,
    COLUMNS,
    DAMAGED,
    NOT_WORKED_OUT,
    ROWS,
    Unreadable,
)
from registers.imports.reading.messages import Head, Line, Sheets, Value
from registers.imports.reading.values import cell_error, is_error_value, moment, number, span

OFFICE, TABLE, TEXT, STYLE, DRAW = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{each}:1.0}}"
    for each in ("office", "table", "text", "style", "drawing")
)
VALUE_TYPE = f"{OFFICE}value-type"
# LibreOffice's own, beside the other: only there it says that a text is an error.
CALC_TYPE = "{urn:org:documentfoundation:names:experimental:calc:extensions:1.0}value-type"
SHEET, ROW, COLUMN = f"{TABLE}table", f"{TABLE}table-row", f"{TABLE}table-column"
COVERED = f"{TABLE}covered-table-cell"
FORMULA, VISIBILITY, HIDDEN = f"{TABLE}formula", f"{TABLE}visibility", {"collapse", "filter"}
ROWS_REPEATED, COLUMNS_REPEATED = f"{TABLE}number-rows-repeated", f"{TABLE}number-columns-repeated"
ROWS_SPANNED, COLUMNS_SPANNED = f"{TABLE}number-rows-spanned", f"{TABLE}number-columns-spanned"
MOST_COLUMNS = 16_384  # of any program

PARAGRAPH = f"{TEXT}p"
# Blanks that count each, as characters that no XML has until the others are taken away.
MARKS = {f"{TEXT}s": "\1", f"{TEXT}tab": "\2", f"{TEXT}line-break": "\3"}
MEANT = str.maketrans("\1\2\3", " \t\n")
BLANKS = re.compile(r"[ \t\r\n]+")
CLOCK = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d*)?S")


def read_ods(path: Path) -> Sheets:
    """Give each sheet of an ODS, and its rows."""
    with path.open("rb") as file:
        hidden_styles: set[str] = set()
        table = _Table(Head())
        for element in Archive(file).elements(CONTENT):
            tag = element.tag
            if tag == ROW:
                table.add(element)
                element.clear()
            elif tag == COLUMN:
                table.add_columns(element)
            elif tag == f"{STYLE}style":
                if any(each.get(f"{TABLE}display") == "false" for each in element):
                    hidden_styles.add(element.get(f"{STYLE}name", ""))
            elif tag == SHEET:
                table.head.name = element.get(f"{TABLE}name", "")
                table.head.hidden = element.get(f"{TABLE}style-name") in hidden_styles
                yield table.head, table.lines()
                table = _Table(Head())


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

    def add_columns(self, columns: Element) -> None:
        first, often = self.next_column, _count(columns, COLUMNS_REPEATED)
        if columns.get(VISIBILITY) in HIDDEN:
            self.head.hidden_columns.update(range(first, min(first + often, COLUMNS)))
        self.next_column += often

    def add(self, row: Element) -> None:
        """Add a row, whose cells stand as often as they are repeated. Empty ones are not kept."""
        if (
            next(row.iter(SHEET), None) is not None
        ):  # a table upon a cell, whose rows were taken for some of this
            raise Unreadable(DAMAGED)
        often, column = _count(row, ROWS_REPEATED), 0
        values: list[Value] = []
        for cell in row:
            width = _count(cell, COLUMNS_REPEATED) if cell.get(COLUMNS_REPEATED) else 1
            value = None if cell.tag == COVERED else _value(cell)
            if value is not None and column < MOST_COLUMNS:
                values += [None] * (column - len(values))
                # One more than may be is enough to be refused.
                values += [value] * min(width, COLUMNS + 1)
            if cell.get(ROWS_SPANNED) or cell.get(COLUMNS_SPANNED):
                self._merge(cell, column)
            column += width
        if values:
            self.rows.append((self.next_row, often, values))
            if row.get(VISIBILITY) in HIDDEN:
                # No more rows with something in them are read.
                last = self.next_row + min(often, ROWS)
                self.head.hidden_rows.update(range(self.next_row, last))
        self.next_row += often

    def _merge(self, cell: Element, column: int) -> None:
        down, right = _count(cell, ROWS_SPANNED), _count(cell, COLUMNS_SPANNED)
        if down > 1 or right > 1:
            first = cell_name(self.next_row - 1, column)
            last = cell_name(self.next_row + down - 2, column + right - 1)
            self.head.merged.append(f"{first}:{last}")


def _count(element: Element, name: str, *, least: int = 1) -> int:
    """Return how often something is repeated. Raises ValueError for what cannot be."""
    often = int(element.get(name, 1))
    if often < least:
        raise ValueError(often)
    return often


def _value(cell: Element) -> Value:
    """Return the value of a cell. What is not what it says it is counts as the text it shows."""
    kind = cell.get(VALUE_TYPE, "")
    # Not those of the notes and drawings upon it.
    text = "\n".join([_shown(each) for each in cell if each.tag == PARAGRAPH])
    if cell.get(CALC_TYPE) == "error" or (kind != "string" and is_error_value(text)):
        return cell_error(text)
    if kind == "string":
        return cell.get(f"{OFFICE}string-value") or text or None
    try:
        return _typed(cell, kind)
    except (KeyError, ValueError, OverflowError):
        is_open = not kind and FORMULA in cell.attrib
        return text or (NOT_WORKED_OUT if is_open else None)


def _typed(cell: Element, kind: str) -> Value:
    """Return the value of a cell of this type. Raises KeyError or another for what it is not."""
    if kind in {"float", "percentage", "currency"}:
        return number(float(cell.attrib[f"{OFFICE}value"]))
    if kind == "date":
        return moment(datetime.datetime.fromisoformat(cell.attrib[f"{OFFICE}date-value"]))
    if kind == "time":
        return _time(cell.attrib[f"{OFFICE}time-value"])
    if kind == "boolean":
        return cell.attrib[f"{OFFICE}boolean-value"] == "true"
    raise KeyError(kind)


def _time(written: str) -> datetime.time | str:
    """Return a time of day, or the words for more than a day. Raises ValueError."""
    if not (clock := CLOCK.fullmatch(written)):
        raise ValueError(written)
    hours, minutes, seconds = map(int, clock.groups())
    if hours < 24:  # noqa: PLR2004 (of a day)
        return datetime.time(hours, minutes, seconds)
    return span(datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds))


def _is_aside(element: Element) -> bool:
    return element.tag.startswith(DRAW) or element.tag == f"{OFFICE}annotation"


def _shown(paragraph: Element) -> str:
    """Return what it shows. Blanks count once and at no end, as OpenDocument says."""
    text = BLANKS.sub(" ", _written(paragraph)).strip(" ")
    return text.translate(MEANT) if len(paragraph) else text


def _written(element: Element) -> str:
    text = element.text or ""
    for each in element:
        if mark := MARKS.get(each.tag):
            text += mark * min(_count(each, f"{TEXT}c", least=0), CELL_CHARACTERS + 1)
        elif not _is_aside(each):
            text += _written(each)
        text += each.tail or ""
    return text
