"""Which protocols some words find, one place and one mark at a time."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from registers import changes
from registers.models import Name
from tests.finding.questions import finding_of
from tests.makers import OrganisationFactory, PartyFactory, ProtocolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def register(real_register) -> None:
    pass


def found(words: str, **rest: str) -> list[str]:
    return [each.pk for each in finding_of(urlencode({"q": words, **rest})).page]


@pytest.fixture
def owls() -> None:
    """Two protocols that have nothing in common, with the real ones around them."""
    organisation = OrganisationFactory(name="Barn Owls")
    changes.save(Name(organisation=organisation, text="Screech Trust", kind="former"))
    protocol = ProtocolFactory(reference="777001", title="Night FLIGHT", purpose="Counting Nests")
    PartyFactory(protocol=protocol, organisation=organisation, name_as_published="Tyto Alba (Kent)")
    PartyFactory(protocol__reference="777002", protocol__title="By day")


PLACES = {
    "reference": "777001",
    "part of the reference": "77001",
    "title": "flight",
    "part of a word": "LIGH",
    "purpose": "nESTS",
    "official name": "oWLs",
    "former name": "screech",
    "name as published": "TYTO",
    "words in different places": "77700 owls flight counting",
    "one word twice": "owls owls",
}


@pytest.mark.parametrize("words", PLACES.values(), ids=PLACES)
def test_a_word_is_found_wherever_it_stands_in_any_case(owls, words):
    assert found(words) == ["777001"]


NOWHERE = {
    "one word of two": "flight squirrels",
    "across two words": "nightflight",
    "two protocols": "flight day",
}


@pytest.mark.parametrize("words", NOWHERE.values(), ids=NOWHERE)
def test_every_word_must_stand_in_one_protocol(owls, words):
    assert found(words) == []


def test_as_many_words_as_fit_are_all_wanted():
    words = " ".join(["essex"] * 33)
    assert found(words) == found("essex") != []
    assert found(f"{words} q") == found("essex q") != found("essex")
    assert found(f"{words} ~") == []


MARKS = ["y%k", "y_k", "y\\k", "ya*", '"yak"', "^yak", "yak';--", "NEAR(yak", "title:yak", "-yak"]


@pytest.mark.parametrize("word", MARKS)
def test_a_mark_in_a_word_means_nothing_but_itself(word):
    ProtocolFactory(title="Yak yaks", purpose="yak")
    assert found(word) == []
    party = PartyFactory(name_as_published=f"A{word}B")
    assert found(word) == [party.protocol_id]


def test_the_best_match_is_the_reference_then_the_title():
    for reference, text in (("901234", ""), ("900001", "About 901234"), ("900000", "")):
        ProtocolFactory(reference=reference, title=text or "A title", purpose="see 901234")
    assert found("901234", sort="relevance") == ["901234", "900001", "900000"]
    assert found(" 901234  ", sort="relevance") == ["901234", "900001", "900000"]
