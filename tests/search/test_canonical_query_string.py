"""One question, one string: and every way from a page of results to the next."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.questions import DAYS, SORTS, query_string, questions, results_of

pytestmark = pytest.mark.django_db
many = settings(max_examples=40)


def plain(results) -> dict[str, object]:
    """A question without its page, and without regard to the order of what is repeated."""
    return {
        name: set(value) if isinstance(value, list) else value
        for name, value in results.values.items()
        if name != "page"
    }


class TestAnyQuestion:
    @many
    @given(asked=questions(), data=st.data())
    def test_equal_questions_have_equal_strings(self, one_rich_register, asked, data):
        pairs = parse_qsl(query_string(asked))
        extra = [("colour", "blue"), ("q", ""), ("theme", ""), ("organisation", ""), ("review", "")]
        extra = [pair for pair in extra if pair[0] != "q" or "q" not in asked]
        again = data.draw(st.permutations([*pairs, *extra]))
        assert (
            results_of(urlencode(again)).query_string == results_of(urlencode(pairs)).query_string
        )

    @many
    @given(asked=questions(), on=st.sampled_from(DAYS))
    def test_the_string_asks_the_same_again(self, one_rich_register, asked, on):
        first = results_of(query_string(asked), on)
        again = results_of(first.query_string, on)
        assert again.errors == {}
        assert plain(again) == plain(first)
        assert again.query_string == first.query_string
        assert again.page_number == 1
        assert [each.pk for each in again.iterator()] == [each.pk for each in first.iterator()]

    @many
    @given(asked=questions())
    def test_each_tag_leads_to_the_question_without_its_thing(self, one_rich_register, asked):
        pairs = parse_qsl(query_string(asked))
        usual = {("status", "current"), ("through", "any")}
        things = [
            (name, value)
            for name, value in pairs
            if name not in {"sort", "page"} and (name, value) not in usual and value.strip()
        ]
        without = [urlencode([pair for pair in pairs if pair != thing]) for thing in things]
        assert sorted(tag.query_without for tag in results_of(urlencode(pairs)).tags) == sorted(
            results_of(query).query_string for query in without
        )


def test_tags_say_in_words_what_is_asked_for(real_register):
    results = results_of(
        "q=child+care&theme=safer-community&theme=learning-and-education&organisation=eput"
        "&role=lead&review=due-soon&review_from=2024-03&review_to=0987-12&status=all&page=2&sort=title"
    )
    assert results.errors.keys() == {"review_to"}
    assert [(tag.name, tag.label) for tag in results.tags] == [
        ("Search", "child care"),
        ("Theme", "Safer Community"),
        ("Theme", "Learning and Education"),
        ("Organisation", "Essex Partnership University NHS Foundation Trust"),
        ("Role", "Lead"),
        ("Review", "Due soon"),
        ("Review from", "March 2024"),
        ("Status", "In force and withdrawn"),
    ]


def test_the_string_has_one_order_and_leaves_out_what_is_usual(real_register):
    results = results_of(
        "page=3&sort=theme&status=withdrawn&review_to=2025-01&review=overdue&review=none&role=lead"
        "&organisation=Essex+Police&organisation=eput&theme=safer-community&q=%26care"
    )
    assert results.query_string == (
        "q=%26care&theme=safer-community&organisation=essex-partnership-university-nhs-foundation-"
        "trust&organisation=essex-police&role=lead&review=none&review=overdue&review_to=2025-01"
        "&status=withdrawn"
    )
    assert results.query(page=2, q=None, review=[], organisation=["eput"], sort="title") == (
        "theme=safer-community&organisation=eput&role=lead&review_to=2025-01&status=withdrawn"
        "&sort=title&page=2"
    )


@pytest.mark.parametrize("month", ["0001-01", "0987-12", "9999-12"])
def test_a_month_far_away_keeps_its_four_digits(real_register, month):
    results = results_of(f"review_from={month}&review_to={month}")
    assert (results.errors, results.count) == ({}, 0)
    assert results.query_string == f"review_from={month}&review_to={month}"


def test_the_sorts_are_those_that_can_be_asked_for(real_register):
    assert [value for value, _ in results_of("").sorts] == list(SORTS)
    assert [results_of(f"sort={value}").errors for value in SORTS] == [{}] * len(SORTS)
