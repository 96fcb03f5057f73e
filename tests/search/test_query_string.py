"""What a query string may hold: every value that cannot be right, and every way to be right."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from registers.search.query_string import MAX_SEARCH_LENGTH, query_value
from tests.makers import OrganisationFactory
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
EPUT = "essex-partnership-university-nhs-foundation-trust"
POLICE = "essex-police"


@pytest.fixture(autouse=True)
def register(real_register) -> None:
    pass


def no_choice(label: str, value: str) -> str:
    return f"{label}: ‘{value}’ is not one of the options. Select one of the options."


def no_organisation(value: str) -> str:
    return f"Organisation: no organisation in this register is called ‘{value}’."


def no_month(label: str, value: str) -> str:
    like = "Enter a month and a year, like 3 2024 (in an address, 2024-03)."
    return f"{label}: ‘{value}’ is not a month. {like}"


NO_SUCH_MONTH = "month must be a number from 1 to 12"


def no_page(value: str) -> str:
    return f"Page: ‘{value}’ is not the number of a page."


BACKWARDS = "Review to: enter the same month as ‘from’, or a later one."
# What stands for undecodable bytes, such as half of a surrogate pair.
UNREADABLE = "\ufffd" * 3

# By what is wrong: the query string, and the sentence by field.
BAD = {
    "words over the limit": (
        {"q": "x" * (MAX_SEARCH_LENGTH + 1)},
        {"q": "Search: Ensure this value has at most 200 characters (it has 201)."},
    ),
    "100 kB of words": (
        {"q": "words " * 17_000},
        {"q": "Search: Ensure this value has at most 200 characters (it has 101999)."},
    ),
    "NUL in words": ({"q": "a\0b"}, {"q": "Search: Null characters are not allowed."}),
    "unknown theme": ({"theme": "sport"}, {"theme": no_choice("Theme", "sport")}),
    "theme by name": (
        {"theme": "Safer Community"},
        {"theme": no_choice("Theme", "Safer Community")},
    ),
    "theme by key": ({"theme": "1"}, {"theme": no_choice("Theme", "1")}),
    "one theme of two unknown": (
        {"theme": ["safer-community", "sport"]},
        {"theme": no_choice("Theme", "sport")},
    ),
    "NUL in theme": ({"theme": "a\0"}, {"theme": no_choice("Theme", "a\0")}),
    "long theme": ({"theme": "x" * 5000}, {"theme": no_choice("Theme", f"{'x' * 60}…")}),
    "theme of 60": ({"theme": "x" * 60}, {"theme": no_choice("Theme", "x" * 60)}),
    "unknown organisation": ({"organisation": "nasa"}, {"organisation": no_organisation("nasa")}),
    "through luck": ({"through": "luck"}, {"through": no_choice("Through", "luck")}),
    "unknown other": (
        {"with": "nasa"},
        {"with": "Named together with: no organisation in this register is called ‘nasa’."},
    ),
    "with itself": (
        {"organisation": "eput", "with": EPUT},
        {
            "with": "Named together with: Essex Partnership University NHS Foundation Trust is the"
            " organisation that you asked for. Enter another one."
        },
    ),
    "organisation by key": ({"organisation": "1"}, {"organisation": no_organisation("1")}),
    "organisation of 33 digits": (
        {"organisation": "9" * 33},
        {"organisation": no_organisation("9" * 33)},
    ),
    "organisation without a letter": (
        {"organisation": "!?"},
        {"organisation": no_organisation("!?")},
    ),
    "part of an organisation's name": (
        {"organisation": "police"},
        {"organisation": no_organisation("police")},
    ),
    "one organisation of two unknown": (
        {"organisation": ["eput", "nasa"]},
        {"organisation": no_organisation("nasa")},
    ),
    "long organisation": (
        {"organisation": "x" * 5000},
        {"organisation": no_organisation(f"{'x' * 60}…")},
    ),
    "999 unknown organisations": (
        {"organisation": [f"x{number}" for number in range(999)]},
        {"organisation": no_organisation("x0")},
    ),
    "role": ({"role": "boss"}, {"role": no_choice("Role", "boss")}),
    "role in capitals": ({"role": "LEAD"}, {"role": no_choice("Role", "LEAD")}),
    "the last of two roles": ({"role": ["lead", "boss"]}, {"role": no_choice("Role", "boss")}),
    "review": ({"review": "late"}, {"review": no_choice("Review", "late")}),
    "one review of two": (
        {"review": ["overdue", "late"]},
        {"review": no_choice("Review", "late")},
    ),
    "thirteenth month": (
        {"review_from": "2024-13"},
        {"review_from": f"Review from: {NO_SUCH_MONTH}"},
    ),
    "month nought": ({"review_to": "2024-00"}, {"review_to": f"Review to: {NO_SUCH_MONTH}"}),
    "month of one digit": ({"review_to": "2024-1"}, {"review_to": no_month("Review to", "2024-1")}),
    "year nought": ({"review_to": "0000-01"}, {"review_to": no_month("Review to", "0000-01")}),
    "year of five digits": (
        {"review_to": "12024-01"},
        {"review_to": no_month("Review to", "12024-01")},
    ),
    "a day": ({"review_to": "2024-01-01"}, {"review_to": no_month("Review to", "2024-01-01")}),
    "a month in words": (
        {"review_from": "March 2024"},
        {"review_from": no_month("Review from", "March 2024")},
    ),
    "a month in Arabic digits": (
        {"review_from": "٢٠٢٤-٠٣"},
        {"review_from": no_month("Review from", "٢٠٢٤-٠٣")},
    ),
    "a year in Arabic digits": (
        {"review_from": "٢٠٢٤-03"},
        {"review_from": no_month("Review from", "٢٠٢٤-03")},
    ),
    "NUL in a month": (
        {"review_from": "2024-03\0"},
        {"review_from": "Review from: Null characters are not allowed."},
    ),
    "from after to": (
        {"review_from": "2024-04", "review_to": "2024-03"},
        {"review_to": BACKWARDS},
    ),
    "draft": ({"status": "draft"}, {"status": no_choice("Status", "draft")}),
    "published": ({"status": "published"}, {"status": no_choice("Status", "published")}),
    "sort": ({"sort": "-title"}, {"sort": no_choice("Sort by", "-title")}),
    "a column to sort by": (
        {"sort": "admin_note"},
        {"sort": no_choice("Sort by", "admin_note")},
    ),
    "page 0": ({"page": "0"}, {"page": no_page("0")}),
    "page 000": ({"page": "000"}, {"page": no_page("000")}),
    "page -1": ({"page": "-1"}, {"page": no_page("-1")}),
    "page +1": ({"page": "+1"}, {"page": no_page("+1")}),
    "page x": ({"page": "x"}, {"page": no_page("x")}),
    "page 1.5": ({"page": "1.5"}, {"page": no_page("1.5")}),
    "page 1e3": ({"page": "1e3"}, {"page": no_page("1e3")}),
    "page in Arabic digits": ({"page": "١"}, {"page": no_page("١")}),
    "page in superscript": ({"page": "²"}, {"page": no_page("²")}),
    "NUL in page": ({"page": "1\0"}, {"page": "Page: Null characters are not allowed."}),
    "two fields": (
        {"theme": "sport", "page": "x"},
        {"theme": no_choice("Theme", "sport"), "page": no_page("x")},
    ),
}


@pytest.mark.parametrize(("query", "errors"), BAD.values(), ids=BAD)
def test_what_cannot_be_right_is_named_and_the_rest_kept(query, errors):
    results = results_of(urlencode({"review_to": "2030-12"} | query, doseq=True))
    assert results.errors == errors
    assert results.values.get("review_to") or "review_to" in errors
    for name in results.values.keys() & errors.keys():
        # Of several values the right ones stay, so that a page can show them again.
        assert name in {"theme", "organisation", "with", "review"}
        again = results_of(
            urlencode({name: [query_value(one) for one in results.values[name]]}, doseq=True)
        )
        assert again.errors == {}


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "name", ["theme", "organisation", "with", "role", "through", "review", "status", "sort"]
)
def test_half_a_surrogate_pair_is_no_choice(name):
    (sentence,) = results_of(f"{name}=%ED%A0%80").errors.values()
    assert f"‘{UNREADABLE}’" in sentence


@pytest.mark.both_databases
def test_half_a_surrogate_pair_among_the_words_cannot_be_read():
    results = results_of("q=%ED%A0%80")
    assert results.errors == {
        "q": "Search: This contains a character that cannot be read. Remove it."
    }


def test_of_several_values_the_right_ones_are_kept():
    results = results_of(
        "theme=nonsense&theme=safer-community&organisation=eput&organisation=nobody"
    )
    assert results.errors.keys() == {"theme", "organisation"}
    assert [choice.value for choice in results.facets.theme if choice.chosen] == ["safer-community"]
    assert [choice.chosen for choice in results.facets.organisation] == [True]
    assert results.unknown_organisation == "nobody"
    assert len(results.tags) == 2


def test_a_question_with_an_error_keeps_its_choices_without_numbers():
    results = results_of(
        "q=care&theme=safer-community&organisation=eput&role=boss&review=overdue&review=none"
    )
    facets = results.facets
    choices = [*facets.theme, *facets.organisation, *facets.role, *facets.review, *facets.status]
    assert {choice.count for choice in choices} == {None}
    assert [choice.value for choice in choices if choice.chosen] == [
        *("safer-community", EPUT, "overdue", "none", "current")
    ]
    assert [choice.label for choice in facets.organisation] == [
        "Essex Partnership University NHS Foundation Trust"
    ]
    assert len(facets.theme) == 4
    assert results.shows_status
    assert {tag.query_without for tag in results.tags} == {
        results.query(q=None),
        results.query(theme=None),
        results.query(organisation=None),
        results.query(review=["overdue"]),
        results.query(review=["none"]),
    }


EMPTY = {
    "nothing": "",
    "empty values": "q=&theme=&organisation=&role=&review=&review_from=&review_to=&status=&sort=",
    "an empty page": "page=",
    "the usual values": "status=current&sort=theme&page=1",
    "a page with noughts before": "page=001",
    "spaces": "q=+++&review_from=+&review_to=+&page=+1+",
    "unknown parameters": "colour=blue&utm_source=x&id=%00",
    "parameters of no name": "=&&=x",
    "a parameter in capitals": "THEME=sport",
}


@pytest.mark.parametrize("query", EMPTY.values(), ids=EMPTY)
def test_what_asks_nothing_finds_everything(query):
    results = results_of(query)
    assert (results.errors, results.count, results.page_number) == ({}, 25, 1)
    assert (results.query_string, results.tags) == ("", [])


SAME_AS_EPUT = {
    "acronym": "EPUT",
    "acronym's slug": "eput",
    "official name": "Essex Partnership University NHS Foundation Trust",
    "official slug": EPUT,
    "another name": "Essex Partnership University Foundation Trust",
    "another name's slug": "essex-partnership-university-foundation-trust",
    "with spaces around": " eput ",
}


@pytest.mark.both_databases
@pytest.mark.parametrize("called", SAME_AS_EPUT.values(), ids=SAME_AS_EPUT)
def test_an_organisation_may_be_called_by_any_of_its_names(called):
    results = results_of(f"organisation={quote(called)}")
    assert results.errors == {}
    assert results.query_string == f"organisation={EPUT}"
    assert results.count == 4


def test_an_organisation_called_by_two_names_is_one():
    twice = results_of("organisation=eput&organisation=EPUT&organisation=" + EPUT)
    assert [choice.value for choice in twice.facets.organisation if choice.chosen] == [EPUT]
    assert (len(twice.values["organisation"]), len(twice.tags), twice.count) == (1, 1, 4)


def test_an_organisation_may_be_asked_for_that_has_no_part_in_anything():
    organisation = OrganisationFactory()
    results = results_of(f"organisation={organisation.slug}")
    assert (results.errors, results.count) == ({}, 0)
    (chosen,) = (choice for choice in results.facets.organisation if choice.chosen)
    assert (chosen.value, chosen.count) == (organisation.slug, 0)


REPEATED = {
    "q": ("q", "essex"),
    "theme": ("theme", "safer-community"),
    "organisation": ("organisation", "eput"),
    "role": ("role", "partner"),
    "with": ("with", "eput"),
    "through": ("through", "own"),
    "review": ("review", "overdue"),
    "status": ("status", "all"),
    "review_from": ("review_from", "2024-03"),
    "page": ("page", "1"),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("name", "value"), REPEATED.values(), ids=REPEATED)
def test_1000_repeats_ask_once(name, value):
    once = results_of(urlencode({name: value}))
    often = results_of(urlencode([(name, value)] * 1000))
    assert often.values == once.values
    assert often.query_string == once.query_string
    assert (
        [each.pk for each in often.page_protocols]
        == [each.pk for each in once.page_protocols]
        != []
    )


def test_a_list_that_knows_no_past_refuses_a_past_day(real_register):
    results = results_of("on=2026-11-01&theme=safer-community")
    assert list(results.errors) == ["on"]
    assert results.values["theme"] == ["safer-community"]
    assert results_of("on=2026-11-22").errors == {}
