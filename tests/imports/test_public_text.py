"""What nothing can be called is refused in its row, and no organisation or theme is made of it."""

from __future__ import annotations

import pytest

from registers.imports.spreadsheet.choices import Choice, Choices
from registers.models import Organisation, Party
from tests.imports.spreadsheets import TYPED, checked, checked_row, sheet_of

pytestmark = pytest.mark.usefixtures("real_register")

SAFER = "Safer Community"
NEW_ONES = {
    "a theme": (["jo@example.org", "9001 - New"], "A", "'jo@example.org': Remove the e-mail"),
    "a long theme": (["a" * 101, "9001 - New"], "A", f"'{'a' * 60}': It is longer than 100"),
    # Of each ß the key has two letters.
    "a theme's key": (["ß" * 51, "9001 - New"], "A", f"'{'ß' * 51}': It is longer than 100"),
    "a party": ([SAFER, "9001 - New", "", "jo@example.org"], "D", "'jo@example.org': Remove"),
    "a long party": ([SAFER, "9001 - New", "", "a" * 256], "D", f"'{'a' * 60}…': It is longer"),
    "a theme nobody can read whole": (
        ["Hea\u202elth", "9001 - New"],
        "A",
        "'Hea\u202elth': Remove the character that cannot be seen (U+202E, right-to-left override)",
    ),
    "a party nobody can read whole": (
        [SAFER, "9001 - New", "", "Elm\u2066 Trust"],
        "D",
        "'Elm\u2066 Trust': Remove the character that cannot be seen (U+2066, left-to-right",
    ),
    "a party's key": ([SAFER, "9001 - New", "", "ß" * 151], "D", f"'{'ß' * 60}': It is longer"),
}


@pytest.mark.parametrize(("row", "column", "wrong"), NEW_ONES.values(), ids=NEW_ONES)
def test_what_nothing_can_be_called_is_not_made(row, column, wrong):
    plan = checked(sheet_of(TYPED, row), choices=Choices(all_new=True, all_new_themes=True))
    (line,) = plan.lines
    (problem,) = line.problems
    assert (line.outcome, problem.column) == ("refused", column)
    assert problem.wrong.startswith(wrong)
    assert (plan.new_organisations, plan.new_themes) == ([], {})


@pytest.mark.parametrize(
    "written", ["Essex\u00ad Police", "ESSEX\u200b\u00a0POLICE", "\ufeffEssex Police"]
)
def test_a_name_that_looks_the_same_is_matched(written):
    line = checked_row(SAFER, "9001 - New", "", "Essex County Council", written)
    (_, partner) = line.parts
    assert partner.organisation == Organisation.objects.named("Essex Police").get().pk


def test_what_nobody_sees_is_taken_out_of_new_names():
    row = ["Hea\u00adlth", "9001 - New", "", "Elm\u200b \u2013 Trust"]
    plan = checked(sheet_of(TYPED, row), choices=Choices(all_new=True, all_new_themes=True))
    assert list(plan.new_themes.values()) == ["Health"]
    assert [each.name for each in plan.new_organisations] == ["Elm \u2013 Trust"]
    assert plan.lines[0].parts[0].written == "Elm \u2013 Trust"


def test_what_is_just_short_enough_is_made():
    row = ["a" * 100 + " (7)", "9001 - New", "", "b" * 255]
    plan = checked(sheet_of(TYPED, row), choices=Choices(all_new=True, all_new_themes=True))
    assert [each.name for each in plan.new_organisations] == ["b" * 255]
    assert list(plan.new_themes.values()) == ["a" * 100]


def test_words_that_name_nobody_may_be_long():
    words = "Please ask for the list " * 20
    choices = Choices()
    choices.choose(words, Choice(note=True))
    line = checked_row(SAFER, "9001 - New", "", "Essex County Council", words, choices=choices)
    assert (line.outcome, line.values["parties_note"]) == ("new", words.strip())


def test_an_address_in_a_plain_text_is_refused():
    purpose = "Ask jo@example.org."
    line = checked_row(SAFER, "9001 - New", purpose, "Essex Police", "Kent County Council")
    assert [(line.outcome, each.column) for each in line.problems] == [("refused", "C")]


def test_words_about_a_person_are_remarked_on():
    number = "020 7946 0958"
    rows = [
        [SAFER, "9001 - New", f"Ring {number}.", "Essex Police", "Kent County Council"],
        [SAFER, "9002 - New", "To warn.", "Essex Police", f"Kent County Council ({number})"],
        [SAFER, "9003 - New", "To warn.", "Essex Police", "Kent County Council"],
        [f"Theme {number}", "9004 - New", "To warn.", "Essex Police", "Kent County Council"],
    ]
    plan = checked(sheet_of(TYPED, *rows), choices=Choices(all_new=True, all_new_themes=True))
    assert [any(number in each for each in line.remarks) for line in plan.lines] == [
        *(True, True, False, True)
    ]
    assert plan.personal == 4  # three rows and the theme
    (said,) = plan.said
    assert "sheet 'Live', row 2, sheet 'Live', row 3, sheet 'Live', row 5 and" in said


@pytest.mark.parametrize(("kept_as", "places"), [("", 1), ("alias", 2)])
def test_the_name_as_published_is_looked_at(kept_as, places):
    written = "Essex Police - Jane 020 7946 0958"
    row, choices = [SAFER, "9001 - New", "", "Kent County Council", written], Choices()
    choices.choose(written, Choice(name="Essex Police", kept_as=kept_as))
    plan = checked(sheet_of(TYPED, row), choices=choices)
    assert any("020 7946 0958" in remark for remark in plan.lines[0].remarks)
    assert plan.personal == places  # the row, and the name that Essex Police gets


def test_an_address_in_the_name_as_published_is_refused():
    written, choices = "Essex Police - jane@example.org", Choices()
    choices.choose(written, Choice(name="Essex Police", kept_as="alias"))
    line = checked_row(SAFER, "9001 - New", "", "Kent County Council", written, choices=choices)
    assert [(line.outcome, each.column) for each in line.problems] == [("refused", "E")]


def test_of_a_published_name_only_what_is_new_is_remarked_on():
    stored = Party.objects.filter(role="lead").first()
    Party.objects.filter(pk=stored.pk).update(name_as_published="Jane 020 7946 0958")
    line = checked_row(
        stored.protocol_id,
        "Kent County Council",
        headings=("Reference", "Other Organisations Involved"),
    )
    assert line.parts is not None
    assert not any("020 7946 0958" in remark for remark in line.remarks)


def test_of_many_the_first_are_named():
    rows = [[SAFER, f"90{each} - New", "AB123456C", "Essex Police"] for each in range(10, 30)]
    plan = checked(sheet_of(TYPED, *rows))
    assert plan.personal == 20
    assert plan.said[0].endswith("sheet 'Live', row 11 and others.")
