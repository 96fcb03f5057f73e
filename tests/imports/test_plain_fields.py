"""The columns of plain fields that are no text: yes or no, a choice, a day."""

from __future__ import annotations

import datetime

import pytest

from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.reading.read import Row
from registers.imports.spreadsheet.diff import PLAIN_FIELDS
from registers.imports.spreadsheet.fields import READERS, compare_field
from registers.imports.spreadsheet.plan import Edit, Line, Outcome
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.tables import Merged, Table
from registers.models import Protocol
from registers.models.protocol_fields import Kind, ProtocolField

YES_OR_NO = ProtocolField("parties_complete", meaning="Complete?", column_name="complete")
CHOICE = ProtocolField("status", meaning="Its stage.", column_name="stage")
DAY = ProtocolField("withdrawn_on", meaning="Its end.", column_name="ended")
STORED = Protocol(
    reference="0012",
    parties_complete=True,
    status="withdrawn",
    withdrawn_on=datetime.date(2026, 3, 31),
)
WRITTEN = {"complete": "yes", "stage": "withdrawn", "ended": "2026-03-31"}


def compared(field: ProtocolField, cell: object, stored: Protocol | None) -> tuple[RowOf, Line]:
    headings, columns = [field.column], {field.column: 0}
    table = Table("", ColumnMapping(), headings, columns, rows=[], merged=Merged([], [0]))
    row = RowOf(table, Row(2, (cell,)))
    line = Line("", 2, Outcome.UNCHANGED, "0012", "Growth")
    compare_field(row, line, field, stored, WRITTEN if stored else {})
    return row, line


def test_each_plain_field_can_be_read():
    assert {field.kind for field in PLAIN_FIELDS} <= {Kind.TEXT, Kind.LINK, Kind.OPTIONS, *READERS}


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        *((YES_OR_NO, "yes"), (YES_OR_NO, "TRUE"), (CHOICE, "withdrawn"), (CHOICE, "Withdrawn")),
        *((DAY, "2026-03-31"), (DAY, "31/03/2026"), (DAY, datetime.date(2026, 3, 31))),
    ],
)
def test_what_is_the_same_is_no_edit(field, cell):
    row, line = compared(field, cell, STORED)
    assert (row.problems, line.edits, line.values) == ([], [], {})


@pytest.mark.parametrize(
    ("field", "cell", "after", "value"),
    [
        (YES_OR_NO, "No", "no", False),
        (YES_OR_NO, "", "", None),
        (CHOICE, "Draft", "draft", "draft"),
        (CHOICE, "", "", ""),
        (DAY, "1 April 2026", "2026-04-01", datetime.date(2026, 4, 1)),
        (DAY, "", "", None),
    ],
)
def test_what_differs_is_one_edit(field, cell, after, value):
    row, line = compared(field, cell, STORED)
    assert row.problems == []
    assert line.edits == [Edit(field.column, WRITTEN[field.column], after)]
    assert line.values == {field.name: value}
    assert len(line.remarks) == (not after)  # emptying is said


@pytest.mark.parametrize(("field", "cell"), [(YES_OR_NO, ""), (CHOICE, "draft"), (DAY, "")])
def test_a_new_protocol_differs_from_an_empty_one(field, cell):
    assert compared(field, cell, None)[1].values == {}


@pytest.mark.parametrize(("field", "cell"), [(YES_OR_NO, "so so"), (CHOICE, "x"), (DAY, "soon")])
def test_what_cannot_be_read_is_refused_at_its_column(field, cell):
    row, line = compared(field, cell, STORED)
    assert [problem.column for problem in row.problems] == ["A"]
    assert line.values == {}
