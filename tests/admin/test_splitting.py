"""Splitting a name off an organisation in admin."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from registers.admin.merging import split
from registers.models import Name, Organisation, Party
from tests.admin.typing_in import Page, address, messages
from tests.merging import dump, named
from tests.models.making import a_name, saved

pytestmark = pytest.mark.usefixtures("real_register")

ALIAS = "Essex Partnership University Foundation Trust"
AS_PUBLISHED = "Essex Partnership University Foundation Trust (EPUT)"


@pytest.fixture
def eput(real_register) -> Organisation:
    found: Organisation = named("EPUT")
    saved(found, a_name("EPUT", AS_PUBLISHED))
    return found


@pytest.fixture
def url(eput) -> str:
    return address("organisation", "split", eput.pk)


def key(text: str) -> int:
    return Name.objects.get(text=text).pk


def words(page: Any) -> str:
    assert Page(page.content.decode()).inline == []
    return " ".join(html.unescape(page.content.decode()).split())


def ticked(page: Any) -> list[str]:
    return [str(each) for each in page.context["adminform"].form["parties"].value()]


def test_it_is_reached_from_the_organisation_and_asks_for_a_name(officers_door, eput, url):
    page = officers_door.get(address("organisation", "change", eput.pk))
    assert url in words(page)
    said = words(officers_door.get(url))
    assert "Split a name off" in said
    assert ALIAS in said
    assert "Foundation Trust</label>" in said


def test_an_organisation_with_one_name(officers_door):
    url = address("organisation", "split", named("Pulse").pk)
    assert "no name but its official one" in words(officers_door.get(url))


def test_what_was_published_so_is_ticked(officers_door, eput, url):
    page = officers_door.get(url, {"name": key(AS_PUBLISHED)})
    theirs = Party.objects.filter(organisation=eput, name_as_published=AS_PUBLISHED)
    assert sorted(ticked(page)) == sorted(str(each.pk) for each in theirs)
    said = words(page)
    assert f"published as ‘{AS_PUBLISHED}’" in said
    assert "0072" in said


def test_brackets_behind_the_name_are_no_other_name(officers_door, eput, url):
    page = officers_door.get(url, {"name": key(ALIAS)})
    theirs = Party.objects.filter(organisation=eput, name_as_published=AS_PUBLISHED)
    assert sorted(ticked(page)) == sorted(str(each.pk) for each in theirs)


@pytest.mark.both_databases
def test_it_is_shown_then_done(officers_door, officer, eput, url):
    before = dump()
    page = officers_door.get(url, {"name": key(AS_PUBLISHED)})
    sent = {"name": key(AS_PUBLISHED), "parties": ticked(page), "why": "Two trusts."}
    page = officers_door.post(url, sent | {"_show": "x"})
    said = words(page)
    assert "Nothing has been done yet." in said
    assert "/organisations/essex-partnership-university-foundation-trust-eput/" in said
    assert "Protocols" in said
    assert dump() == before
    sent["digest"] = page.context["hidden_fields"]["digest"]
    back = officers_door.post(url, sent | {"_write": "x"})
    assert ticked(back) == sent["parties"]
    assert "Two trusts." in words(back)
    done = officers_door.post(url, sent | {"_split": "x"}, follow=True)
    assert f"{AS_PUBLISHED} is now an organisation of its own." in messages(done)
    new = named(AS_PUBLISHED)
    assert new.parties.count() == len(sent["parties"])
    assert {change.by for change in new.changes.all()} == {officer}
    again = officers_door.post(url, sent | {"_split": "x"})
    assert "Select one of the names of this organisation." in words(again)


def test_without_any_part(officers_door, url):
    sent = {"name": key("EPUT"), "_show": "x"}
    assert "No protocols go with it." in words(officers_door.post(url, sent))


def test_otherwise_by_now(officers_door, url):
    sent = {"name": key("EPUT"), "digest": "x", "_split": "x"}
    page = officers_door.post(url, sent)
    assert "the register changed while you were looking" in words(page)
    assert not Organisation.objects.filter(name="EPUT").exists()


def test_more_parts_than_a_page_has_boxes(officers_door, url, monkeypatch):
    monkeypatch.setattr(split, "MAX_PARTIES", 2)
    page = officers_door.get(url, {"name": key("EPUT")})
    assert "2 more are not shown" in words(page)


BAD = {
    "no name": ({"name": ""}, "Select a name."),
    "the official name": ({"name": "official"}, "Select one of the names of this organisation."),
    "another's name": ({"name": "another"}, "Select one of the names of this organisation."),
    "another's part": ({"parties": ["1"]}, "Select protocols of this organisation."),
}


@pytest.mark.parametrize(("bad", "sentence"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_beside_the_box(officers_door, eput, url, bad, sentence):
    keys = {"official": eput.names.get(kind="official").pk, "another": key("ECC")}
    typed = bad | ({"name": keys.get(bad["name"], "")} if "name" in bad else {"name": key("EPUT")})
    before = dump()
    for button in ("_show", "_split"):
        page = officers_door.post(url, typed | {button: "x"})
        errors = page.context["adminform"].form.errors
        assert sentence in str(list(errors.values()))
        assert sentence in words(page)
    assert dump() == before


def test_its_parts_move_in_the_same_moment(officers_door, eput, url, monkeypatch):
    party = eput.parties.all()[0]
    typed = {"name": key(ALIAS), "parties": [party.pk]}
    boxes = officers_door.post(url, typed).context["hidden_fields"]

    def too_late(*args: Any, **kwargs: Any) -> None:
        Party.objects.filter(pk=party.pk).update(organisation=named("Pulse"))
        raise ValidationError("It is no longer there.")

    monkeypatch.setattr("registers.changes.split", too_late)
    page = officers_door.post(url, typed | boxes | {"_split": "1"}, follow=True)
    assert page.redirect_chain == [(address("organisation", "changelist"), 302)]
    assert f"‘{ALIAS}’ was not split off" in messages(page)
