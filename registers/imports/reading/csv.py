"""CSV as programs write it: its letters, its separator and its rows.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from registers.exports.plain_text import unescape_formula
from registers.imports.reading.cell_names import shown_name
from registers.imports.reading.limits import CELL_CHARACTERS, CHOOSE, MEGABYTE, Unreadable
from registers.imports.reading.messages import Head, Line, Sheets

FIRST_LINE = 20
FIRST_RECORDS = 100
# What may divide the cells, and how the letters may be written, with how a person calls them.
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252 (Western European)",
    "utf-16": "UTF-16",
    "mac_roman": "Mac Roman",
}
# Excel takes such a first line for itself and counts rows after it.
NAMED_SEPARATOR = re.compile(r"sep=([,;\t|])(?:\r\n|\r|\n)?", re.IGNORECASE)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAVE_AS_UTF_8 = "Save it as 'CSV UTF-8' and choose it again."
NO_TEXT = f"This file is of a kind that is not taken, or it is damaged. {CHOOSE}"
UNKNOWN_LETTERS = (
    f"The letters of this CSV are neither UTF-8, UTF-16 nor Windows-1252. {SAVE_AS_UTF_8}"
)
OTHER_LETTERS = "The letters of this CSV are not {encoding}. Choose what else they are."
NOT_KNOWN = "A CSV cannot be read with '{asked}'. Choose one of these: {choices}."
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


class _Astray(Unreadable):
    """Text follows a closing quotation mark."""


def read_csv(path: Path, separator: str = "", encoding: str = "") -> Sheets:
    """Give the one sheet of a CSV, and its rows, read with this separator and this encoding.

    Each is a key of SEPARATORS and ENCODINGS, or '' where it is to be found. Raises Unreadable.
    """
    for asked, known in ((separator, SEPARATORS), (encoding, ENCODINGS)):
        if asked and asked not in known:
            choices = ", ".join(f"{key!r} ({words})" for key, words in known.items())
            raise Unreadable(NOT_KNOWN.format(asked=shown_name(asked), choices=choices))
    if encoding and not _can_be(path, encoding):
        raise Unreadable(OTHER_LETTERS.format(encoding=ENCODINGS[encoding]))
    encoding = encoding or _encoding(path)
    with _opened(path, encoding) as file:
        named = NAMED_SEPARATOR.fullmatch(file.readline(FIRST_LINE))
        start = file.tell() if named else 0
        separator = separator or (named[1] if named else _separator(file))
        file.seek(start)
        yield Head(separator=separator, encoding=encoding), _lines(file, separator)


def _lines(file: TextIO, separator: str) -> Iterator[Line]:
    for number, record in _records(file, separator):
        yield number, [unescape_formula(cell) or None for cell in record]


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")


def _encoding(path: Path) -> str:
    """Return how the letters of a file are written. Raises Unreadable where it cannot be known."""
    encodings = ["utf-8", "cp1252"]
    with path.open("rb") as file:
        first = file.read(MEGABYTE)
        if first.startswith(UTF_16):
            encodings = ["utf-16"]
        elif b"\0" in first:
            raise Unreadable(NO_TEXT)
    for encoding in encodings:
        if _can_be(path, encoding):
            return encoding
    raise Unreadable(UNKNOWN_LETTERS)


def _can_be(path: Path, encoding: str) -> bool:
    try:
        with _opened(path, encoding) as file:
            while file.read(MEGABYTE):
                pass
    except UnicodeError:
        return False
    return True


def _separator(file: TextIO) -> str:
    """Return what divides most of the first records, and most of them into as many cells.

    It is a comma where nothing divides them. Titles and notes may stand above a table, and
    another separator within its cells.
    """

    def agreement(separator: str) -> tuple[float, int]:
        file.seek(0)
        records = (record for _, record in _records(file, separator))
        widths: list[int] = []
        try:
            widths += (len(each) for each in islice(filter(any, records), FIRST_RECORDS))
        except _Astray:
            return 0, 0  # it comes of the wrong separator
        except Unreadable:
            pass  # the reading says what is wrong
        divided = Counter(width for width in widths if width > 1)
        often, width = max(((often, width) for width, often in divided.items()), default=(0, 0))
        return (divided.total() + often) / max(1, len(widths)), width

    return max(SEPARATORS, key=agreement)


def _records(file: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with its number, as a spreadsheet program numbers rows.

    A record may span lines, and an empty line is a record of no cells.
    """
    number = 0
    before = csv.field_size_limit(CELL_CHARACTERS)
    try:
        reader = csv.reader(file, delimiter=separator, strict=True)
        for number, record in enumerate(reader, 1):
            yield number, record
    except csv.Error as problem:
        raise _refusal(problem, number + 1) from problem
    finally:
        csv.field_size_limit(before)


def _refusal(problem: csv.Error, row: int) -> Unreadable:
    """Return the error for what the csv module only tells by its words."""
    words = str(problem)
    if "end of data" in words:
        return Unreadable(UNCLOSED.format(row=row))
    if "limit" in words:
        return Unreadable(TOO_LONG.format(row=row))
    return _Astray(ASTRAY.format(row=row))
