"""The history of a thing in admin, and an earlier state put back from it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import include, path

from registers import changes
from registers.models import (
    Change,
    Merge,
    News,
    Organisation,
    Party,
    Proposal,
    Protocol,
    Resource,
    Theme,
)
from tests.admin.typing_in import Page, address, boxes, messages
from tests.public.pages import links, text

pytestmark = pytest.mark.usefixtures("real_register")

HISTORY = address("protocol", "history", "0046")
AUDIT_LOG = address("protocol", "audit_log", "0046")
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
UNDO = "/admin/registers/merge/7/undo/"

undo = path("registers/merge/<int:pk>/undo/", lambda request, pk: None, name="registers_merge_undo")
urlpatterns = [
    path("admin/", ([undo, *admin.site.get_urls()], "admin", "admin")),
    path("", include("weisf.urls")),
]


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    """All of it is over."""
    with time_machine.travel(NOON + datetime.timedelta(days=60), tick=False):
        yield


def change(thing=None, *, days: int = 0, **fields) -> Change:
    thing = thing or Protocol.objects.get(pk="0046")
    by = User.objects.filter(username="olive").first()
    at = NOON + datetime.timedelta(days=days)
    with changes.record_change(thing, at=at, by=by, why="They asked."):
        for name, value in fields.items():
            setattr(thing, name, value)
        changes.save(thing)
    return Change.objects.filter(made_at=at).first()


def restoring(thing="0046", number: int | None = None, noun: str = "protocol") -> str:
    """The page that puts the first state back, unless told otherwise."""
    first = Change.objects.filter(protocol="0046").last()
    return address(noun, "restore", thing, number or first.pk)


def words(response) -> str:
    """What is read, without the words that stand in each cell on a narrow screen."""
    said = text(response).replace(" Before ", " ").replace(" After ", " ")
    return re.sub(r" ([.,:])", r"\1", said)


@pytest.fixture
def editor(client) -> Client:
    """Edna, who may edit, and not publish."""
    edna = User.objects.create_user("edna", is_staff=True)
    edna.user_permissions.add(
        *Permission.objects.filter(
            codename__in=["view_protocol", "change_protocol", "view_organisation"]
        )
    )
    client.force_login(edna)
    return client


class TestHistory:
    def test_tells_field_by_field_by_whom_and_why(self, officers_door):
        change(title="Flood alerts", version="V2")
        page = officers_door.get(HISTORY)
        said = words(page)
        assert "By: olive. Why: They asked." in said
        assert (
            "Title Access to the Child Health Information System for Schools Flood alerts" in said
        )
        assert "Version Nothing V2" in said
        assert "Added to this register." in said
        assert Page(page.content.decode()).inline == []

    def test_an_earlier_state_can_be_put_back_and_today_s_cannot(self, officers_door):
        first = Change.objects.get(protocol="0046")
        newest = change(title="Flood alerts")
        addresses = [where for where, _ in links(officers_door.get(HISTORY))]
        assert restoring(number=first.pk) in addresses
        assert restoring(number=newest.pk) not in addresses

    def test_a_state_without_a_record_stands_in_words(self, officers_door):
        change(title="One")
        change(title="Two", days=1)
        Change.objects.filter(protocol="0046").update(snapshot=None)
        page = officers_door.get(HISTORY)
        assert "This state was not recorded" in words(page)
        assert "Title changed from One to Two." in words(page)
        assert not [where for where, _ in links(page) if "/restore/" in where]

    @pytest.mark.both_databases
    def test_a_long_one_has_pages(self, officers_door):
        for days in range(51):
            change(version=f"V{days}.", days=days)
        first, second = (officers_door.get(HISTORY, {"p": page}) for page in (1, 2))
        assert "Version V0. V1." in words(first)
        assert "Version Nothing V0." in words(second)
        assert ("?p=2", "Older changes") in links(first)
        assert ("?p=1", "Newer changes") in links(second)

    @pytest.mark.both_databases
    def test_a_merge_is_undone_from_here(self, officers_door, settings, editor):
        organisation = Organisation.objects.first()
        merged = change(organisation, note="Merged.")
        merge = Merge.objects.create(
            pk=7, stays_key=organisation.pk, gone_key=0, gone_name="X", moved={}, change=merged
        )
        url = address("organisation", "history", organisation.pk)
        settings.ROOT_URLCONF = "tests.admin.test_history"
        officers_door.force_login(User.objects.get(username="olive"))
        assert UNDO in {where for where, _ in links(officers_door.get(url))}
        officers_door.force_login(User.objects.get(username="edna"))
        assert UNDO not in {where for where, _ in links(officers_door.get(url))}
        merge.undone_at = NOON
        merge.save()
        officers_door.force_login(User.objects.get(username="olive"))
        assert UNDO not in {where for where, _ in links(officers_door.get(url))}

    def test_every_save_is_one_link_further(self, officers_door):
        change(admin_note="Ask Provide.")
        assert "Ask Provide." not in words(officers_door.get(HISTORY))
        assert (AUDIT_LOG, "See the audit log") in links(officers_door.get(HISTORY))
        page = officers_door.get(AUDIT_LOG)
        assert "Note for administrators Nothing Ask Provide." in words(page)
        assert (HISTORY, "See the official changes") in links(page)
        assert Page(page.content.decode()).inline == []

    def test_every_kind_of_value_is_told(self, officers_door):
        protocol = Protocol.objects.get(pk="0046")
        protocol.theme = Theme.objects.exclude(pk=protocol.theme_id).first()
        change(protocol, review_date=datetime.date(2027, 3, 1), parties_complete=True)
        said = words(officers_door.get(AUDIT_LOG))
        assert "Review date April 2022 March 2027" in said
        assert "List of parties is complete Nothing Yes" in said or "complete No Yes" in said
        assert str(protocol.theme) in said

    def test_a_draft_has_its_saves_alone(self, officers_door):
        draft = Protocol(reference="9001", title="A draft", theme=Theme.objects.first())
        change(draft)
        change(draft, title="Another title", days=1)
        said = words(officers_door.get(address("protocol", "history", "9001")))
        assert "Title A draft Another title" in said

    def test_the_last_save_of_a_page_is_compared_too(self, officers_door):
        theme = Theme.objects.first()
        for number in range(51):
            change(theme, description=f"D{number}.", days=number)
        said = words(officers_door.get(address("theme", "history", theme.pk)))
        assert "Description D0. D1." in said

    def test_what_was_never_there_has_none(self, officers_door):
        for page in ("history", "audit_log"):
            assert officers_door.get(address("protocol", page, "9999")).status_code == 404


class TestOfTwoThatWereMerged:
    @pytest.fixture
    def stays(self, real_register) -> Organisation:
        """Each has two changes, by turns, and the merge is the fifth."""
        one, other = (Organisation(name=name) for name in ("Ministry", "Department"))
        for place, thing in enumerate((one, other)):
            change(thing, days=place)
        for place, thing in enumerate((one, other), start=2):
            change(thing, days=place, note=f"{thing} told.")
        changes.merge(one, other, at=NOON + datetime.timedelta(days=4))
        return one

    def page(self, client, stays, number: int = 1):
        return client.get(address("organisation", "history", stays.pk), {"p": number})

    def sections(self, page) -> list[str]:
        pieces = re.findall(r'<section class="change">(.*?)</section>', page.content.decode(), re.S)
        return [re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", piece)) for piece in pieces]

    def test_each_is_compared_with_its_own(self, officers_door, stays):
        merged, other, own, other_first, own_first = self.sections(self.page(officers_door, stays))
        assert "Department" in merged
        assert "About Department, before it was merged" in other
        assert "Department told." in other
        assert "Ministry told." in own
        for section in (other, own, other_first, own_first):
            assert "Official name" not in section
        assert ["About Department" in each for each in (merged, own, other_first, own_first)] == [
            *(False, False, True, False)
        ]

    @pytest.mark.both_databases
    @pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
    def test_across_pages_as_on_one(self, officers_door, stays, most, monkeypatch):
        whole = self.sections(self.page(officers_door, stays))
        monkeypatch.setattr("registers.admin.history.PER_PAGE", most)
        pages = range(1, -(-5 // most) + 1)
        cut = [each for n in pages for each in self.sections(self.page(officers_door, stays, n))]
        assert cut == whole

    def test_only_what_can_be_put_back_offers_it(self, officers_door, stays):
        page = self.page(officers_door, stays)
        assert not [where for where, _ in links(page) if "/restore/" in where]
        said = self.sections(page)
        assert "This is the current state." in said[0]
        for each in (said[1], said[3]):
            assert "This is the state of another organisation, so it cannot be" in each
        for each in (said[2], said[4]):
            assert "Department was merged into this organisation later" in each
        change(stays, days=5, note="Since.")
        merge_change = Merge.objects.get().change
        where = address("organisation", "restore", stays.pk, merge_change.pk)
        page = self.page(officers_door, stays)
        assert [each for each, _ in links(page) if "/restore/" in each] == [where]

    def test_the_state_of_another_is_refused(self, officers_door, stays):
        other = stays.changes.get(made_at=NOON + datetime.timedelta(days=3))
        page = officers_door.get(address("organisation", "restore", stays.pk, other.pk))
        assert "That is the state of another organisation." in words(page)

    def test_a_moved_one_without_a_record_stands_in_words(self, officers_door, stays):
        moved = stays.changes.filter(made_at=NOON + datetime.timedelta(days=3))
        said = moved.get().what
        moved.update(snapshot=None)
        section = self.sections(self.page(officers_door, stays))[1]
        assert said in section
        assert "This state was not recorded" in section

    @pytest.mark.parametrize("most", [1, 2])
    def test_none_is_compared_across_one_without_a_record(
        self, officers_door, stays, most, monkeypatch
    ):
        stays.changes.filter(made_at=NOON + datetime.timedelta(days=1)).update(snapshot=None)
        monkeypatch.setattr("registers.admin.history.PER_PAGE", most)
        section = self.sections(self.page(officers_door, stays, 3 if most == 1 else 2))[0]
        assert stays.changes.get(made_at=NOON + datetime.timedelta(days=2)).what in section

    def test_its_name_is_of_its_record_where_no_merge_says_it(self, officers_door, stays):
        Merge.objects.all().delete()
        assert "About Department, before" in self.sections(self.page(officers_door, stays))[1]


def test_seconds_tell_two_of_one_minute_apart(officers_door):
    protocol = Protocol.objects.get(pk="0046")
    for seconds in (7, 8):
        at = NOON + datetime.timedelta(seconds=seconds)
        with changes.record_change(protocol, at=at):
            protocol.version = f"V{seconds}"
            changes.save(protocol)
    change(title="Another day", days=1)
    said = words(officers_door.get(HISTORY))
    for moment in ("12:00:07", "12:00:08"):
        assert f"What changed on 23 November 2026, {moment}" in said
    assert "Put this state back of 23 November 2026, 12:00:08" in said
    assert "What changed on 24 November 2026, 12:00 " in said


class TestRestoring:
    @pytest.mark.both_databases
    def test_is_shown_done_and_told(self, officers_door, officer):
        title = Protocol.objects.get(pk="0046").title
        change(title="Flood alerts")
        page = officers_door.get(restoring())
        assert f"Title Flood alerts {title}" in words(page)
        assert Page(page.content.decode()).inline == []
        assert Protocol.objects.get(pk="0046").title == "Flood alerts"
        typed = boxes(officers_door, restoring()) | {"why": "It was a slip."}
        answer = officers_door.post(restoring(), typed, follow=True)
        assert answer.redirect_chain == [(HISTORY, 302)]
        assert "The state of 22 November 2026, 09:00 is put back." in messages(answer)
        newest = Protocol.objects.get(pk="0046").changes.first()
        assert (newest.why, newest.by) == ("It was a slip.", officer)
        assert Protocol.objects.get(pk="0046").title == title

    def test_what_changed_meanwhile_is_shown_anew(self, officers_door):
        change(title="Flood alerts")
        typed = boxes(officers_door, restoring()) | {"why": "A slip."}
        change(version="V2", days=1)
        page = officers_door.post(restoring(), typed)
        assert page.status_code == 200
        assert "The register changed after you opened" in words(page)
        assert "Version V2 Nothing" in words(page)
        assert "A slip." in page.content.decode()
        assert Protocol.objects.get(pk="0046").title == "Flood alerts"
        again = Page(page.content.decode()).boxes
        assert officers_door.post(restoring(), again).status_code == 302

    def test_twice_says_that_nothing_changed(self, officers_door):
        change(title="Flood alerts")
        officers_door.post(restoring(), boxes(officers_door, restoring()))
        page = officers_door.get(restoring())
        assert "so there is nothing to put back" in words(page)
        assert 'type="submit" value="Put' not in page.content.decode()
        count = Change.objects.count()
        promise = changes.preview_restore(
            Protocol.objects.get(pk="0046"),
            Change.objects.filter(protocol="0046").last().snapshot,
            at=NOON,
        ).digest
        answer = officers_door.post(restoring(), {"digest": promise}, follow=True)
        assert "Nothing was changed." in messages(answer)
        assert Change.objects.count() == count

    def test_without_what_was_shown_nothing_happens(self, officers_door):
        change(title="Flood alerts")
        assert "The register changed after" in words(officers_door.post(restoring(), {"why": "x"}))
        assert Protocol.objects.get(pk="0046").title == "Flood alerts"

    def test_what_cannot_be_is_said(self, officers_door):
        party = Party.objects.filter(protocol="0046", role="partner").first()
        change(title="Flood alerts")
        name = party.organisation.name
        Party.objects.filter(organisation=party.organisation).delete()
        party.organisation.delete()
        page = officers_door.get(restoring())
        assert f"{name} is not in this register any more." in words(page)
        assert "Put this state back" not in page.content.decode().split("<form")[-1]
        page = officers_door.post(restoring(), {})
        assert f"{name} is not in this register any more." in words(page)

    def test_an_organisation(self, officers_door):
        organisation = Organisation.objects.named("EPUT").get()
        one = change(organisation, note="One")
        change(organisation, note="Two", days=1)
        url = address("organisation", "restore", organisation.pk, one.pk)
        assert officers_door.post(url, boxes(officers_door, url)).status_code == 302
        assert Organisation.objects.get(pk=organisation.pk).note == "One"

    @pytest.mark.parametrize(
        ("noun", "make", "field"),
        [
            ("theme", lambda: Theme(name="One", slug="one"), "name"),
            ("news", lambda: News(title="One", slug="one"), "title"),
            ("resource", lambda: Resource(title="One", slug="one"), "title"),
        ],
        ids=["theme", "news", "resource"],
    )
    def test_a_page(self, officers_door, noun, make, field):
        thing = make()
        change(thing)
        change(thing, days=1, **{field: "Two"})
        first = Change.objects.about(type(thing), thing.pk).last()
        url = address(noun, "restore", thing.pk, first.pk)
        history = officers_door.get(address(noun, "history", thing.pk))
        assert [where for where, _ in links(history) if "/restore/" in where] == [url]
        assert "Two One" in words(officers_door.get(url))
        assert officers_door.post(url, boxes(officers_door, url)).status_code == 302
        thing.refresh_from_db()
        assert getattr(thing, field) == "One"
        unknown = address(noun, "restore", thing.pk, 0)
        assert officers_door.get(unknown).status_code == 404

    def test_of_what_is_not_there(self, officers_door):
        other = Change.objects.filter(protocol="0042").get()
        Change.objects.filter(protocol="0046").update(snapshot=None)
        mine = Change.objects.get(protocol="0046")
        for where in (
            restoring(number=other.pk),
            restoring(number=mine.pk),  # no record was kept of it
            restoring("9999", mine.pk),
        ):
            assert officers_door.get(where).status_code == 404


class TestWhoMay:
    @pytest.fixture(autouse=True)
    def earlier(self, real_register) -> None:
        change(title="Flood alerts")
        change(
            status="withdrawn",
            withdrawn_on=datetime.date(2026, 11, 23),
            withdrawn_reason="It ended.",
            days=1,
        )
        change(title="Fires", days=2)

    def both(self, client, url) -> set[int]:
        return {client.get(url).status_code, client.post(url, {}).status_code}

    def states(self) -> list[str]:
        return [restoring(number=each.pk) for each in Change.objects.filter(protocol="0046")]

    def test_a_stranger_is_sent_to_the_log_in_page(self, client):
        for url in (HISTORY, AUDIT_LOG, *self.states()):
            assert self.both(client, url) == {302}
            assert client.get(url).url.startswith("/admin/login/")

    def test_staff_without_a_permission_is_refused(self, client):
        client.force_login(User.objects.create_user("nina", is_staff=True))
        for url in (HISTORY, AUDIT_LOG, *self.states()):
            assert self.both(client, url) == {403}

    def test_staff_who_may_look_may_not_put_back(self, client):
        vera = User.objects.create_user("vera", is_staff=True)
        vera.user_permissions.add(Permission.objects.get(codename="view_protocol"))
        client.force_login(vera)
        page = client.get(HISTORY)
        assert page.status_code == 200
        assert not [where for where, _ in links(page) if "/restore/" in where]
        for url in self.states():
            assert self.both(client, url) == {403}

    def test_an_editor_puts_back_what_stays_withdrawn(self, editor):
        _, withdrawn, *published = self.states()
        shown = [where for where, _ in links(editor.get(HISTORY)) if "/restore/" in where]
        assert shown == [withdrawn]
        assert editor.post(withdrawn, boxes(editor, withdrawn)).status_code == 302
        for url in published:
            assert self.both(editor, url) == {403}
        edna = User.objects.get(username="edna")
        edna.user_permissions.add(Permission.objects.get(codename="publish_protocol"))
        assert editor.post(published[0], boxes(editor, published[0])).status_code == 302
        assert Protocol.objects.get(pk="0046").status == "published"

    def test_what_an_editor_may_put_back_is_asked_again_once_it_is_held(self, editor):
        """A publisher puts the protocol back in force just before the editor's save holds it."""
        _, withdrawn, *_ = self.states()
        sent = boxes(editor, withdrawn)
        points = []

        def publish(execute, sql, *rest):
            points.extend([sql] * sql.startswith("SAVEPOINT"))
            # The first is that of the proposal, the second that of the putting back.
            if sql.startswith("SAVEPOINT") and len(points) == 2:
                Protocol.objects.filter(pk="0046").update(
                    status="published", withdrawn_on=None, withdrawn_reason=""
                )
            return execute(sql, *rest)

        before = Change.objects.count()
        with connection.execute_wrapper(publish):
            assert editor.post(withdrawn, sent).status_code == 403
        assert len(points) > 1
        assert (Change.objects.count(), Proposal.objects.count()) == (before, 0)

    def test_an_editor_does_not_say_otherwise_why_it_ended(self, editor):
        change(withdrawn_reason="It was never signed.", days=3)
        shown = [where for where, _ in links(editor.get(HISTORY)) if "/restore/" in where]
        assert shown == []
        for url in self.states():
            assert 302 not in self.both(editor, url)
        assert Protocol.objects.get(pk="0046").withdrawn_reason == "It was never signed."


def test_an_organisation_that_is_gone_keeps_its_saves(officers_door):
    organisation = Organisation(name="Soon Gone")
    change(organisation)
    key = organisation.pk
    with changes.record_change(organisation, at=NOON):
        changes.remove(organisation)
    assert "Soon Gone" in words(officers_door.get(address("organisation", "history", key)))
