"""Findings, each compared with a slow and plain answer to the same random question."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.search.facets import MAX_ORGANISATIONS
from tests.makers import ThemeFactory, make_protocols, withdrawn
from tests.search import slowly
from tests.search.questions import DAYS, query_string, questions, results_of

pytestmark = pytest.mark.django_db
# One register serves every question, for a question changes nothing.
many = settings(max_examples=30)
days = st.sampled_from(DAYS)
THEMES_IN_ORDER = ("alpha", "delta", "bravo", "cobra")


def references(protocols) -> list[str]:
    return [protocol.reference for protocol in protocols]


def standing(groups) -> list[tuple[str, int, bool, list[str]]]:
    return [
        (group.theme.slug, group.count, group.continued, references(group.rows)) for group in groups
    ]


class TestBesideASlowAnswer:
    @pytest.mark.both_databases
    @many
    @given(asked=questions(), on=days)
    def test_the_list_is_the_slow_one(self, rich_register, asked, on):
        results = results_of(query_string(asked), on)
        found = slowly.answer(rich_register, asked, on)
        pages = slowly.pages(found)
        number = int(asked.get("page", 1))

        assert results.errors == {}
        assert results.count == len(found)
        assert results.page_count == len(pages)
        assert results.page_exists == (number <= len(pages))
        assert references(results.iterator()) == [each["reference"] for each in found]
        if not results.page_exists:
            assert results.page_protocols == []
            return
        assert references(results.page_protocols) == [
            each["reference"] for each in pages[number - 1]
        ]
        assert results.is_grouped == (asked.get("sort", "theme") == "theme")
        if results.is_grouped:
            assert standing(results.groups) == slowly.groups(found, number)

    @many
    @given(asked=questions(), on=days)
    def test_every_number_of_every_facet_is_the_slow_one(self, rich_register, asked, on):
        facets = results_of(query_string(asked), on).facets
        counts = slowly.counts(rich_register, asked, on)
        chosen = {"status": "current", "through": "any"} | asked
        names = ["theme", "role", "review", "status"]
        if asked.keys() & {"organisation", "with"}:
            names.append("through")
        else:
            assert facets.through == []
        for name in names:
            choices = getattr(facets, name)
            assert {choice.value: choice.count for choice in choices} == counts[name], name
            assert [choice.value for choice in choices] == list(counts[name]), name
            for choice in choices:
                assert choice.chosen == (choice.value in chosen.get(name, [])), name
        own = {
            slug: len(slowly.answer(rich_register, {**alone, "organisation": [slug]}, on))
            for alone in [{**asked, "with": [], "through": "own"}]
            for slug in rich_register["organisations"]
        }
        check_organisations(facets.organisation, counts["organisation"], own, asked)

    def test_the_rich_register_has_what_the_comparison_needs(self, rich_register):
        """Otherwise the comparison would prove less than it seems."""
        protocols = rich_register["protocols"]
        found = slowly.counts(rich_register, {}, DAYS[0])
        assert all(found["review"].values())
        assert all(found["status"].values())
        assert [slug for slug, count in found["theme"].items() if count] == [*THEMES_IN_ORDER]
        assert len(slowly.answer(rich_register, {"status": "all"}, DAYS[0])) > slowly.PAGE
        assert len(rich_register["organisations"]) > MAX_ORGANISATIONS
        assert any(not any(role == "lead" for _, role in each["parts"]) for each in protocols)
        assert any(
            len({slug for slug, _ in each["parts"]}) < len(each["parts"]) for each in protocols
        )


def check_organisations(choices, counts, own, asked) -> None:
    """Every one asked for stands there, and of the others those that most protocols name."""
    wanted = asked.get("organisation", [])
    assert {choice.value for choice in choices if choice.chosen} == set(wanted)
    for choice in choices:
        assert choice.count == counts.get(choice.value, 0)
    beside = [choice for choice in choices if not choice.chosen]
    assert [-choice.count for choice in beside] == sorted(-choice.count for choice in beside)
    # Where several are equal, any of them may stand last.
    others = own.keys() - {*wanted, *asked.get("with", [])}
    largest = sorted((own[slug] for slug in others), reverse=True)
    shown = sorted((own[choice.value] for choice in beside), reverse=True)
    assert shown == largest[:MAX_ORGANISATIONS]


@pytest.fixture
def three_pages(empty_register) -> None:
    """30, 75 and 20 protocols under three themes, and one that is withdrawn."""
    for name, number in (("First", 30), ("Second", 75), ("Third", 20)):
        make_protocols(number, theme=ThemeFactory(name=name))
    make_protocols(1, theme=ThemeFactory(name="Fourth"), **withdrawn())


PAGES = {
    "1": [("first", 30, False, 30), ("second", 75, False, 20)],
    "2": [("second", 75, True, 50)],
    "3": [("second", 75, True, 5), ("third", 20, False, 20)],
}


@pytest.mark.parametrize(("number", "groups"), PAGES.items(), ids=PAGES)
def test_a_theme_of_several_pages_has_one_count(three_pages, number, groups):
    results = results_of(f"page={number}")
    assert (results.count, results.page_count) == (125, 3)
    assert [
        (group.theme.slug, group.count, group.continued, len(group.rows))
        for group in results.groups
    ] == groups


def test_a_group_that_begins_on_its_page_is_not_continued(empty_register):
    for name in ("First", "Second"):
        make_protocols(50, theme=ThemeFactory(name=name))
    results = results_of("page=2")
    assert (results.page_count, results.next_query) == (2, None)
    (group,) = results.groups
    assert (group.theme.slug, group.count, group.continued) == ("second", 50, False)


def test_a_theme_that_is_not_asked_for_begins_on_no_page(three_pages):
    (group,) = results_of("theme=second").groups
    assert (group.count, group.continued) == (75, False)
    (group,) = results_of("theme=second&page=2").groups
    assert (group.count, group.continued) == (75, True)


def test_the_pages_lead_to_each_other(three_pages):
    first, second, third = (results_of(f"status=&page={number}") for number in (1, 2, 3))
    assert (first.previous_query, first.next_query) == (None, "page=2")
    assert (second.previous_query, second.next_query) == ("", "page=3")
    assert (third.previous_query, third.next_query) == ("page=2", None)
    assert second.query_string == ""


def test_the_pages_together_are_every_protocol_once(three_pages):
    pages = [
        references(results_of(f"sort=-review&page={number}").page_protocols) for number in (1, 2, 3)
    ]
    assert [len(page) for page in pages] == [50, 50, 25]
    together = list(itertools.chain(*pages))
    assert together == references(results_of("sort=-review").iterator())
    assert len(set(together)) == 125


PAST_THE_LAST = {
    "the next": "4",
    "with noughts before": "0004",
    "a thousand million": str(10**9),
    "of 31 digits": str(10**30),
    "of 5,000 digits": "9" * 5000,
}


@pytest.mark.parametrize("number", PAST_THE_LAST.values(), ids=PAST_THE_LAST)
def test_a_page_past_the_last_does_not_exist(three_pages, number):
    results = results_of(f"page={number}")
    assert results.errors == {}
    assert not results.page_exists
    assert results.page_protocols == []
    assert results.count == 125


def test_an_empty_register_has_one_empty_page(empty_register):
    results = results_of("")
    assert (results.count, results.page_count, results.page_exists) == (0, 1, True)
    assert (results.page_protocols, results.groups, results.facets.organisation) == ([], [], [])
    assert not results_of("page=2").page_exists


def test_the_choice_by_status_is_offered_when_it_makes_a_difference(three_pages):
    assert results_of("").shows_status
    assert not results_of("theme=first").shows_status
    assert results_of("theme=first&status=all").shows_status
