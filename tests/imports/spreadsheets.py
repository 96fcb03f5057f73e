"""Spreadsheets for tests, as rows, and what a check of them finds."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from typing import TypeVar

from django.test import Client

from registers.imports.reading.read import Row, Sheet, Value
from registers.imports.spreadsheet.checking import check
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.plan import Line, Plan, Work

T = TypeVar("T")
ON = datetime.date(2026, 11, 22)
# The columns of the partnership's own page.
TYPED = (
    *("Theme", "Title", "Purpose", "Lead Organisation", "Other Organisations Involved"),
    "Review date",
)


def done(work: Work[T]) -> T:
    """Let some work come to its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def sheet_of(*rows: Sequence[Value], name: str = "Live", merged: Sequence[str] = ()) -> Sheet:
    numbered = [
        Row(number, tuple(value or None for value in row)) for number, row in enumerate(rows, 1)
    ]
    return Sheet(name, numbered, hidden=False, merged=list(merged), kind="workbook")


def checked(*sheets: Sheet, choices: Choices | None = None, published_before: bool = False) -> Plan:
    return done(check(list(sheets), choices or Choices(), on=ON, published_before=published_before))


def checked_row(*values: Value, headings: Sequence[str] = TYPED, **how) -> Line:
    """Check a file of one row."""
    (line,) = checked(sheet_of(headings, values), **how).lines
    return line


def exported(query: str = "status=all") -> list[list[str]]:
    """Return the rows of the register's own CSV file."""
    answer = Client().get(f"/protocols.csv?{query}")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.reader(io.StringIO(text)))
