"""What a workbook of protocols holds, whatever its format, and the zip file that carries it."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils.formats import date_format

from registers.exports.columns import COLUMNS, Kind, Place
from registers.exports.plain_text import one_line, plain
from registers.search.question import STATUSES
from registers.search.results import Results

# Letters and spaces alone: nothing that a program would have to quote in the name of a range.
SHEET = "Protocols"
ABOUT = "About this file"
LABEL_WIDTH, WORDS_WIDTH = 24, 100
MOST = 1_048_575  # rows that a sheet can have under its heading, in Excel and in LibreOffice
# Excel counts days from 1900, and takes that year for a leap year.
FIRST_DAY = datetime.date(1900, 3, 1)

Value = str | datetime.date


def row_count(results: Results) -> int:
    """Return how many rows there are."""
    return min(results.count, MOST)


def rows(results: Results, place: Place) -> Iterator[list[Value]]:
    """Give a row for each protocol of `results`, with a value for each of COLUMNS.

    A month is its first day. What a workbook cannot have as a date is text.
    """
    for protocol in islice(results.iterator(), MOST):
        yield [_value(column.kind, plain(column.write(protocol, place))) for column in COLUMNS]


def _value(kind: Kind, text: str) -> Value:
    if kind is Kind.TEXT or not text:
        return text
    day = datetime.date.fromisoformat(f"{text}-01" if kind is Kind.MONTH else text)
    return day if day >= FIRST_DAY else text


def about(results: Results, place: Place, path: str) -> list[tuple[str, str]]:
    """Return the lines of the sheet about the file: what stands before, and its words.

    `path` is the ending's own. A line without words is a heading.
    """
    query = f"?{results.query_string}" if results.query_string else ""
    lines = [
        (ABOUT, ""),
        ("Register", f"{place.register}, published by {place.publisher}"),
        ("What was asked", _question(results)),
        ("The same list", f"{place.site}/{query}"),
        ("The same file, made anew", f"{place.site}{path}{query}"),
        ("Made", _made(place)),
        ("Rows", _rows_said(results)),
        (
            "What counts",
            "This file is a copy: it does not change when the register does. What counts is"
            " each protocol's page in the register. Its address stands in the column url.",
        ),
        ("What is empty", "An empty cell says that nothing is recorded."),
        ("The columns", ""),
        *((column.name, column.meaning) for column in COLUMNS),
    ]
    return [(label, one_line(words)) for label, words in lines]


def _question(results: Results) -> str:
    """Return in words what was asked."""
    asked: dict[str, list[str]] = {}
    for tag in results.tags:
        asked.setdefault(tag.name, []).append(tag.label)
    if not asked:
        return "Every protocol in force"
    asked.setdefault("Status", [dict(STATUSES)["current"]])
    return "; ".join(f"{name}: {' or '.join(labels)}" for name, labels in asked.items())


def _made(place: Place) -> str:
    """Return when the file was made. Reviews were judged on that day."""
    if place.at is None:
        return date_format(place.on, "j F Y")
    return f"{date_format(place.at, 'j F Y, H:i')}, UK time"


def _rows_said(results: Results) -> str:
    if results.count > MOST:
        return (
            f"The first {MOST:,} of {results.count:,} protocols: a sheet has no room for more."
            " The CSV has them all."
        )
    return f"{results.count:,} protocol{'' if results.count == 1 else 's'}, a row each"


Part = tuple[str, Iterable[bytes]]
BLOCK = 16_384


def zipped(parts: Iterable[Part], *, mimetype: str = "") -> Iterator[bytes]:
    """Give a zip file of `parts`, each a name and its bytes in pieces.

    `mimetype` stands first and is not packed, as OpenDocument wants it: so the
    first bytes of the file say what it is.
    """
    sent = _Sent()
    with ZipFile(sent, "w") as archive:  # type: ignore[call-overload] # all that it asks for
        if mimetype:
            archive.filelist.append(_whole(sent, "mimetype", mimetype.encode()))
        for name, pieces in parts:
            # Its day is that of 1980 with which zip begins: the same parts have the same bytes.
            info = ZipInfo(name)
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w") as part:
                for piece in pieces:
                    part.write(piece)
                    if len(sent.waiting) >= BLOCK:
                        yield sent.take()
    yield sent.take()


def _whole(sent: _Sent, name: str, content: bytes) -> ZipInfo:
    """Write a part with its size before it, where ZipFile could write it only behind."""
    info = ZipInfo(name)
    info.CRC, info.file_size, info.compress_size = zlib.crc32(content), len(content), len(content)
    info.header_offset = sent.tell()
    sent.write(info.FileHeader() + content)
    return info


class _Sent:
    """What ZipFile writes to: it cannot go back, and what was written can be taken away."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self._taken = 0

    def write(self, piece: bytes) -> int:
        self.waiting += piece
        return len(piece)

    def tell(self) -> int:
        return self._taken + len(self.waiting)

    def flush(self) -> None:
        """Do nothing: ZipFile asks for it."""

    def take(self) -> bytes:
        piece = bytes(self.waiting)
        self._taken += len(piece)
        self.waiting.clear()
        return piece
