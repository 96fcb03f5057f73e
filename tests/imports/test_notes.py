"""Columns that are kept as a note for administrators, which nobody else reads."""

from __future__ import annotations

import pytest

from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.spreadsheet.plan import Edit
from registers.models import Protocol
from tests.imports.spreadsheets import checked, sheet_of

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]

MAPPING = ColumnMapping(columns={"Ref": "reference", "Officer": "note", "Folder": "note"})
OFFICER, FOLDER = "Officer: Jo Smith, jo.smith@essex.gov.uk, 01632 960123", "Folder: Blue, shelf 2"


def read(officer: str, folder: str):
    (line,) = checked(
        sheet_of(list(MAPPING.columns), ["0061", officer, folder]), mapping=MAPPING
    ).lines
    return line


def test_notes_are_added_once_and_take_nothing_else_away():
    officer, folder = (each.partition(": ")[2] for each in (OFFICER, FOLDER))
    line = read(officer, folder)
    assert line.edits == [Edit("admin_note", "", f"{OFFICER}\n{FOLDER}")]
    assert line.remarks == []  # words about a person are asked about where they would be public
    Protocol.objects.filter(pk="0061").update(admin_note=f"Ask Kim.\n{OFFICER}")
    line = read(officer, folder)
    assert line.values == {"admin_note": f"Ask Kim.\n{OFFICER}\n{FOLDER}"}
    Protocol.objects.filter(pk="0061").update(admin_note=f"{OFFICER}\nAsk Kim.\n{FOLDER}")
    assert read(officer, folder).outcome == read("", "").outcome == "unchanged"


def test_a_line_with_the_same_heading_is_replaced():
    Protocol.objects.filter(pk="0061").update(admin_note="Ask Kim.\r\nFolder: Red\r\nEnd.")
    assert read("", "Blue").values == {"admin_note": "Ask Kim.\nFolder: Blue\nEnd."}
