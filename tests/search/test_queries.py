"""A page of the register costs a few queries, however many protocols it shows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.makers import OrganisationFactory, ThemeFactory, make_protocols
from tests.search.questions import results_of

pytestmark = pytest.mark.both_databases

MOST = 8
A_SEARCH = 2  # in texts and names, of words and of what stands for them; and which of these occur
PASSAGES = 1  # other names, for those of a page
QUESTIONS = [
    "",
    "q=essex",
    "q=essex&sort=relevance",
    "theme=safer-community",
    "theme=safer-community&theme=learning-and-education",
    "organisation=eput",
    "organisation=eput&organisation=Essex+Police&role=partner",
    "role=lead",
    "review=overdue&review=due-soon",
    "review=none",
    "review_from=2020-01&review_to=2030-12",
    "status=all",
    "status=withdrawn",
    "sort=title",
    "sort=-review",
    "page=2",
    "q=a&theme=safer-community&organisation=essex-police&role=partner&review=overdue"
    "&review_from=2000-01&review_to=2040-01&status=all&sort=relevance",
    "organisation=nobody&theme=nowhere",
    "q=children",  # with seven synonyms in two groups
    "q=children&sort=relevance",
]


def show(query: str) -> int:
    """Look at all that the page of the register shows; return how many protocols those are."""
    results = results_of(query)
    shown = [results.facets, results.tags, results.query_string, results.shows_status]
    if results.errors:
        return 0
    shown += [results.count, results.page_count, results.page_exists, results.next_query]
    for row in results.rows:
        assert row.listed
        shown += [row.theme, row.passages, row.listed.lead, row.listed.partners]
    if results.is_grouped:
        shown += [group.theme.name for group in results.groups]
    return len(results.rows)


def allowed(query: str) -> int:
    """How many queries a page may cost."""
    return MOST + (A_SEARCH + PASSAGES if "q=" in query else 0)


@pytest.mark.parametrize("query", QUESTIONS)
def test_a_page_costs_few_queries(real_register, django_assert_max_num_queries, query):
    show("")  # a server reads the register once, when it starts
    with django_assert_max_num_queries(allowed(query)):
        show(query)


GROWING = [
    "",
    "q=title",
    "theme=theirs",
    "organisation=lead&organisation=partner&role=partner",
    "status=all&sort=-review",
    "review=none&sort=title",
]


def cost(query: str) -> tuple[int, int]:
    """How many protocols are shown, and for how many queries."""
    show("")
    with CaptureQueriesContext(connection) as queries:
        shown = show(query)
    return shown, len(queries)


@pytest.mark.parametrize("query", GROWING)
def test_the_number_of_queries_does_not_grow(empty_register, query):
    theme = ThemeFactory(name="Theirs")
    parties = [OrganisationFactory(name="Lead"), OrganisationFactory(name="Partner")]
    make_protocols(10, theme=theme, parties=parties)
    few, queries = cost(query)
    make_protocols(50, theme=theme, parties=parties)
    assert (few, cost(query)) == (10, (50, queries))
    assert queries <= allowed(query)
