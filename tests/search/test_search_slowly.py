"""Searches of random words, compared with a plain loop over every word of every protocol."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registers.search.index import Index, current_index
from registers.search.text.search import search as search_for
from tests.lengths import times
from tests.makers import ORGANISATIONS, TITLE_WORDS
from tests.search.searching_slowly import Slow

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

PIECES = (
    *TITLE_WORDS,
    *("children", "adults", "taxe", "quoted", "it's", "slash", "dept", "of", "and", "b", "9"),
    *("900", "9012", "ISP", "a_b", "50%", "licnuoc", "zzzz", "~", "Ashdown-Council"),
    *("childyouth", "fraud-house", "ashdowncouncil", "CHILD", "AshC", "ASHC", "BT", "TAXES"),
    *(
        "protocol 9012",
        "ref 12",
        "isp no 9012",
        "9012?",
        "16-19",
        "A&E",
        "A & E",
        "2022",
        "in force",
    ),
    *("pupils", "constabulary", "GP", "GPs", "school place", "care home", "a doctor's"),
    *("who shares data about my", "what", "data", "information", "nur-se"),
    *(word for names in ORGANISATIONS.values() for name in names for word in name.split()),
)
CHUNKS = st.tuples(
    st.sampled_from(("", "", "", "-", '"', '-"')),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=2),
).map(lambda chunk: chunk[0] + " ".join(chunk[1]) + chunk[0][-1:].strip("-"))
TYPED = st.lists(CHUNKS, min_size=1, max_size=3).map(" ".join)


@pytest.fixture
def both(one_rich_register) -> tuple[Slow, Index]:
    return Slow(), current_index()


@settings(max_examples=times(60, long=2000))
@given(typed=TYPED)
@example(typed="child -youth")
@example(typed='"child youth" ash')
@pytest.mark.has_long_form
def test_the_database_finds_what_a_loop_finds(both, typed):
    slow, index = both
    search = search_for(typed, index)
    tiers = search.tiers
    found = {index.references.at([s])[0]: int(tiers[s]) for s in search.mask.nonzero()[0].tolist()}
    assert found == slow.search(search.corrected or typed)
    if not found:
        some = set(index.references.at(search.most_words.nonzero()[0].tolist()))
        assert some == slow.most_words(search.text)
