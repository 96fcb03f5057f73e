"""What a workbook of protocols holds, whatever its format: typed rows, and a sheet about it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import islice

from django.utils.formats import date_format

from registers.exports.columns import COLUMNS, Kind, Place
from registers.exports.plain_text import one_line, plain
from registers.search.question import STATUSES
from registers.search.results import Finding

# Letters and spaces alone: nothing that a program would have to quote in the name of a range.
SHEET = "Protocols"
ABOUT = "About this file"
LABEL_WIDTH, WORDS_WIDTH = 24, 100
MOST = 1_048_575  # rows that a sheet can have under its heading, in Excel and in LibreOffice
# Excel counts days from 1900, and takes that year for a leap year.
FIRST_DAY = datetime.date(1900, 3, 1)

Value = str | datetime.date


def row_count(finding: Finding) -> int:
    """Return how many rows there are."""
    return min(finding.count, MOST)


def rows(finding: Finding, place: Place) -> Iterator[list[Value]]:
    """Give a row for each protocol of `finding`, with a value for each of COLUMNS.

    A month is its first day. What a workbook cannot have as a date is text.
    """
    for protocol in islice(finding.every(), MOST):
        yield [_value(column.kind, plain(column.write(protocol, place))) for column in COLUMNS]


def _value(kind: Kind, text: str) -> Value:
    if kind is Kind.TEXT or not text:
        return text
    day = datetime.date.fromisoformat(f"{text}-01" if kind is Kind.MONTH else text)
    return day if day >= FIRST_DAY else text


def about(finding: Finding, place: Place, path: str) -> list[tuple[str, str]]:
    """Return the lines of the sheet about the file: what stands before, and its words.

    `path` is the ending's own. A line without words is a heading.
    """
    query = f"?{finding.query_string}" if finding.query_string else ""
    lines = [
        (ABOUT, ""),
        ("Register", f"{place.register}, published by {place.publisher}"),
        ("What was asked", _question(finding)),
        ("The same list", f"{place.site}/{query}"),
        ("The same file, made anew", f"{place.site}{path}{query}"),
        ("Made", _made(place)),
        ("Rows", _rows_said(finding)),
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


def _question(finding: Finding) -> str:
    """Return in words what was asked."""
    asked: dict[str, list[str]] = {}
    for tag in finding.tags:
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


def _rows_said(finding: Finding) -> str:
    if finding.count > MOST:
        return (
            f"The first {MOST:,} of {finding.count:,} protocols: a sheet has no room for more."
            " The CSV has them all."
        )
    return f"{finding.count:,} protocol{'' if finding.count == 1 else 's'}, a row each"
