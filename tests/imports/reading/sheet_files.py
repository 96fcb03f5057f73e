"""Spreadsheets made by hand, as small as they can be, and a reader that reads them twice."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from registers.imports.reading.messages import LEFT_OUT, ROWS, SHEET, UNREADABLE, unpack
from registers.imports.reading.read import Row, Sheet, Unreadable, read_sheets
from registers.imports.reading.reader import messages
from registers.imports.reading.sniff import kind_of_sheets

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE = "application/vnd.openxmlformats-officedocument."
SHEET_TYPE = f"{OFFICE}spreadsheetml.sheet.main+xml"
OPEN = "application/vnd.oasis.opendocument."
CALC = "urn:org:documentfoundation:names:experimental:calc:extensions:1.0"
URN = "urn:oasis:names:tc:opendocument:xmlns:"


def read(path: Path, name: str = "") -> list[Sheet]:
    """What a file holds, read by a process of its own, and once more here: the same."""
    sheets = read_sheets(path, name or path.name)
    rows: list[list[Row]] = []
    for line in messages(kind_of_sheets(path, name), path):
        what, *content = unpack(line)
        if what == SHEET:
            rows.append([])
        elif what == ROWS:
            rows[-1] += [Row(number, tuple(v), hidden) for number, hidden, *v in content[0]]
        elif what == LEFT_OUT:
            rows[-1] = []
    assert [sheet.rows for sheet in sheets if sheet.rows] == [each for each in rows if each]
    return sheets


def refused(path: Path, words: str, **options: str) -> None:
    """It is refused with these words by a process of its own, and here as well."""
    with pytest.raises(Unreadable) as told:
        read_sheets(path, path.name, **options)
    assert words in str(told.value)
    how = [options.get("separator", ""), options.get("encoding", "")] if options else []
    with suppress(Unreadable):  # by its kind already
        told_here = map(unpack, messages(kind_of_sheets(path, path.name), path, *how))
        (why,) = (content[0] for what, *content in told_here if what in {LEFT_OUT, UNREADABLE})
        assert str(told.value).endswith(why)


def cells(path: Path) -> list[tuple]:
    """The rows of the one sheet of a file, each with its number."""
    (sheet,) = read(path)
    return [(row.number, *row.values) for row in sheet.rows]


def archive(path: Path, parts: dict[str, str | bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content, ZIP_STORED if name == "mimetype" else ZIP_DEFLATED)
    return path


def xlsx(path: Path, data: str, *, kind: str = SHEET_TYPE, **more: str | bytes) -> Path:
    """An XLSX of one sheet, 'Live', with these rows in XML, and perhaps more parts.

    With a part 'other' it has a sheet 'Other' before that, with these rows.
    """
    relations = f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type='
    sheets = '<sheet name="Live" sheetId="1" r:id="r1"/>'
    targets = '/xl/worksheets/sheet1.xml"/>'
    if (other := more.pop("other", None)) is not None:
        sheets = f'<sheet name="Other" sheetId="2" r:id="r2"/>{sheets}'
        targets += f'<Relationship Id="r2" Type="{RELATIONS}/worksheet" Target="worksheets/2.xml"/>'
        more["xl/worksheets/2.xml"] = worksheet(other)
    return archive(
        path,
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Override PartName='
            f'"/xl/workbook.xml" ContentType="{kind}"/></Types>',
            "_rels/.rels": f'{relations}"{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
            f"{sheets}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'{relations}"{RELATIONS}/worksheet"'
            f' Target="{targets}</Relationships>',
            "xl/worksheets/sheet1.xml": worksheet(data),
            **more,
        },
    )


def worksheet(data: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'


def ods(
    path: Path,
    rows: str,
    *,
    before: str = "",
    mimetype: str = f"{OPEN}spreadsheet",
    manifest: str = "<manifest/>",
) -> Path:
    """An ODS of one table, 'Live', with these rows in XML."""
    spaces = " ".join(
        f'xmlns:{each}="{URN}{each}:1.0"' for each in ("office", "table", "text", "style")
    )
    spaces += f' xmlns:calcext="{CALC}"'
    content = (
        f'{before}<office:document-content {spaces} xmlns:draw="{URN}drawing:1.0">'
        '<office:automatic-styles><style:style style:name="h"><style:table-properties'
        ' table:display="false"/></style:style></office:automatic-styles>'
        f'<office:body><office:spreadsheet><table:table table:name="Live">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    parts = {"mimetype": mimetype, "META-INF/manifest.xml": manifest, "content.xml": content}
    return archive(path, parts)


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def text16(text: str, length: str = "<HB") -> bytes:
    return struct.pack(length, len(text), 1) + text.encode("utf-16-le")


@dataclass(frozen=True)
class XlsError:
    """An error in a cell of an XLS, by its code there: typed, or the result of a formula."""

    code: int
    formula: bool = False


def xls_cell(row: int, column: int, value: str | float | bool | tuple | XlsError) -> bytes:
    """The record of one cell. A number in a tuple is a date."""
    dated = isinstance(value, tuple)
    place = struct.pack("<3H", row, column, int(dated))
    if isinstance(value, XlsError) and value.formula:
        result = struct.pack("<BBBBBBH", 2, 0, value.code, 0, 0, 0, 0xFFFF)
        return record(0x06, place + result + bytes(6) + struct.pack("<HBB", 2, 0x1C, value.code))
    if isinstance(value, bool | XlsError):
        code, is_error = (int(value), 0) if isinstance(value, bool) else (value.code, 1)
        return record(0x205, place + bytes([code, is_error]))
    if isinstance(value, str):
        return record(0x204, place + text16(value))
    return record(0x203, place + struct.pack("<d", value[0] if dated else value))


def xls(
    path: Path,
    rows: list[list[str | float | bool | tuple | XlsError]],
    *,
    locked: bool = False,
    small: bool = False,
    more: bytes = b"",
    stream: str = "Workbook",
    code_page: int | None = None,
) -> Path:
    """An XLS (BIFF8) of one sheet, 'Live', of texts, numbers, truths and errors.

    B1:B2 are merged. `small` keeps it as small as it is, and `more` are records after the cells.
    Nothing writes this old kind any more that could be used here.
    """
    start = struct.pack("<6H", 0x0600, 5, 0, 0, 0, 0) + bytes(4)
    of_sheet = struct.pack("<6H", 0x0600, 0x10, 0, 0, 0, 0) + bytes(4)
    formats = b"".join(record(0xE0, struct.pack("<2H", 0, each) + bytes(16)) for each in (0, 17))
    first = record(0x809, start) + (
        record(0x42, struct.pack("<H", code_page)) if code_page else b""
    )
    first += (record(0x2F, b"\1\0" + bytes(52)) if locked else b"") + formats
    name = text16("Live", "<BB")
    at = len(first) + 4 + 6 + len(name) + 4
    first += record(0x85, struct.pack("<IBB", at, 0, 0) + name) + record(0x0A, b"")
    body = record(0x809, of_sheet)
    for row, values in enumerate(rows):
        body += b"".join(xls_cell(row, column, value) for column, value in enumerate(values))
    body += more + record(0xE5, struct.pack("<5H", 1, 0, 1, 1, 1)) + record(0x0A, b"")
    workbook = first + body
    path.write_bytes(container(stream, workbook if small else workbook.ljust(4096, b"\0")))
    return path


FREE, LAST, OF_TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, SMALL_SECTOR, LIMIT, IN_HEADER = 512, 64, 4096, 109


def container(stream: str, content: bytes) -> bytes:
    """Microsoft's old container with one stream, of less than 60 kB.

    Its sectors: the list of streams, the table of small sectors, the content, the table of sectors.
    """
    size = len(content)
    small = -(-size // SMALL_SECTOR) if size < LIMIT else 0
    streams = entry("Root Entry", 5, 2 if small else LAST, small * SMALL_SECTOR, 1)
    streams += entry(stream, 2, 0 if small else 2, size, FREE)
    small_table = numbers([*range(1, small), LAST] if small else [])
    sectors = -(-size // SECTOR)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<3I4x", 0, 1, 0)
    header += struct.pack("<3I", LIMIT, 1 if small else LAST, int(bool(small)))
    header += struct.pack("<2I", LAST, 0)
    header += numbers([2 + sectors]).ljust(4 * IN_HEADER, b"\xff")
    return (
        header
        + streams.ljust(SECTOR, b"\0")
        + small_table.ljust(SECTOR, b"\xff")
        + content.ljust(sectors * SECTOR, b"\0")
        + numbers([LAST, LAST, *range(3, 2 + sectors), LAST, OF_TABLE]).ljust(SECTOR, b"\xff")
    )


def numbers(each: list[int]) -> bytes:
    return struct.pack(f"<{len(each)}I", *each)


def entry(name: str, kind: int, start: int, size: int, child: int) -> bytes:
    letters = f"{name}\0".encode("utf-16-le")
    return letters.ljust(64, b"\0") + struct.pack(
        "<HBB3I16x4x16xIQ", len(letters), kind, 1, FREE, FREE, child, start, size
    )
