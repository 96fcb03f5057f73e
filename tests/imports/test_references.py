"""Which protocol a row is about, and which numbers new ones get."""

from __future__ import annotations

import dataclasses

import pytest

from registers.imports.spreadsheet.choices import Choice, Choices
from registers.models import Gap, Protocol, Theme
from tests.imports.spreadsheets import TYPED, as_mapped, checked, checked_row, sheet_of

pytestmark = pytest.mark.usefixtures("real_register")


def wrongs(line) -> list[tuple[str, str]]:
    return [(problem.column, problem.wrong) for problem in line.problems]


@pytest.mark.both_databases
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
    emptied = checked_row("0061", "", headings=["reference", "Other Organisations Involved"])
    assert (emptied.outcome, emptied.remarks) == (
        "changed",
        ["This empties the other organisations."],
    )


def test_a_jump_of_the_numbers_is_told_once_and_not_of_each_row_behind_it():
    plan = checked(sheet_of(["Ref", "Title"], *([f"09{n:02}", f"Number {n}"] for n in (2, 1, 3))))
    told = {line.reference: len(line.remarks) for line in plan.lines}
    assert told == {"0901": 1, "0902": 0, "0903": 0}


def test_there_may_be_no_number_left():
    Gap.objects.create(reference="99999999", fate="never")
    line = checked_row("Safer Community", "One")
    assert wrongs(line) == [("", "There is no next free reference.")]


@pytest.fixture
def any_form(real_register, settings):
    """Nothing is said of how references look; two are there that look alike."""
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references="any")
    for number in (7, 8):
        Protocol.objects.create(reference=f"DSA/2024/0{number}", title=f"Number {number}")


@pytest.mark.parametrize(
    ("title", "reference", "left"),
    [
        ("DSA/2024/09 - Homes", "DSA/2024/09", "Homes"),
        ("dsa/2025/1 \u2013 Homes", "dsa/2025/1", "Homes"),
        ("DSA/2024/10 Homes", "DSA/2024/10", "Homes"),
        ("DSA/2024/7 - Homes", "DSA/2024/7", "Homes"),
        ("0061 - FGM", "0061", "FGM"),
        # These look like no reference of this register.
        ("FIP/2024/09 - Homes", "DSA/2024/09", "FIP/2024/09 - Homes"),
        ("2018 - 19 returns", "DSA/2024/09", "2018 - 19 returns"),
        ("COVID-19 testing", "DSA/2024/09", "COVID-19 testing"),
    ],
)
@pytest.mark.usefixtures("any_form")
def test_a_reference_in_a_title_looks_like_those_that_are_there(title, reference, left):
    line = checked_row("Safer Community", title)
    assert (line.reference, line.title) == (reference, left)


HEADINGS = ("Theme", "Title", "Purpose")
BY_TITLE = as_mapped(HEADINGS, match_titles=True)


def matched(*rows, choices: Choices | None = None):
    plan = checked(sheet_of(HEADINGS, *rows), mapping=BY_TITLE, choices=choices)
    return [(line.outcome, line.reference) for line in plan.lines], plan


@pytest.mark.both_databases
def test_a_title_names_its_protocol_within_its_theme():
    rows = [
        ["Safer Community (4)", "fgm", "Another purpose."],
        ["Safer Community", "FGM of others", ""],
    ]
    found, _ = matched(*rows)
    assert found == [("changed", "0061"), ("new", "0074")]
    # Only where the mapping says so.
    (line,) = checked(sheet_of(HEADINGS, rows[0])).lines
    assert line.outcome == "refused"


def test_a_title_under_another_theme_is_no_match():
    found, plan = matched(["Learning and Education", "FGM", ""])
    assert found == [("refused", "")]
    assert "0061" in plan.lines[0].problems[0].wrong
    assert "0061" in plan.lines[0].problems[0].fix


def test_a_title_without_a_theme_may_be_of_any():
    headings = ("Title", "Purpose")
    mapping = as_mapped(headings, match_titles=True)
    (line,) = checked(sheet_of(headings, ["FGM", "x"]), mapping=mapping).lines
    assert (line.outcome, line.reference) == ("changed", "0061")


def test_a_theme_by_default_moves_no_protocol():
    headings = ("Title", "Purpose")
    theme = {"theme": "Learning and Education"}
    mapping = as_mapped(headings, match_titles=True, defaults=theme)
    sheet = sheet_of(headings, ["FGM", "x"], ["Another", "x"])
    known, new = checked(sheet, mapping=mapping).lines
    assert (known.reference, [edit.column for edit in known.edits]) == ("0061", ["purpose"])
    assert [edit.column for edit in new.edits] == ["title", "purpose", "theme"]


def test_a_title_that_two_protocols_have_is_refused():
    theme = Theme.objects.get(name="Safer Community")
    Protocol.objects.create(reference="9001", title="FGM", theme=theme)
    found, plan = matched(["Safer Community", "FGM", ""])
    assert found == [("refused", "")]
    assert "0061, 9001" in plan.lines[0].problems[0].wrong


def test_a_theme_that_is_chosen_decides_on_the_title():
    row = ["Safety", "FGM", "x"]
    found, _ = matched(row)
    assert found == [("waiting", "0074")]
    choices = Choices()
    choices.choose_theme("Safety", Choice(name="Safer Community"))
    assert matched(row, choices=choices)[0] == [("changed", "0061")]


def test_a_title_twice_is_refused_within_its_theme_alone():
    community, education = "Safer Community", "Learning and Education"
    new = [[community, "New", ""], [education, "New", ""]]
    assert matched(*new)[0] == [("new", "0074"), ("new", "0075")]
    assert matched(new[0], new[0])[0] == [("refused", "")] * 2
    found, _ = matched([community, "FGM", ""], [community, "0061 - FGM again", ""])
    assert found == [("refused", "0061")] * 2
