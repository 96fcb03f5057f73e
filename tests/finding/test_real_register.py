"""What the real register answers, and that every number leads to a list of its length."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from registers.search.facets import Facets
from tests.finding.questions import finding_of

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]
REPEATABLE = {"theme", "organisation", "review"}


@pytest.fixture(autouse=True)
def register(real_register) -> None:
    pass


def test_every_published_protocol_stands_under_its_theme():
    finding = finding_of("")
    assert (finding.count, finding.pages) == (25, 1)
    assert [(group.theme.name, group.count) for group in finding.groups] == [
        ("Growing Essex Economy", 3),
        ("Health and Wellbeing", 9),
        ("Learning and Education", 9),
        ("Safer Community", 4),
    ]
    assert [choice.count for choice in finding.facets.theme] == [3, 9, 9, 4]


def test_all_25_are_overdue():
    assert [(choice.value, choice.count) for choice in finding_of("").facets.review] == [
        ("overdue", 25),
        ("due-soon", 0),
        ("in-date", 0),
        ("none", 0),
    ]


def test_an_organisation_that_is_written_in_three_ways_has_four_protocols():
    found = ["0036", "0045", "0046", "0072"]
    assert [each.pk for each in finding_of("organisation=eput&sort=reference").page] == found
    assert [each.pk for each in finding_of("q=eput&sort=reference").page] == found


def choices(facets: Facets) -> list[tuple[str, str, int | None]]:
    return [
        (name, choice["value"], choice["count"])
        for name, facet in asdict(facets).items()
        for choice in facet
    ]


def followed(finding, name: str, value: str):
    """The finding that a choice leads to."""
    return finding_of(finding.query(**{name: [value] if name in REPEATABLE else value}))


def length(finding) -> int:
    return len(list(finding.every()))


def test_every_choice_leads_to_a_list_as_long_as_its_number():
    start = finding_of("")
    assert len(choices(start.facets)) == 4 + 10 + 2 + 4 + 3
    for name, value, count in choices(start.facets):
        next_one = followed(start, name, value)
        assert count == next_one.count == len(next_one.page) == length(next_one), (name, value)


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
    start = finding_of(query)
    for name, value, count in choices(start.facets):
        assert count == length(followed(start, name, value)), (name, value)
