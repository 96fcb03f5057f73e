"""Spreadsheets for tests, as rows, and what a check of them finds."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from typing import TypeVar

from django.test import Client

from registers.exports.columns import find_column
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.reading.read import Row, Sheet, Value
from registers.imports.spreadsheet.checking import check
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.plan import Line, Plan, Work
from tests.imports.uploading import SIX

T = TypeVar("T")
ON = datetime.date(2026, 11, 22)
TYPED = SIX


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


def checked(
    *sheets: Sheet,
    choices: Choices | None = None,
    published_before: bool = False,
    mapping: ColumnMapping | None = None,
) -> Plan:
    how = {"on": ON, "published_before": published_before, "mapping": mapping}
    return done(check(list(sheets), choices or Choices(), **how))


def as_mapped(headings: Sequence[str], **how) -> ColumnMapping:
    """Return a mapping of headings that are the register's own, with more that it says."""
    columns = {heading: find_column(heading) or heading for heading in headings}
    return ColumnMapping(columns=columns, **how)


def checked_row(*values: Value, headings: Sequence[str] = TYPED, **how) -> Line:
    """Check a file of one row."""
    (line,) = checked(sheet_of(headings, values), **how).lines
    return line


def exported(query: str = "status=all") -> list[list[str]]:
    """Return the rows of the register's own CSV file."""
    answer = Client().get(f"/protocols.csv?{query}")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.reader(io.StringIO(text)))
