"""ODS (OpenDocument), for LibreOffice: the same workbook as in XLSX, sent while it is made."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from registers.exports.columns import COLUMNS, Kind, Place
from registers.exports.ods_parts import (
    ABOUT_START,
    CONTENT_END,
    CONTENT_START,
    HEADING_STYLE,
    LABEL_STYLE,
    MANIFEST,
    SETTINGS,
    SHEET_END,
    STYLES,
    meta,
    ranges,
)
from registers.exports.streaming_zip import zipped
from registers.exports.workbook import Value, about, row_count, rows
from registers.search.results import Finding

CONTENT_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
PATH = "/protocols.ods"

# OpenDocument keeps neither runs of spaces nor those at the ends of a line.
SPACES = re.compile("^ +| +$|  +")
MARKUP = re.compile("[&<>\n]|^ | $|  ")


def write(finding: Finding, place: Place) -> Iterator[bytes]:
    """Give the workbook, with a row for each protocol of `finding`."""
    yield from zipped(
        [
            ("META-INF/manifest.xml", [MANIFEST.encode()]),
            ("settings.xml", [SETTINGS.encode()]),
            ("meta.xml", [meta(place).encode()]),
            ("content.xml", (piece.encode() for piece in _content(finding, place))),
        ],
        mimetype=CONTENT_TYPE,
    )


def _content(finding: Finding, place: Place) -> Iterator[str]:
    heading = "".join(_text(column.name, HEADING_STYLE) for column in COLUMNS)
    yield f"{CONTENT_START}{_row(heading)}"
    styles = [STYLES[column.kind] for column in COLUMNS]
    for row in rows(finding, place):
        yield _row("".join(map(_cell, row, styles)))
    yield f"{SHEET_END}{ABOUT_START}"
    for label, words in about(finding, place, PATH):
        yield _row(_text(label, LABEL_STYLE) + _text(words, STYLES[Kind.TEXT]))
    yield f"{SHEET_END}{ranges(row_count(finding))}{CONTENT_END}"


def _row(cells: str) -> str:
    return f'<table:table-row table:style-name="row">{cells}</table:table-row>'


def _cell(value: Value, style: str) -> str:
    if isinstance(value, datetime.date):
        day = value.isoformat()
        return (
            f'<table:table-cell table:style-name="{style}" office:value-type="date"'
            f' office:date-value="{day}"><text:p>{day}</text:p></table:table-cell>'
        )
    return _text(value, style)


def _text(value: str, style: str) -> str:
    if not value:
        return f'<table:table-cell table:style-name="{style}"/>'
    # The element for a tab is read as nothing by LibreOffice 7 and by calamine, which both take
    # the character. By the letter it would be a space: so the value stands as an attribute too.
    whole = f" office:string-value={quoteattr(value)}" if "\t" in value else ""
    return (
        f'<table:table-cell table:style-name="{style}" office:value-type="string"{whole}>'
        f"{_paragraphs(value)}</table:table-cell>"
    )


def _paragraphs(text: str) -> str:
    """Return a paragraph for each line, with every space and tab kept."""
    if not MARKUP.search(text):
        return f"<text:p>{text}</text:p>"
    lines = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split("\n")
    return "".join(f"<text:p>{_spaced(line)}</text:p>" for line in lines)


def _spaced(line: str) -> str:
    return SPACES.sub(lambda found: f'<text:s text:c="{len(found[0])}"/>', line)
