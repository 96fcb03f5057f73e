"""CSV as programs write it: its letters, its separator and its rows.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from registers.formats.apostrophe import as_meant
from registers.formats.sheets_limits import CELL_CHARACTERS, CHOOSE, Unreadable
from registers.formats.sheets_wire import Head, Line

SEPARATORS = ",;\t"
# Excel takes such a first line for itself and counts rows after it.
NAMED_SEPARATOR = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n|\Z)", re.IGNORECASE)
# Bytes that no text in Windows-1252 has.
BINARY = re.compile(rb"[\0-\x08\x0e-\x1f]")

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAVE_AS_UTF_8 = "Save it as 'CSV UTF-8' and choose it again."
NO_TEXT = f"This file is of a kind that is not taken, or it is damaged. {CHOOSE}"
UNKNOWN_LETTERS = (
    f"The letters of this CSV are neither UTF-8, UTF-16 nor Windows-1252. {SAVE_AS_UTF_8}"
)
UNCLOSED = (
    "In row {row} of this CSV a quotation mark is opened and never closed, so nobody can tell"
    " where its cell ends. Close it and choose the file again."
)
ASTRAY = (
    "In row {row} of this CSV text follows a closing quotation mark. Write a quotation mark within"
    " a cell twice, or save the file with a spreadsheet program."
)
TOO_LONG = (
    f"Row {{row}} of this CSV has a cell of more than {CELL_CHARACTERS:,} characters, or a"
    " quotation mark that is opened and never closed. Put it right and choose the file again."
)


def read_csv(path: Path) -> Iterator[Head | Line]:
    """Give the one sheet of a CSV, and its rows. Raises Unreadable."""
    text = _text(path.read_bytes())
    separator = ""
    if named := NAMED_SEPARATOR.match(text):
        separator, text = named[1], text[named.end() :]
    yield Head(name="", hidden=False, merged=[])
    for number, record in _records(text, separator or _separator(text)):
        yield number, [as_meant(cell) or None for cell in record]


def _text(content: bytes) -> str:
    """Return what is written. Raises Unreadable where the letters cannot be known."""
    if content.startswith(UTF_16):
        encodings = ["utf-16"]
    elif b"\0" in content:
        raise Unreadable(NO_TEXT)
    else:
        encodings = ["utf-8-sig"] if BINARY.search(content) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            pass
    raise Unreadable(NO_TEXT if BINARY.search(content) else UNKNOWN_LETTERS)


def _separator(text: str) -> str:
    """Return what divides the cells of the heading row. A comma, where nothing does."""

    def cells(separator: str) -> int:
        records = (record for _, record in _records(text, separator))
        return len(next(filter(any, records), []))

    return max(SEPARATORS, key=cells)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with its number, as a spreadsheet program numbers rows.

    A record may span lines, and an empty line is a record of no cells.
    """
    number = 0
    before = csv.field_size_limit(CELL_CHARACTERS)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        for number, record in enumerate(reader, 1):
            yield number, record
    except csv.Error as problem:
        raise Unreadable(_sentence(problem).format(row=number + 1)) from problem
    finally:
        csv.field_size_limit(before)


def _sentence(problem: csv.Error) -> str:
    """Return the sentence for what the csv module only tells by its words."""
    words = str(problem)
    if "end of data" in words:
        return UNCLOSED
    return TOO_LONG if "limit" in words else ASTRAY
