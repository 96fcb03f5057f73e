"""Which protocol a row is about, and which numbers new ones get."""

from __future__ import annotations

import pytest

from registers.models import Gap
from tests.imports.spreadsheets import TYPED, checked, checked_row, sheet_of

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]


def wrongs(line) -> list[tuple[str, str]]:
    return [(problem.column, problem.wrong) for problem in line.problems]


def test_titles_without_a_reference_get_the_next_free_ones():
    Gap.objects.create(reference="0080", fate="never")
    rows = [["Safer Community", title, "", "", "", ""] for title in ("One", "0082 - Two", "Three")]
    plan = checked(sheet_of(TYPED, *rows))
    assert [line.reference for line in plan.lines] == ["0081", "0082", "0083"]
    assert [line.outcome for line in plan.lines] == ["new"] * 3


def test_a_slip_in_a_large_number_uses_up_no_numbers():
    rows = [["Safer Community", title, "", "", "", ""] for title in ("99999990 - Slip", "One")]
    assert [line.reference for line in checked(sheet_of(TYPED, *rows)).lines] == [
        "99999990",
        "0074",
    ]


def test_what_is_refused_uses_up_no_number():
    rows = [
        ["Safer Community", "One", "", "", "", ""],
        ["Safer Community", "Two", "", "", "", "13/2024"],
        ["Nature", "Three", "", "", "", ""],
        ["Safer Community", "Four", "", "", "", ""],
    ]
    plan = checked(sheet_of(TYPED, *rows))
    assert [(line.outcome, line.reference) for line in plan.lines] == [
        ("new", "0074"),
        ("refused", ""),
        ("waiting", "0075"),
        ("new", "0076"),
    ]


@pytest.mark.parametrize("title", ["0061 FGM again", "61 - FGM again", "0061, FGM again"])
def test_a_title_that_begins_like_a_protocols_number_is_no_new_one(title):
    line = checked_row("Safer Community", title)
    number = title.split()[0].rstrip(",")
    assert wrongs(line) == [
        (
            "B",
            f"This title begins with the number of a protocol, {number}, but not as a reference"
            " is written.",
        )
    ]
    assert line.problems[0].fix.startswith("Write '0061 - '")


def test_a_title_may_begin_with_any_other_number():
    assert checked_row("Safer Community", "16-19 Provision").outcome == "new"


def test_two_references_in_a_row_must_be_one():
    headings = ["Reference", "Title"]
    same = checked_row("61", "0061 - FGM", headings=headings)
    assert (same.outcome, same.reference) == ("unchanged", "0061")
    line = checked_row("0061", "0062 - FGM", headings=headings)
    assert wrongs(line) == [
        ("B", "The title begins with 0062, and the reference of this row is 0061.")
    ]


def test_what_may_be_a_slip_is_remarked_on():
    far = checked_row("Safer Community", "9999999 - FGM", "", "ECC", "Essex County Council")
    assert (far.outcome, far.remarks) == (
        "new",
        [
            "The lead stands among the other organisations too.",
            "This number is far from the last: 9,999,925 before it stay unused for ever.",
            "Protocol 0061 has this very title too.",
        ],
    )
    headings = ["reference", "purpose", "Lead Organisation"]
    emptied = checked_row("0061", "", "", headings=headings)
    assert emptied.outcome == "changed"
    assert emptied.remarks == [
        "This empties the purpose.",
        "This empties the lead organisation.",
    ]


def test_there_may_be_no_number_left():
    Gap.objects.create(reference="99999999", fate="never")
    line = checked_row("Safer Community", "One")
    assert wrongs(line) == [("", "There is no next free reference.")]
