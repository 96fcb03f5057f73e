"""Likely duplicates in admin: merged from there, told apart, and that taken back."""

from __future__ import annotations

import html
from typing import Any

import pytest

from registers.admin.merging import merge
from registers.models import Apart, Change, Organisation
from tests.admin.typing_in import Page, address, messages
from tests.merging import named
from tests.models.making import saved

pytestmark = pytest.mark.usefixtures("real_register")
URL = address("organisation", "duplicates")


def words(page: Any) -> str:
    assert Page(page.content.decode()).inline == []
    return " ".join(html.unescape(page.content.decode()).split())


@pytest.fixture
def cares(real_register) -> Organisation:
    return saved(Organisation(name="Essex Cares"))


def test_there_are_none_in_the_register(officers_door):
    assert URL in words(officers_door.get(address("organisation", "changelist")))
    assert "No two organisations have names that look alike." in words(officers_door.get(URL))


def test_a_pair_with_the_reason_and_where_to_merge(officers_door, cares):
    said = words(officers_door.get(URL))
    limited = named("Essex Cares Ltd")
    assert "The same words, apart from their order or words such as ‘The’ and ‘Ltd’" in said
    assert "Protocols in force: 1 and 0." in said
    assert f"{address('organisation', 'merge', limited.pk)}?other={cares.pk}" in said


def test_told_apart_for_good_until_it_is_taken_back(officers_door, cares):
    limited, changed = named("Essex Cares Ltd"), Change.objects.count()
    pair = {"one": limited.pk, "other": cares.pk}
    for _ in range(2):
        page = officers_door.post(URL, pair, follow=True)
        assert "Essex Cares Ltd and Essex Cares are marked as different" in messages(page)
        assert "Marked as different" in words(page)
        assert "These are different" not in words(page)
    assert Apart.objects.count() == 1
    assert str(Apart.objects.get()) == "Essex Cares Ltd is not Essex Cares"
    page = officers_door.post(URL, pair | {"_again": "x"}, follow=True)
    assert "can be suggested again" in messages(page)
    assert "These are different" in words(page)
    assert not Apart.objects.exists()
    assert Change.objects.count() == changed


BAD = {
    "none": ({}, "is no longer in this register."),
    "one that is gone": ({"one": 1, "other": 99999}, "is no longer in this register."),
    "itself": ({"one": "cares", "other": "cares"}, "These are the same organisation."),
}


@pytest.mark.parametrize(("typed", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_told_apart(officers_door, cares, typed, sentence):
    sent = {name: cares.pk if key == "cares" else key for name, key in typed.items()}
    assert sentence in messages(officers_door.post(URL, sent, follow=True))
    assert not Apart.objects.exists()


def test_pages(officers_door, cares, monkeypatch):
    saved(Organisation(name="Payerise Ltd"))
    monkeypatch.setattr(merge, "PAIRS_PER_PAGE", 1)
    first = words(officers_door.get(URL))
    assert "Page 1 of 2: 2 in all." in first
    assert "Essex Cares" in first
    second = words(officers_door.get(f"{URL}?page=2"))
    assert "Previous page" in second
    assert "Payerise Ltd" in second
