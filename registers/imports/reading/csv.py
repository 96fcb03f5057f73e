"""CSV as programs write it: its letters, its separator and its rows.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from registers.exports.plain_text import unescape_formula
from registers.imports.reading.limits import CELL_CHARACTERS, CHOOSE, MEGABYTE, Unreadable
from registers.imports.reading.messages import Head, Line

FIRST_LINE = 20
SEPARATORS = ",;\t"
# Excel takes such a first line for itself and counts rows after it.
NAMED_SEPARATOR = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n)?", re.IGNORECASE)
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


class _Astray(Unreadable):
    """Text follows a closing quotation mark."""


def read_csv(path: Path) -> Iterator[Head | Line]:
    """Give the one sheet of a CSV, and its rows. Raises Unreadable."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        if named := NAMED_SEPARATOR.fullmatch(file.readline(FIRST_LINE)):
            separator = named[1]
        else:
            file.seek(0)
            separator = _separator(file)
            file.seek(0)
        yield Head(name="", hidden=False, merged=[])
        for number, record in _records(file, separator):
            yield number, [unescape_formula(cell) or None for cell in record]


def _encoding(path: Path) -> str:
    """Return how the letters of a file are written. Raises Unreadable where it cannot be known."""
    with path.open("rb") as file:
        binary = nothing = False
        first = file.read(len(codecs.BOM_UTF16_LE))
        file.seek(0)
        while piece := file.read(MEGABYTE):
            binary = binary or bool(BINARY.search(piece))
            nothing = nothing or b"\0" in piece
    if first in UTF_16:
        encodings = ["utf-16"]
    elif nothing:
        encodings = []
    else:
        encodings = ["utf-8-sig"] if binary else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        if _can_be(path, encoding):
            return encoding
    raise Unreadable(NO_TEXT if binary and first not in UTF_16 else UNKNOWN_LETTERS)


def _can_be(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(MEGABYTE):
                pass
    except UnicodeError:
        return False
    return True


def _separator(file: TextIO) -> str:
    """Return what divides the cells of the heading row. A comma, where nothing does."""

    def cells(separator: str) -> int:
        file.seek(0)
        records = (record for _, record in _records(file, separator))
        try:
            return len(next(filter(any, records), []))
        except Unreadable as problem:
            # Text behind a quotation mark comes of the wrong separator. Of what never ends,
            # the first line tells, so that the reading can say what is wrong.
            file.seek(0)
            wrong = isinstance(problem, _Astray)
            return 0 if wrong else file.readline(CELL_CHARACTERS).count(separator) + 1

    return max(SEPARATORS, key=cells)


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
