"""What the real register answers, and that every number leads to a list of its length."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from registers.search.facets import Facets
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
REPEATABLE = {"theme", "organisation", "review"}


@pytest.fixture(autouse=True)
def register(real_register) -> None:
    pass


def test_every_published_protocol_stands_under_its_theme():
    results = results_of("")
    assert (results.count, results.page_count) == (25, 1)
    assert [(group.theme.name, group.count) for group in results.groups] == [
        ("Growing Essex Economy", 3),
        ("Health and Wellbeing", 9),
        ("Learning and Education", 9),
        ("Safer Community", 4),
    ]
    assert [choice.count for choice in results.facets.theme] == [3, 9, 9, 4]


def test_all_25_are_overdue():
    assert [(choice.value, choice.count) for choice in results_of("").facets.review] == [
        ("overdue", 25),
        ("due-soon", 0),
        ("in-date", 0),
        ("none", 0),
    ]


def test_an_organisation_that_is_written_in_three_ways_has_four_protocols():
    found = ["0036", "0045", "0046", "0072"]
    assert [
        each.pk for each in results_of("organisation=eput&sort=reference").page_protocols
    ] == found
    assert [each.pk for each in results_of("q=eput&sort=reference").page_protocols] == found


def choices(facets: Facets) -> list[tuple[str, str, int | None]]:
    return [
        (name, choice["value"], choice["count"])
        for name, facet in asdict(facets).items()
        for choice in facet
    ]


def followed(results, name: str, value: str):
    """The results that a choice leads to."""
    return results_of(results.query(**{name: [value] if name in REPEATABLE else value}))


def length(results) -> int:
    return len(list(results.iterator()))


def test_every_choice_leads_to_a_list_as_long_as_its_number():
    start = results_of("")
    assert len(choices(start.facets)) == 4 + 1 + 5 + 2 + 4 + 3
    for name, value, count in choices(start.facets):
        next_one = followed(start, name, value)
        assert count == next_one.count == len(next_one.page_protocols) == length(next_one), (
            name,
            value,
        )


FIRST = [
    "theme=health-and-wellbeing",
    "theme=safer-community&theme=growing-essex-economy",
    "organisation=essex-county-council",
    "organisation=eput&organisation=provide",
    "organisation=eput&role=lead",
    "role=lead",
    "role=partner",
    "review=overdue",
    "review=none",
    "status=all",
    "status=withdrawn",
    "q=children",
    "review_to=2022-12&q=essex&theme=learning-and-education",
]


@pytest.mark.parametrize("query", FIRST)
def test_and_so_does_every_choice_after_a_first(query):
    start = results_of(query)
    for name, value, count in choices(start.facets):
        assert count == length(followed(start, name, value)), (name, value)
