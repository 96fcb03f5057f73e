"""XLSX, for Excel: a sheet with the protocols, and one about the file.

XlsxWriter makes the workbook without its rows. They are inserted into its first
sheet while it is streamed: so the first byte is sent at once, nothing is written to
disk, and the work ends when the client disconnects.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from xml.sax.saxutils import escape
from zipfile import ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.workbook import (
    ABOUT,
    LABEL_WIDTH,
    SHEET,
    WORDS_WIDTH,
    Value,
    about_rows,
    row_count,
    rows,
    stream_zip,
)
from registers.models.protocol_fields import IN_WORDS, Kind
from registers.search.results import Results

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PATH = "/protocols.xlsx"

ROWS_PART = "xl/worksheets/sheet1.xml"
ROWS_END = b"</sheetData>"
LETTERS = [xl_col_to_name(number) for number in range(len(COLUMNS))]
URL = [column.name for column in COLUMNS].index("url")
DAY_ZERO = datetime.date(1899, 12, 30)
MAX_CELL_LENGTH = 32_767  # the limit of a cell in Excel, in UTF-16 code units
TRUNCATED_NOTE = "… cut at 32,767 characters; the whole text is at "

TOP = {"valign": "top"}
# A text cell stays text when somebody edits it: 0012 keeps its zeros.
TEXT = {**TOP, "num_format": "@", "text_wrap": True}
FORMATS = {
    Kind.TEXT: TEXT,
    Kind.DAY: {**TOP, "num_format": "yyyy-mm-dd", "align": "left"},
    Kind.MONTH: {**TOP, "num_format": "yyyy-mm", "align": "left"},
}
HEADING = {**TOP, "num_format": "@", "bold": True, "bottom": 1, "bg_color": "#E8EDEE"}

# Excel reads _x000D_ as a carriage return, unless its first character is escaped.
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the workbook, with a row for each protocol of `results`."""
    parts, styles = _workbook_without_rows(results, context)
    head, _, tail = parts.pop(ROWS_PART).partition(ROWS_END)
    body = (_row(number, row, styles) for number, row in enumerate(rows(results, context), start=2))
    yield from stream_zip(
        chain(
            ((name, [content]) for name, content in parts.items()),
            [(ROWS_PART, chain([head], body, [ROWS_END + tail]))],
        )
    )


def _workbook_without_rows(
    results: Results, context: ExportContext
) -> tuple[dict[str, bytes], list[int]]:
    """Return the parts of the workbook by name, and the style of each column's cells."""
    file = BytesIO()
    count, last = row_count(results), len(COLUMNS) - 1
    with Workbook(file, {"in_memory": True}) as book:
        made = context.at.astimezone(datetime.UTC) if context.at else context.on
        book.set_properties(
            {"title": context.register, "author": context.publisher, "created": made}
        )
        heading = book.add_format(HEADING)
        formats = {kind: book.add_format(how) for kind, how in FORMATS.items()}
        formats |= dict.fromkeys(IN_WORDS, formats[Kind.TEXT])
        sheet = book.add_worksheet(SHEET)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, last)
        for number, column in enumerate(COLUMNS):
            sheet.set_column(number, number, column.width, formats[column.kind])
            sheet.write_string(0, number, column.name, heading)
        _add_about(book, about_rows(results, context, PATH), formats[Kind.TEXT])
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    whole, heading_only = f"A1:{LETTERS[last]}{count + 1}", f"A1:{LETTERS[last]}1"
    parts[ROWS_PART] = parts[ROWS_PART].replace(
        f'<dimension ref="{heading_only}"/>'.encode(), f'<dimension ref="{whole}"/>'.encode()
    )
    return parts, [formats[column.kind].xf_index for column in COLUMNS]


def _add_about(book: Workbook, lines: list[tuple[str, str]], words: Format) -> None:
    sheet = book.add_worksheet(ABOUT)
    label = book.add_format({**TEXT, "bold": True})
    sheet.set_column(0, 0, LABEL_WIDTH, label)
    sheet.set_column(1, 1, WORDS_WIDTH, words)
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, line[0], label)
        sheet.write_string(number, 1, line[1], words)


def _row(number: int, row: list[Value], styles: list[int]) -> bytes:
    """Return the XML of one row. Empty cells are left out."""
    cells = [
        _cell(f'<c r="{letter}{number}" s="{style}"', value, row[URL])
        for letter, style, value in zip(LETTERS, styles, row, strict=True)
        if value
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'.encode()


def _cell(start: str, value: Value, url: Value) -> str:
    if isinstance(value, datetime.date):
        return f"{start}><v>{(value - DAY_ZERO).days}</v></c>"
    text = _escaped(_truncated(value, url))
    return f'{start} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _truncated(text: str, url: Value) -> str:
    """Return the text, cut to the limit of a cell with the address of the whole text."""
    if len(text) <= MAX_CELL_LENGTH // 2 or len(text.encode("utf-16-le")) <= MAX_CELL_LENGTH * 2:
        return text
    note = f"{TRUNCATED_NOTE}{url}"
    kept = text.encode("utf-16-le")[: (MAX_CELL_LENGTH - len(note)) * 2]
    return kept.decode("utf-16-le", "ignore") + note


def _escaped(text: str) -> str:
    # A search for a text takes a twentieth of the time of one for a pattern.
    if "&" in text or "<" in text or ">" in text:
        text = escape(text)
    return LOOKS_ESCAPED.sub("_x005F_", text) if "_x" in text else text
