"""ODS (OpenDocument), for LibreOffice: the same workbook as XLSX, streamed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from xlsxwriter.utility import xl_col_to_name

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.plain_text import one_line
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

STYLES = {kind: kind.value for kind in Kind} | dict.fromkeys(IN_WORDS, Kind.TEXT.value)
HEADING_STYLE, LABEL_STYLE = "heading", "label"
CHARACTER = 0.19  # the width of one, in centimetres

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
VERSION = 'office:version="1.3"'


def _names(*names: str) -> str:
    return " ".join(f'xmlns:{name}="{NAMESPACES[name]}"' for name in names)


NAMESPACES = {
    "office": f"{OASIS}:office:1.0",
    "table": f"{OASIS}:table:1.0",
    "text": f"{OASIS}:text:1.0",
    "style": f"{OASIS}:style:1.0",
    "number": f"{OASIS}:datastyle:1.0",
    "fo": f"{OASIS}:xsl-fo-compatible:1.0",
    "config": f"{OASIS}:config:1.0",
    "meta": f"{OASIS}:meta:1.0",
    "manifest": f"{OASIS}:manifest:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}

MANIFEST = (
    f'{XML}<manifest:manifest {_names("manifest")} manifest:version="1.3">'
    '<manifest:file-entry manifest:full-path="/" manifest:version="1.3"'
    ' manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    + "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
        for name in ("content.xml", "settings.xml", "meta.xml")
    )
    + "</manifest:manifest>"
)


def _setting(name: str, kind: str, value: object) -> str:
    return (
        f'<config:config-item config:name="{name}" config:type="{kind}">{value}'
        "</config:config-item>"
    )


# The sheet is split below the heading row, which stays in view.
SETTINGS = (
    f"{XML}<office:document-settings {_names('office', 'config')} {VERSION}><office:settings>"
    '<config:config-item-set config:name="ooo:view-settings">'
    '<config:config-item-map-indexed config:name="Views"><config:config-item-map-entry>'
    + _setting("ViewId", "string", "view1")
    + '<config:config-item-map-named config:name="Tables">'
    f'<config:config-item-map-entry config:name="{SHEET}">'
    + _setting("CursorPositionX", "int", 0)
    + _setting("CursorPositionY", "int", 1)
    + _setting("HorizontalSplitMode", "short", 0)
    + _setting("VerticalSplitMode", "short", 2)
    + _setting("HorizontalSplitPosition", "int", 0)
    + _setting("VerticalSplitPosition", "int", 1)
    + _setting("ActiveSplitRange", "short", 2)
    + _setting("PositionTop", "int", 0)
    + _setting("PositionBottom", "int", 1)
    + "</config:config-item-map-entry></config:config-item-map-named>"
    + _setting("ActiveTable", "string", SHEET)
    + "</config:config-item-map-entry></config:config-item-map-indexed>"
    "</config:config-item-set></office:settings></office:document-settings>"
)


def _column_style(width: int) -> str:
    return (
        f'<style:style style:name="width{width}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width * CHARACTER:.2f}cm"/>'
        "</style:style>"
    )


def _cell_style(name: str, data: str, *, bold: bool = False, ground: str = "") -> str:
    properties = 'style:vertical-align="top"'
    properties += f' fo:background-color="{ground}"' if ground else ' fo:wrap-option="wrap"'
    weight = '<style:text-properties fo:font-weight="bold"/>' if bold else ""
    return (
        f'<style:style style:name="{name}" style:family="table-cell"'
        f' style:data-style-name="{data}"><style:table-cell-properties {properties}/>'
        f'<style:paragraph-properties fo:text-align="start"/>{weight}</style:style>'
    )


YEAR_MONTH = '<number:year number:style="long"/><number:text>-</number:text>' + (
    '<number:month number:style="long"/>'
)
WIDTHS = sorted({*(column.width for column in COLUMNS), LABEL_WIDTH, WORDS_WIDTH})
_AUTOMATIC = "".join(
    [
        # A text cell stays text when somebody edits it: 0012 keeps its zeros.
        '<number:text-style style:name="as-text"><number:text-content/></number:text-style>',
        f'<number:date-style style:name="as-month">{YEAR_MONTH}</number:date-style>',
        f'<number:date-style style:name="as-day">{YEAR_MONTH}<number:text>-</number:text>'
        '<number:day number:style="long"/></number:date-style>',
        *map(_column_style, WIDTHS),
        '<style:style style:name="row" style:family="table-row"><style:table-row-properties'
        ' style:use-optimal-row-height="true"/></style:style>',
        _cell_style(STYLES[Kind.TEXT], "as-text"),
        _cell_style(STYLES[Kind.DAY], "as-day"),
        _cell_style(STYLES[Kind.MONTH], "as-month"),
        _cell_style(LABEL_STYLE, "as-text", bold=True),
        _cell_style(HEADING_STYLE, "as-text", bold=True, ground="#e8edee"),
    ]
)


def _sheet(name: str, columns: list[tuple[int, str]]) -> str:
    """Return the start of a sheet; each column is its width and the style of its cells."""
    return f'<table:table table:name="{name}">' + "".join(
        f'<table:table-column table:style-name="width{width}"'
        f' table:default-cell-style-name="{style}"/>'
        for width, style in columns
    )


CONTENT_START = (
    f"{XML}<office:document-content"
    f" {_names('office', 'table', 'text', 'style', 'number', 'fo')} {VERSION}>"
    f"<office:automatic-styles>{_AUTOMATIC}</office:automatic-styles>"
    "<office:body><office:spreadsheet>"
    + _sheet(SHEET, [(column.width, STYLES[column.kind]) for column in COLUMNS])
)
ABOUT_START = _sheet(ABOUT, [(LABEL_WIDTH, LABEL_STYLE), (WORDS_WIDTH, STYLES[Kind.TEXT])])
SHEET_END = "</table:table>"
CONTENT_END = "</office:spreadsheet></office:body></office:document-content>"


def ranges(count: int) -> str:
    """Return the database range of the table with `count` rows, with filter buttons."""
    last = xl_col_to_name(len(COLUMNS) - 1)
    # The name that LibreOffice requires for the range of a sheet that shows filters.
    return (
        '<table:database-ranges><table:database-range table:name="__Anonymous_Sheet_DB__0"'
        f' table:target-range-address="{SHEET}.A1:{SHEET}.{last}{count + 1}"'
        ' table:display-filter-buttons="true"/></table:database-ranges>'
    )


def meta(context: ExportContext) -> str:
    """Return the metadata of the file: title, publisher and time."""
    made = (context.at or context.on).isoformat()
    return (
        f"{XML}<office:document-meta {_names('office', 'meta', 'dc')} {VERSION}><office:meta>"
        f"<dc:title>{escape(one_line(context.register))}</dc:title>"
        f"<meta:initial-creator>{escape(one_line(context.publisher))}</meta:initial-creator>"
        f"<meta:creation-date>{made}</meta:creation-date>"
        "</office:meta></office:document-meta>"
    )


CONTENT_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
PATH = "/protocols.ods"

# OpenDocument collapses spaces, and drops those at the ends of a line.
SPACES = re.compile("^ +| +$|  +")


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the workbook, with a row for each protocol of `results`."""
    yield from stream_zip(
        [
            ("META-INF/manifest.xml", [MANIFEST.encode()]),
            ("settings.xml", [SETTINGS.encode()]),
            ("meta.xml", [meta(context).encode()]),
            ("content.xml", (piece.encode() for piece in _content(results, context))),
        ],
        mimetype=CONTENT_TYPE,
    )


def _content(results: Results, context: ExportContext) -> Iterator[str]:
    heading = "".join(_text(column.name, HEADING_STYLE) for column in COLUMNS)
    yield f"{CONTENT_START}{_row(heading)}"
    styles = [STYLES[column.kind] for column in COLUMNS]
    empty = [_text("", style) for style in styles]
    for row in rows(results, context):
        cells = zip(row, styles, empty, strict=True)
        yield _row(
            "".join([_cell(value, style) if value else none for value, style, none in cells])
        )
    yield f"{SHEET_END}{ABOUT_START}"
    for label, words in about_rows(results, context, PATH):
        yield _row(_text(label, LABEL_STYLE) + _text(words, STYLES[Kind.TEXT]))
    yield f"{SHEET_END}{ranges(row_count(results))}{CONTENT_END}"


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
    # LibreOffice 7 and calamine ignore the element for a tab, and both read the character. By
    # the standard it would be a space: so the value is an attribute as well.
    whole = f" office:string-value={quoteattr(value)}" if "\t" in value else ""
    return (
        f'<table:table-cell table:style-name="{style}" office:value-type="string"{whole}>'
        f"{_paragraphs(value)}</table:table-cell>"
    )


def _paragraphs(text: str) -> str:
    """Return a paragraph for each line, with every space and tab kept."""
    # A search for a text takes a twentieth of the time of one for a pattern.
    if "&" in text or "<" in text or ">" in text:
        text = escape(text)
    return "".join([f"<text:p>{_spaced(line)}</text:p>" for line in text.split("\n")])


def _spaced(line: str) -> str:
    if "  " not in line and line[:1] != " " and line[-1:] != " ":
        return line
    return SPACES.sub(lambda found: f'<text:s text:c="{len(found[0])}"/>', line)
