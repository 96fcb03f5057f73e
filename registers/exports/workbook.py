"""The content of a workbook of protocols in any format, and the streamed zip file around it."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils.formats import date_format

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.plain_text import one_line, plain
from registers.models.protocol_fields import DOES_NOT_APPLY, Kind
from registers.search.query_string import STATUSES
from registers.search.results import Results

# Only letters and spaces, so that no program has to quote it in the name of a range.
SHEET = "Protocols"
ABOUT = "About this file"
LABEL_WIDTH, WORDS_WIDTH = 24, 100
MAX_ROWS = 1_048_575  # rows that a sheet can have below its heading, in Excel and in LibreOffice
# Excel counts days from 1900, and treats that as a leap year.
FIRST_DAY = datetime.date(1900, 3, 1)

Value = str | datetime.date


def row_count(results: Results) -> int:
    """Return the number of rows."""
    return min(results.count, MAX_ROWS)


def rows(results: Results, context: ExportContext) -> Iterator[list[Value]]:
    """Yield a row for each protocol of `results`, with a value for each of COLUMNS.

    A month is its first day. A date that a workbook cannot represent is text.
    """
    context = replace(context, through=results.through)
    columns = [(column.write, TO_DAY.get(column.kind)) for column in COLUMNS]
    for protocol in islice(results.iterator(), MAX_ROWS):
        yield [
            plain(write(protocol, context))
            if to_day is None
            else _day(write(protocol, context), to_day)
            for write, to_day in columns
        ]


# What makes a day in ISO 8601 of the text of a date.
TO_DAY = {Kind.DAY: "", Kind.MONTH: "-01"}


@lru_cache
def _day(text: str, to_day: str) -> Value:
    if not text:
        return text
    if text == DOES_NOT_APPLY:
        return text
    day = datetime.date.fromisoformat(f"{text}{to_day}")
    return day if day >= FIRST_DAY else text


def about_rows(results: Results, context: ExportContext, path: str) -> list[tuple[str, str]]:
    """Return the rows of the sheet about the file: each a label and a text.

    `path` is that of the export format. A row without text is a heading.
    """
    query = f"?{results.query_string}" if results.query_string else ""
    lines = [
        (ABOUT, ""),
        ("Register", f"{context.register}, published by {context.publisher}"),
        ("Search and filters", _filters_text(results)),
        ("This list in the register", f"{context.site}/{query}"),
        ("An up-to-date copy of this file", f"{context.site}{path}{query}"),
        ("Made", _made_on(context)),
        ("Rows", _row_count_text(results)),
        (
            "What counts",
            "This file is a copy: it does not change when the register does. Rely on"
            " each protocol's page in the register. Its address is in the column url.",
        ),
        ("What is empty", "An empty cell says that nothing is recorded."),
        ("The columns", ""),
        *((column.name, column.meaning) for column in COLUMNS),
    ]
    return [(label, one_line(words)) for label, words in lines]


def _filters_text(results: Results) -> str:
    """Return the filters in words."""
    labels: dict[str, list[str]] = {}
    for tag in results.tags:
        labels.setdefault(tag.name, []).append(tag.label)
    if not labels:
        return "Every protocol in force"
    labels.setdefault("Status", [dict(STATUSES)["current"]])
    every = {"Named together with"}
    return "; ".join(
        f"{name}: {(' and ' if name in every else ' or ').join(texts)}"
        for name, texts in labels.items()
    )


def _made_on(context: ExportContext) -> str:
    """Return when the file was made, which is the day of review statuses."""
    if context.at is None:
        return date_format(context.on, "j F Y")
    return f"{date_format(context.at, 'j F Y, H:i')}, UK time"


def _row_count_text(results: Results) -> str:
    if results.count > MAX_ROWS:
        return (
            f"The first {MAX_ROWS:,} of {results.count:,} protocols: a sheet has no room for more."
            " The CSV has them all."
        )
    return f"{results.count:,} protocol{'' if results.count == 1 else 's'}, a row each"


Part = tuple[str, Iterable[bytes]]
BLOCK = 16_384


def stream_zip(parts: Iterable[Part], *, mimetype: str = "") -> Iterator[bytes]:
    """Yield a zip file of `parts`, each a name and an iterable of bytes.

    `mimetype` comes first and is not compressed, as OpenDocument requires, so that the
    first bytes of the file identify it.
    """
    buffer = _StreamBuffer()
    with ZipFile(buffer, "w") as archive:  # type: ignore[call-overload] # it has all that ZipFile needs
        if mimetype:
            archive.filelist.append(_write_stored(buffer, "mimetype", mimetype.encode()))
        for name, pieces in parts:
            # Dated 1980, the default of ZipInfo, so that the same parts have the same bytes.
            info = ZipInfo(name)
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w") as part:
                for piece in pieces:
                    part.write(piece)
                    if len(buffer.waiting) >= BLOCK:
                        yield buffer.take()
    yield buffer.take()


def _write_stored(buffer: _StreamBuffer, name: str, content: bytes) -> ZipInfo:
    """Write an uncompressed part with its size in front, where ZipFile would write it after."""
    info = ZipInfo(name)
    info.CRC, info.file_size, info.compress_size = zlib.crc32(content), len(content), len(content)
    info.header_offset = buffer.tell()
    buffer.write(info.FileHeader() + content)
    return info


class _StreamBuffer:
    """The file that ZipFile writes to: not seekable, and read while it is written."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self._taken = 0

    def write(self, piece: bytes) -> int:
        self.waiting += piece
        return len(piece)

    def tell(self) -> int:
        return self._taken + len(self.waiting)

    def flush(self) -> None:
        """Do nothing: ZipFile needs the method."""

    def take(self) -> bytes:
        piece = bytes(self.waiting)
        self._taken += len(piece)
        self.waiting.clear()
        return piece
