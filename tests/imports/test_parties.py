"""What a row says of the organisations, in lists as people and other systems write them."""

from __future__ import annotations

import pytest

from registers.imports.spreadsheet.diff import INCOMPLETE
from registers.imports.spreadsheet.plan import Edit
from registers.models import Protocol
from tests.imports.spreadsheets import checked, checked_row, sheet_of

pytestmark = pytest.mark.usefixtures("real_register")

HEADINGS = ("reference", "title", "theme", "Lead Organisation", "Other Organisations Involved")
NEW = ("9001", "New", "Safer Community", "Essex County Council")
POLICE, KENT = "Essex Police", "Kent County Council"


def partners_of(cell: str) -> list[str]:
    line = checked_row(*NEW, cell, headings=HEADINGS)
    assert line.outcome == "new"
    return [part.written for part in line.parts if part.role == "partner"]


@pytest.mark.parametrize(
    "cell",
    [
        *(f"• {POLICE}\n• {KENT}", f"1. {POLICE}\n2. {KENT}", f"- {POLICE}\n- {KENT}"),
        *(f"{POLICE} and {KENT}", f"{POLICE} / {KENT}", f"{POLICE} | {KENT}"),
        *(f'"{POLICE}",{KENT}', f"{POLICE};#12;#{KENT};#13", f"{POLICE}, N/A, and {KENT}."),
    ],
)
def test_two_known_partners_however_they_are_listed(cell):
    assert partners_of(cell) == [POLICE, KENT]


@pytest.mark.parametrize("cell", ["None", "N/A", "-", "\u2013", "nil", ""])
def test_no_partner(cell):
    assert partners_of(cell) == []


def test_none_takes_partners_away_and_says_so():
    headings = ["reference", "Other Organisations Involved"]
    line = checked_row("0061", "None", headings=headings)
    assert (line.outcome, line.edits) == (
        "changed",
        [Edit("other_organisations", "Barnardo's", "")],
    )
    assert line.remarks == ["This empties the other organisations."]


@pytest.mark.parametrize("joined", ["Flood Forum and Essex Police", "Flood Forum / Tree Wardens"])
def test_what_is_one_name_or_two_is_asked(joined):
    plan = checked(sheet_of(HEADINGS, [*NEW, joined]))
    assert plan.count() == {"waiting": 1}
    assert [named.written for named in plan.names if named.whom is None] == [joined]


def test_etc_makes_the_list_of_parties_incomplete_once():
    line = checked_row(*NEW, f"{POLICE}, {KENT}, etc.", headings=HEADINGS)
    assert line.values["parties_complete"] is False
    assert Edit("parties_complete", "", "no") in line.edits
    assert INCOMPLETE in line.remarks
    headings = ["reference", "Other Organisations Involved"]
    Protocol.objects.filter(pk="0061").update(parties_complete=True)
    line = checked_row("0061", "Barnardos and others", headings=headings)
    assert line.edits == [Edit("parties_complete", "yes", "no")]
    assert line.parts is None
    Protocol.objects.filter(pk="0061").update(parties_complete=False)
    assert checked_row("0061", "Barnardos and others", headings=headings).outcome == "unchanged"
