"""Merging organisations in admin: chosen, shown beforehand, done, and undone from the list."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from registers.models import (
    Approver,
    Change,
    Contact,
    Merge,
    Organisation,
    Party,
    Reminded,
    Reminder,
)
from tests.admin.typing_in import Page, address, boxes, messages
from tests.makers import make_protocols
from tests.merging import NOON, dump, merged, named
from tests.models.making import a_name, saved

pytestmark = pytest.mark.usefixtures("real_register")

EPUT = "Essex Partnership University NHS Foundation Trust"


@pytest.fixture
def essex(real_register) -> Organisation:
    return named("Essex County Council")


@pytest.fixture
def url(essex) -> str:
    return address("organisation", "merge", essex.pk)


def words(page: Any) -> str:
    text = html.unescape(page.content.decode())
    assert Page(page.content.decode()).inline == []
    return " ".join(text.split())


def show(door: Any, url: str, **typed: Any) -> Any:
    return door.post(url, boxes(door, url) | {"_show": "x"} | typed)


def go_on(door: Any, page: Any, url: str, button: str = "_merge") -> Any:
    held = Page(page.content.decode()).boxes
    return door.post(url, held | {button: "x"}, follow=True)


class TestTheForm:
    def test_is_reached_from_the_organisation(self, officers_door, essex, url):
        page = officers_door.get(address("organisation", "change", essex.pk))
        assert url in words(page)
        form = words(officers_door.get(url))
        assert "Merge with another" in form
        assert "Essex County Council stays" in form

    def test_holds_the_other_that_a_link_names(self, officers_door, url):
        held = boxes(officers_door, f"{url}?other={named('EPUT').pk}")
        assert held["other"] == str(named("EPUT").pk)
        assert "other" not in boxes(officers_door, f"{url}?other=x")

    def test_of_one_that_is_not_there(self, officers_door):
        assert officers_door.get(address("organisation", "merge", 99999)).status_code == 404


BAD = {
    "itself": ({"other": "itself"}, "other", "cannot be merged into itself"),
    "itself by a name": ({"other_name": "ECC"}, "other", "cannot be merged into itself"),
    "nobody": ({}, "other", "Select the other organisation."),
    "an unknown key": ({"other": "99999"}, "other", "is no longer in the register"),
    "an unknown name": ({"other_name": "Nobody"}, "other_name", "has the name ‘Nobody’"),
    "neither stays": ({"other_name": "EPUT", "stays": "x"}, "stays", "Select a valid choice"),
    "no kind": (
        {"other_name": "EPUT", "kind_of_name": "official"},
        "kind_of_name",
        "Select a valid choice",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_beside_the_box(officers_door, essex, url, bad):
    typed, field, sentence = bad
    before, told = dump(), Change.objects.count()
    if typed.get("other") == "itself":
        typed = {"other": essex.pk}
    for button in ("_show", "_merge"):
        page = officers_door.post(
            url, boxes(officers_door, url) | {"why": "Kept as typed."} | typed | {button: "x"}
        )
        errors = page.context["adminform"].form.errors
        assert sentence in html.unescape(str(errors[field]))
        assert "Kept as typed." in words(page)
    assert (dump(), Change.objects.count()) == (before, told)


@pytest.mark.both_databases
class TestWhatWillHappen:
    def test_all_of_it_is_shown_and_nothing_done(self, officers_door, url):
        Contact.objects.create(organisation=named("EPUT"), email="ig@example.org")
        before = dump()
        said = words(show(officers_door, url, other_name="EPUT"))
        assert "Nothing has been done yet." in said
        assert f"{EPUT} (also known as)" in said
        assert "EPUT (acronym)" in said
        assert "/organisations/eput/ leads to /organisations/essex-county-council/" in said
        assert "published as ‘EPUT’" in said
        assert "both take part as partner. Only one row stays." in said
        joined = "Essex County Council; Essex Partnership University Foundation Trust (EPUT)"
        assert joined in said
        assert "ig@example.org" in said
        assert "Earlier changes: 1" in said
        assert dump() == before

    def test_warnings_stand_first(self, officers_door, url):
        said = words(show(officers_door, url, other=named("All Essex Schools").pk))
        assert "All Essex Schools is a group of bodies" in said

    def test_a_contact_that_would_be_dropped(self, officers_door, url):
        for name in ("EPUT", "ECC"):
            Contact.objects.create(organisation=named(name), email=f"{name}@example.org")
        said = words(show(officers_door, url, other_name="EPUT"))
        assert "EPUT@example.org is removed: Essex County Council keeps its own" in said

    def test_approvers(self, officers_door, url):
        for name, title in (("EPUT", "SIRO"), ("EPUT", "Caldicott Guardian"), ("ECC", "SIRO")):
            saved(named(name), Approver(organisation=named(name), job_title=title))
        said = words(show(officers_door, url, other_name="EPUT"))
        assert "SIRO: the other has this already" in said
        assert "<li>Caldicott Guardian</li>" in said

    def test_successions(self, officers_door):
        url = address("organisation", "merge", named("West Essex CCG").pk)
        board = named("NHS Hertfordshire and West Essex Integrated Care Board")
        said = words(show(officers_door, url, other=board.pk))
        assert "this will be removed" in said
        assert "removed, or recorded already" in said

    def test_a_long_list_is_cut_short(self, officers_door, url):
        make_protocols(210, parties=[named("Medway")])
        page = show(officers_door, url, other_name="Medway")
        assert page.context["sections"][0].count > 210
        assert f"and {page.context['sections'][0].count - 200} more" in words(page)

    def test_the_way_back_keeps_what_was_typed(self, officers_door, url):
        page = show(officers_door, url, other_name="EPUT", stays="other", why="A slip.")
        held = Page(go_on(officers_door, page, url, "_write").content.decode()).boxes
        assert (held["stays"], held["why"]) == ("other", "A slip.")
        assert held["other"] == str(named("EPUT").pk)

    def test_two_that_were_reminded_at_once_are_refused(self, officers_door, url):
        for name in ("EPUT", "ECC"):
            reminder = Reminder.objects.create(
                organisation=named(name), day=NOON.date(), email="ig@example.org", begun_at=NOON
            )
            Reminded.objects.create(
                reminder=reminder, protocol_id="0045", review_date=NOON.date().replace(day=1)
            )
        said = words(show(officers_door, url, other_name="EPUT"))
        assert "Both were reminded of 0045 on 22 November 2026" in said
        assert "So these two cannot be merged." in said


@pytest.mark.both_databases
class TestMerging:
    def test_as_it_was_shown(self, officers_door, officer, essex, url):
        page = show(officers_door, url, other_name="eput", kind_of_name="former", why="One body.")
        page = go_on(officers_door, page, url)
        assert f"{EPUT} was merged with Essex County Council." in messages(page)
        assert page.redirect_chain[-1][0] == address("organisation", "change", essex.pk)
        assert named("EPUT") == essex
        assert essex.names.get(text=EPUT).kind == "former"
        change = Merge.objects.get().change
        assert (change.by, change.why, change.organisation) == (officer, "One body.", essex)

    def test_the_other_may_stay(self, officers_door, essex, url):
        page = show(officers_door, url, other_name="EPUT", stays="other")
        go_on(officers_door, page, url)
        assert named("ECC").name == EPUT
        assert not Organisation.objects.filter(pk=essex.pk).exists()

    def test_what_would_be_otherwise_by_now_is_shown_anew(self, officers_door, url):
        page = show(officers_door, url, other_name="EPUT")
        saved(a_name("EPUT", "Essex Partnership"))
        before = dump()
        page = go_on(officers_door, page, url)
        assert "the register changed while you were looking" in messages(page)
        assert "Essex Partnership (also known as)" in words(page)
        assert dump() == before
        assert "was merged with" in messages(go_on(officers_door, page, url))

    def test_without_having_looked(self, officers_door, url):
        typed = {"other": named("EPUT").pk, "_merge": "x"}
        page = officers_door.post(url, boxes(officers_door, url) | typed)
        assert "Nothing has been done" in words(page)
        assert not Merge.objects.exists()

    def test_twice(self, officers_door, url):
        page = show(officers_door, url, other_name="EPUT")
        go_on(officers_door, page, url)
        again = go_on(officers_door, page, url)
        assert "is no longer in the register" in words(again)
        assert Merge.objects.count() == 1


@pytest.mark.both_databases
class TestUndoing:
    LIST = address("merge", "changelist")

    def test_from_the_list(self, officers_door, officer):
        before = dump()
        merge = merged("Essex County Council", "EPUT", by=officer)
        undo = address("merge", "undo", merge.pk)
        listed = words(officers_door.get(self.LIST))
        assert undo in listed
        assert "olive" in listed
        page = officers_door.get(undo)
        said = words(page)
        assert f"{EPUT} (official name)" in said
        assert "0036 - 3rd Party Access ISP" in said
        held = Page(page.content.decode()).boxes
        refused = officers_door.post(undo, held | {"why": "Ask jane.smith@example.org"})
        assert refused.context["adminform"].form.errors.keys() == {"why"}
        page = officers_door.post(undo, held | {"why": "A slip."}, follow=True)
        assert f"The merge was undone. {EPUT} is back." in messages(page)
        assert dump() == before
        assert named("EPUT").changes.first().why == "A slip."
        assert "Undone on" in words(officers_door.get(self.LIST))
        assert "This merge was undone already." in words(officers_door.get(undo))

    def test_what_does_not_come_back_is_said(self, officers_door):
        merge = merged("Essex County Council", "EPUT")
        party = Party.objects.get(protocol="0072", name_as_published="EPUT")
        party.name_as_published = "Otherwise"
        saved(party.protocol, party)
        said = words(officers_door.get(address("merge", "undo", merge.pk)))
        assert "Its part in ‘0072’: altered since the merge" in said

    def test_otherwise_by_now(self, officers_door):
        merge = merged("Essex County Council", "EPUT")
        undo = address("merge", "undo", merge.pk)
        page = officers_door.post(undo, {"digest": "x"})
        assert "the register changed while you were looking" in words(page)
        assert "Nothing has been done" in words(page)
        merge.refresh_from_db()
        assert merge.undone_at is None

    def test_of_none(self, officers_door):
        assert officers_door.get(address("merge", "undo", 99999)).status_code == 404


ADDRESSES = ("merge", "split", "duplicates", "undo")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("which", ADDRESSES)
@pytest.mark.parametrize("person", ["stranger", "editor", "merger"])
def test_who_may(client, essex, which, method, person):
    merge = merged("Essex County Council", "EPUT")
    url = {
        "merge": address("organisation", "merge", essex.pk),
        "split": address("organisation", "split", essex.pk),
        "duplicates": address("organisation", "duplicates"),
        "undo": address("merge", "undo", merge.pk),
    }[which]
    if person != "stranger":
        user = User.objects.create_user(person, is_staff=True)
        codes = ["view_organisation", "change_organisation"]
        codes += ["merge_organisation"] if person == "merger" else []
        user.user_permissions.set(Permission.objects.filter(codename__in=codes))
        client.force_login(user)
    before = dump()
    status = getattr(client, method)(url).status_code
    if person == "stranger":
        assert status == 302
    elif person == "editor":
        assert status == 403
        page = client.get(address("organisation", "change", essex.pk))
        assert "Merge with another" not in words(page)
        assert "Likely duplicates" not in words(client.get(address("organisation", "changelist")))
        assert client.get(address("merge", "changelist")).status_code == 403
    else:
        assert status in {200, 302}
    assert dump() == before


@pytest.mark.both_databases
def test_both_find_it_afterwards(client):
    """Search, the lists and the files agree, and every old address leads on."""
    everywhere = [slug.text for slug in named("EPUT").slugs.all()]
    pair = client.get(f"/organisations/{everywhere[0]}/with/essex-police/", follow=True)
    assert pair.status_code == 200
    merged("Provide", "EPUT")
    for slug in everywhere:
        answer = client.get(f"/organisations/{slug}/")
        assert (answer.status_code, answer["Location"]) == (301, "/organisations/provide/")
        answer = client.get(f"/organisations/{slug}/with/essex-police/")
        assert answer.status_code == 301
        assert answer["Location"] == "/organisations/essex-police/with/provide/"
    number = Party.objects.filter(organisation=named("Provide")).values("protocol").distinct()
    for name in ("eput", "provide"):
        rows = client.get(f"/protocols.csv?organisation={name}").getvalue().decode().splitlines()
        assert len(rows) - 1 == number.count()
    for typed in (EPUT, "EPUT", "Provide", "PROVIDE"):
        found = json.loads(client.get("/protocols.json", {"q": f'"{typed}"'}).getvalue())
        assert found["count"] >= number.count()
    listed = client.get("/organisations.json").content.decode()
    assert "essex-partnership-university-nhs-foundation-trust" not in listed
    changed = client.get("/protocols/0072/changes/").content.decode()
    assert "was merged with Provide: they are one organisation." in html.unescape(changed)
    assert NOON.strftime("%d %B %Y") in changed
