"""What the status of a row does: words of others, and withdrawals with a day and a reason."""

from __future__ import annotations

import datetime

import pytest

from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.spreadsheet.plan import Edit
from registers.models import Protocol
from tests.imports.spreadsheets import checked, sheet_of

pytestmark = pytest.mark.usefixtures("real_register")

USES = {
    "Ref": "reference",
    "Name": "title",
    "Theme": "theme",
    "State": "status",
    "Ended": "withdrawn_on",
    "Why": "withdrawn_reason",
}
WORDS = {"Live": "current", "Expired": "withdrawn", "Closed": "withdrawn", "Being written": "draft"}
MAPPING = ColumnMapping(columns=USES, statuses=WORDS)
FGM, NEW = ("0061", "FGM", "Safer Community"), ("9001", "New", "Safer Community")
DAY = datetime.date(2025, 3, 31)


def read(*cells: object, mapping: ColumnMapping = MAPPING):
    (line,) = checked(sheet_of(list(USES)[: len(cells)], cells), mapping=mapping).lines
    return line


def of(*cells: object):
    """Read a row in a file that has no more columns than this row has cells."""
    uses = dict(list(USES.items())[: len(cells)])
    return read(*cells, mapping=ColumnMapping(columns=uses, statuses=WORDS))


@pytest.fixture
def stored(request) -> None:
    """FGM is a draft, or withdrawn."""
    withdrawn = {"withdrawn_on": "2024-01-31", "withdrawn_reason": "Over."}
    values = withdrawn if request.param == "withdrawn" else {}
    Protocol.objects.filter(pk="0061").update(status=request.param, **values)


def test_words_of_others_mean_what_the_mapping_says():
    assert of(*FGM, "live").outcome == "unchanged"
    assert of(*FGM, "").outcome == "unchanged"
    draft = of(*NEW, "being  written")
    assert (draft.outcome, draft.values["status"]) == ("new", "draft")


def test_words_are_never_guessed():
    line = of(*FGM, "Lapsed")
    assert [problem.wrong for problem in line.problems] == ["'Lapsed' is no status."]
    assert "mapping" in line.problems[0].fix


@pytest.mark.parametrize("state", ["Expired", "closed", "withdrawn"])
def test_a_protocol_is_withdrawn_on_its_day_for_its_reason(state):
    line = read(*FGM, state, "31/03/2025", "Not needed.")
    assert (line.outcome, line.edits) == (
        "changed",
        [
            Edit("status", "current", "withdrawn"),
            Edit("withdrawn_on", "", "2025-03-31"),
            Edit("withdrawn_reason", "", "Not needed."),
        ],
    )
    assert line.values == {
        "status": "withdrawn",
        "withdrawn_on": DAY,
        "withdrawn_reason": "Not needed.",
    }


def test_a_day_of_withdrawal_says_it_where_there_is_no_status():
    uses = {heading: use for heading, use in USES.items() if use != "status"}
    row = [*FGM, "31/03/2025", "Not needed."]
    (line,) = checked(sheet_of(list(uses), row), mapping=ColumnMapping(columns=uses)).lines
    assert line.values["status"] == "withdrawn"
    row = [*FGM, "", ""]
    (line,) = checked(sheet_of(list(uses), row), mapping=ColumnMapping(columns=uses)).lines
    assert line.outcome == "unchanged"


def test_a_new_protocol_can_be_withdrawn_already():
    line = read(*NEW, "Expired", DAY, "Not needed.")
    assert (line.outcome, line.values["status"]) == ("new", "withdrawn")
    assert line.values["withdrawn_on"] == DAY


REFUSED = {
    "no day": ([*FGM, "Expired", "", "Over."], "D", "not the day"),
    "no reason": ([*FGM, "Expired", "31/03/2025", ""], "D", "not the reason"),
    "neither": ([*NEW, "Expired", "", ""], "D", "not the day and the reason"),
    "a day to come": ([*FGM, "Expired", "31/03/2027", "Over."], "E", "still to come"),
    "no day of the calendar": ([*FGM, "Expired", "31/02/2025", "Over."], "E", "31/02/2025"),
    "in force with a day": ([*FGM, "Live", "31/03/2025", ""], "E", "status is Live"),
    "a day without a status": ([*FGM, "", "31/03/2025", ""], "E", "status is empty"),
    "an address of a person": ([*FGM, "Expired", DAY, "Ask jo@example.org"], "F", "e-mail"),
    "no theme": (["9001", "New", "", "Expired", DAY, "Over."], "C", "theme is empty"),
    "a draft again": ([*FGM, "Being written", "", ""], "D", "cannot be a draft again"),
}


@pytest.mark.parametrize(("row", "column", "wrong"), REFUSED.values(), ids=REFUSED)
def test_a_status_that_cannot_be_is_refused(row, column, wrong):
    line = read(*row)
    assert line.outcome == "refused"
    assert [problem.column for problem in line.problems][:1] == [column]
    assert wrong in line.problems[0].wrong
    assert (line.values, line.edits) == ({}, [])


@pytest.mark.parametrize("stored", ["withdrawn"], indirect=True)
def test_a_withdrawn_protocol_gets_a_better_day_and_reason_and_no_other_status(stored):
    assert of(*FGM, "Expired").outcome == "unchanged"
    assert read(*FGM, "Expired", "31/01/2024", "Over.").outcome == "unchanged"
    line = read(*FGM, "Expired", DAY, "Not needed.")
    assert line.edits == [
        Edit("withdrawn_on", "2024-01-31", "2025-03-31"),
        Edit("withdrawn_reason", "Over.", "Not needed."),
    ]
    for state in ("Live", "Being written"):
        assert read(*FGM, state, "", "").outcome == "refused"


@pytest.mark.parametrize("stored", ["draft"], indirect=True)
def test_a_draft_stays_one(stored):
    assert read(*FGM, "Being written", "", "").remarks == ["This is a draft, and stays one."]
    line = read(*FGM, "Expired", DAY, "Not needed.")
    assert [problem.column for problem in line.problems] == ["D"]
