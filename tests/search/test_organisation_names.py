"""Whom a name means, as somebody types it, and whose names are most like it."""

from __future__ import annotations

import pytest

from registers.search.organisation_names import OrganisationNames, letters_of, refuse_unreadable
from tests.makers import OrganisationFactory

pytestmark = pytest.mark.usefixtures("real_register")

MEANT = {
    "an official name": ("Essex Police", "essex-police"),
    "other capitals and spaces": (" ESSEX  POLICE ", "essex-police"),
    "an acronym": ("eput", "essex-partnership-university-nhs-foundation-trust"),
    "an address": ("essex-police", "essex-police"),
    "a published slip": ("Barnardo’s", "barnardos"),
    "a letter left out, and an apostrophe": ("Barnado's", "barnardos"),
    "two letters that changed places": ("Essex Polcie", "essex-police"),
    "another name": ("Essex Partnership University Foundation Trust", "essex-partnership"),
}
NOT_MEANT = {
    "two slips": "Esex Polise",
    "a part of several": "university of",
    "a short name with a slip": "ECCC",
    "nothing": "",
    "signs": "'%_",
    "emoji": "😀",
    "nonsense": "Ministry of Magic",
    "a long name": "x" * 255,
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("text", "slug"), MEANT.values(), ids=MEANT)
def test_a_name_is_understood(text, slug):
    assert OrganisationNames().called(text).slug.startswith(slug)


@pytest.mark.parametrize("text", NOT_MEANT.values(), ids=NOT_MEANT)
def test_another_name_is_not_guessed(text):
    assert OrganisationNames().called(text) is None


def test_a_slip_that_could_be_two_is_not_guessed():
    OrganisationFactory(name="East Sussix Council")
    OrganisationFactory(name="East Sussox Council")
    assert OrganisationNames().called("East Sussax Council") is None


def test_another_number_is_no_slip():
    OrganisationFactory(name="Academy Number 12")
    assert OrganisationNames().called("Academy Number 13") is None
    assert OrganisationNames().called("Academy Numbre 12") is not None


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Esex Polise", "essex-police"),
        ("hospital", "mid-essex-hospital-services-nhs-trust"),
        ("Kent Council", "kent-county-council"),
        ("Essex CC", "essex-county-council"),
    ],
)
def test_names_that_are_most_like_it(text, slug):
    found = OrganisationNames().like(text, most=5)
    assert slug in [each.slug for each in found]
    assert len(found) == len(set(found)) <= 5


@pytest.mark.parametrize("text", ["", "'%_", "😀", "zzzzqqqq"])
def test_nothing_is_like_it(text):
    assert OrganisationNames().like(text, most=5) == []


def test_letters_are_compared_without_signs():
    assert letters_of(" Barnardo’s  (North-East) ") == "barnardos north east"


@pytest.mark.parametrize("text", ["x" * 256, "a\0b", "a\ufffdb"])
def test_what_cannot_be_a_name(text):
    assert refuse_unreadable(text)
    assert not refuse_unreadable("x" * 255)


@pytest.mark.parametrize("text", ["Southend", "southend city", "Essex county"])
def test_letters_within_a_name_are_no_likeness(text):
    found = [each.slug for each in OrganisationNames().like(text, most=5)]
    assert found
    assert "open-university" not in found  # called OU


def test_a_whole_word_of_a_name_comes_before_its_letters():
    found = OrganisationNames().like("NHS", most=5)
    assert len(found) == 5
    assert all("NHS" in " ".join(n.text for n in each.names.all()).split() for each in found)


@pytest.mark.parametrize("text", ["Esex", "Essx county", "Esex Polise"])
def test_words_with_one_slip_come_before_their_letters_in_others(text):
    names = [each.name for each in OrganisationNames().like(text, most=2)]
    assert all("Essex" in name.split() for name in names[: 1 if " " in text else 2])


@pytest.mark.parametrize("text", ["A and E", "of the", "and"])
def test_stop_words_are_like_no_name(text):
    assert OrganisationNames().like(text, most=5) == []
    assert OrganisationNames().with_every_word(text, most=5) == []


def test_initials_are_words_beside_a_word():
    found = OrganisationNames().with_every_word("Essex CC", most=5)
    assert found[0].slug == "essex-county-council"
    assert OrganisationNames().with_every_word("essex zebra", most=5) == []
