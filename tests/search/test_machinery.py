"""What only the register itself writes can be named in a log; and questions at their edges."""

from __future__ import annotations

import pytest

from registers.models import RegisterVersion, SearchEntry, VocabularyWord
from registers.search.text.query import parse_query
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db


def test_each_has_a_name(real_register):
    now = RegisterVersion.now()
    assert str(now) == f"{now.number}-{now.token}"
    entry = SearchEntry.objects.get(protocol="0012")
    assert str(entry) == f"0012 in version {entry.changed_in}"
    assert str(VocabularyWord.objects.get(text="safeguarding")) == "safeguarding"


def test_a_kind_of_protocol_without_a_number_falls_away():
    assert [term.word for term in parse_query("isp children")] == ["children"]
    assert [term.word for term in parse_query("children isp")] == ["children"]
    assert [term.word for term in parse_query("isp bees dsa")] == ["bees"]
    assert [term.word for term in parse_query("isp dsa")] == ["isp", "dsa"]


def test_a_question_without_words_searches_for_nothing(real_register):
    results = results_of("theme=safer-community")
    assert (results.search, results.missing_reference) == (None, "")
    assert results.uncorrected_query == results.query_string
    assert results.relevance_query == "theme=safer-community&sort=relevance"
