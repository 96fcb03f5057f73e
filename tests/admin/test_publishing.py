"""Publishing, withdrawing, putting back in force and moving: each on a page of its own."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registers import changes
from registers.admin.publishing import MAX_PROTOCOLS
from registers.changes import publishing
from registers.models import Change, Organisation, Party, Protocol, Theme
from tests.admin.typing_in import Page, address, boxes, messages, send
from tests.cast import door_of, somebody
from tests.makers import withdrawn
from tests.models.making import saved

pytestmark = pytest.mark.usefixtures("real_register", "today")

TODAY = datetime.date(2026, 11, 22)
LIST = address("protocol", "changelist")
MISTAKE = {"because": "mistake"}


def a_draft(reference: str = "9001", *, lead: bool = True, **fields: Any) -> Protocol:
    theme = Theme.objects.first()
    draft = Protocol(
        reference=reference, **{"title": "A draft", "theme": theme, "purpose": "To warn."} | fields
    )
    party = Party(
        protocol=draft, organisation=Organisation.objects.named("EPUT").get(), role="lead"
    )
    saved(draft, *([party] if lead else []))
    return draft


def stored(reference: str = "9001") -> Protocol:
    return Protocol.objects.get(pk=reference)


def act(door: Client, name: str, reference: str = "9001", **typed: str) -> Any:
    """Open the page of an act for one protocol, fill it in, and press its button."""
    return send(door, address("protocol", name, reference), _do="yes", **typed)


def select(door: Client, name: str, *references: str, **more: str) -> Any:
    """Tick protocols on the list and choose the action."""
    ticked = {"action": f"{name}_selected", "_selected_action": list(references), "index": "0"}
    return door.post(LIST, ticked | more, follow=True)


def confirm(door: Client, name: str, page: Any, *, without: str = "", **typed: str) -> Any:
    """Press the button of the page of an act for many."""
    shown = [each.value for each in page.context["allowed"]]
    ticked = [value for value in shown if not without or not value.startswith(without)]
    sent = Page(page.content.decode()).boxes | {"protocol": ticked}
    return door.post(
        address("protocol", f"{name}_many"), sent | {"_do": "yes"} | typed, follow=True
    )


def everything() -> tuple[Any, ...]:
    return list(Protocol.objects.values()), list(Change.objects.values())


@pytest.fixture
def door(publisher) -> Client:
    return door_of(publisher)


class TestSaving:
    @pytest.mark.parametrize("reference", ["9001", "0046"])
    def test_never_changes_the_status(self, door, reference):
        a_draft()
        before = stored(reference).status
        forged = {
            "status": {"draft": "published", "published": "withdrawn"}[before],
            "withdrawn_on": "2026-11-01",
            "withdrawn_reason": "Over.",
            "replaced_by": "0042",
        }
        form = address("protocol", "change", reference)
        assert not forged.keys() & boxes(door, form).keys()
        send(door, form, title="Renamed", **forged)
        after = stored(reference)
        assert (after.title, after.status, after.withdrawn_on) == ("Renamed", before, None)

    def test_adds_a_draft(self, door):
        given = {"reference": "9002", "title": "New", "theme": str(stored("0046").theme_id)}
        send(door, address("protocol", "add"), status="published", **given)
        assert stored("9002").status == "draft"

    @pytest.mark.parametrize(
        ("noun", "offered"),
        [("protocol", True), ("news", True), ("resource", True), ("theme", False)],
    )
    def test_offers_to_publish_what_has_drafts(self, door, noun, offered):
        assert ('name="_publish"' in door.get(address(noun, "add")).content.decode()) is offered

    @pytest.mark.parametrize("form", ["add", "change"])
    def test_leads_on_to_the_page_that_publishes(self, door, form):
        url, typed = address("protocol", "add"), {"reference": "9001", "title": "New"}
        if form == "change":
            a_draft()
            url, typed = address("protocol", "change", "9001"), {"title": "New"}
        page = send(door, url, theme=str(stored("0046").theme_id), _publish="yes", **typed)
        assert page.redirect_chain[-1][0] == address("protocol", "publish", "9001")
        assert (stored().title, stored().status) == ("New", "draft")

    def test_offers_an_editor_no_way_to_publish(self, editor):
        a_draft()
        form = address("protocol", "change", "9001")
        page = door_of(editor).get(form)
        assert "_publish" not in boxes(door_of(editor), form)
        assert address("protocol", "publish", "9001") not in page.content.decode()
        page = send(door_of(editor), form, title="New", _publish="yes")
        assert page.redirect_chain[-1][0] == LIST


@pytest.mark.both_databases
class TestADraftWithoutATheme:
    def test_is_added_shown_and_listed(self, door):
        send(door, address("protocol", "add"), reference="9001", title="New")
        assert (stored().theme, stored().status) == (None, "draft")
        assert door.get(address("protocol", "preview", "9001")).status_code == 200
        form = door.get(address("protocol", "change", "9001"))
        needed = [words for words, _ in form.context["needed"]]
        assert needed == ["theme", "purpose", "lead organisation"]
        # Each is named once.
        also = {words.lower() for words, _ in form.context["missing"]}
        assert also
        assert not also.intersection(needed)
        assert "9001" in door.get(f"{LIST}?theme__isnull=True").content.decode()

    def test_keeps_the_register_as_it_is(self, door):
        before = Client().get("/protocols.csv").getvalue()
        a_draft(theme=None)
        assert Client().get("/protocols.csv").getvalue() == before
        assert Client().get("/").status_code == 200

    def test_is_moved_and_published(self, door):
        a_draft(theme=None)
        theme = Theme.objects.first()
        confirm(door, "move", select(door, "move", "9001"), theme=str(theme.pk))
        confirm(door, "publish", select(door, "publish", "9001"))
        assert (stored().theme, stored().status) == (theme, "published")

    def test_loses_it_no_more_once_it_is_public(self, door):
        page = send(door, address("protocol", "change", "0046"), theme="")
        assert list(page.context["adminform"].form.errors) == ["theme"]


class TestPublishing:
    @pytest.mark.parametrize(
        "publish",
        [
            lambda door: act(door, "publish"),
            lambda door: confirm(door, "publish", select(door, "publish", "9001")),
        ],
        ids=["one", "many"],
    )
    def test_names_its_organisations_as_they_are_called_then(self, door, publish):
        a_draft()
        party = Party.objects.select_related("organisation").get(protocol="9001")
        assert party.name_as_published == ""
        publish(door)
        party.refresh_from_db()
        assert party.name_as_published == party.organisation.name
        (recorded,) = stored().changes.first().snapshot["parts"]["parties"]
        assert recorded["name_as_published"] == party.name_as_published

    @pytest.mark.both_databases
    def test_is_one_change(self, door, publisher):
        a_draft()
        act(door, "publish", why="All have signed.")
        assert (stored().status, stored().published_on) == ("published", TODAY)
        change = stored().changes.get()
        assert (change.kind, change.by, change.why) == ("added", publisher, "All have signed.")
        assert Client().get("/protocols/9001/").status_code == 200

    def test_the_page_shows_what_will_be_public(self, door):
        a_draft(admin_note="Ask Provide.")
        page = door.get(address("protocol", "publish", "9001"))
        (shown,) = page.context["allowed"]
        fields = {each.field: each.after for each in shown.public}
        assert fields["Purpose"] == (("To warn.", False),)
        assert "Lead organisation" in fields
        assert "Ask Provide." not in page.content.decode()
        assert "Review month" in shown.missing
        assert Page(page.content.decode()).inline == []

    @pytest.mark.parametrize(
        ("lacks", "sentence"),
        [
            ({"theme": None}, "It has no theme."),
            ({"purpose": " "}, "It has no purpose."),
            ({"lead": False}, "It has no lead organisation."),
            ({"published_on": TODAY + datetime.timedelta(1)}, publishing.TO_COME),
        ],
        ids=["no theme", "no purpose", "no lead", "a day to come"],
    )
    def test_is_refused(self, door, lacks, sentence):
        a_draft(**lacks)
        url, before = address("protocol", "publish", "9001"), everything()
        (refused,) = door.get(url).context["refused"]
        assert refused.refusals == [sentence]
        (each,) = publishing.preview_act(publishing.MOVE, ["9001"], on=TODAY)
        page = door.post(url, {"_do": "yes", "protocol": f"9001 {each.fingerprint}"})
        assert sentence in str(page.context["form"].errors)
        assert everything() == before

    def test_keeps_a_day_that_is_past(self, door):
        a_draft(published_on=datetime.date(2020, 5, 1))
        act(door, "publish")
        assert stored().published_on == datetime.date(2020, 5, 1)

    @pytest.mark.both_databases
    def test_of_what_was_saved_since_is_refused(self, door):
        draft = a_draft()
        url = address("protocol", "publish", "9001")
        sent = boxes(door, url) | {"_do": "yes"}
        draft.title = "Another title"
        saved(draft)
        before = everything()
        page = door.post(url, sent)
        assert "9001" in str(page.context["form"].non_field_errors())
        assert everything() == before
        door.post(url, Page(page.content.decode()).boxes | {"_do": "yes"})
        assert stored().status == "published"

    @pytest.mark.both_databases
    def test_by_a_button_that_is_pressed_twice_is_done_once(self, door):
        a_draft()
        url = address("protocol", "publish", "9001")
        sent = boxes(door, url) | {"_do": "yes"}
        door.post(url, sent)
        before = everything()
        page = door.post(url, sent, follow=True)
        assert page.redirect_chain[-1][0] == address("protocol", "change", "9001")
        assert everything() == before

    @pytest.mark.parametrize("sent", ["", "9001", "0046 0123456789abcdef"])
    def test_of_nothing_that_the_page_showed_is_refused(self, door, sent):
        a_draft()
        before = everything()
        page = door.post(address("protocol", "publish", "9001"), {"_do": "1", "protocol": sent})
        assert page.context["form"].errors
        assert everything() == before

    def test_of_what_is_not_there(self, door):
        assert door.get(address("protocol", "publish", "9999")).status_code == 404


class TestWithdrawing:
    def test_for_a_mistake_says_just_that(self, door, publisher):
        act(door, "withdraw", "0046", **MISTAKE)
        after = stored("0046")
        assert (after.withdrawn_on, after.withdrawn_reason) == (TODAY, "Published by mistake")
        assert after.changes.first().by == publisher
        page = Client().get("/protocols/0046/").content.decode()
        assert "22 November 2026</time>: Published by mistake" in page

    @pytest.mark.both_databases
    def test_with_a_day_a_reason_and_a_replacement(self, door):
        act(
            door,
            "withdraw",
            "0046",
            because="other",
            withdrawn_reason="It ended.",
            withdrawn_on="31/03/2026",
            replaced_by="42",
        )
        after = stored("0046")
        assert after.withdrawn_on == datetime.date(2026, 3, 31)
        assert (after.withdrawn_reason, after.replaced_by_id) == ("It ended.", "0042")

    @pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
    def test_leaves_what_replaces_it_as_recorded(self, door, many):
        Protocol.objects.filter(pk="0046").update(replaced_by="0042")
        if many:
            confirm(door, "withdraw", select(door, "withdraw", "0046", "0041"), **MISTAKE)
        else:
            act(door, "withdraw", "0046", **MISTAKE)
        after = stored("0046")
        assert (after.status, after.replaced_by_id) == ("withdrawn", "0042")

    def test_clears_what_replaces_it_where_its_box_is_cleared(self, door):
        Protocol.objects.filter(pk="0046").update(replaced_by="0042")
        act(door, "withdraw", "0046", replaced_by="", **MISTAKE)
        assert stored("0046").replaced_by_id is None

    @pytest.mark.parametrize("also", [[], ["0036"]], ids=["one", "many"])
    def test_for_one_that_it_came_to_replace_is_refused(self, also):
        newer = stored("0042")
        Protocol.objects.filter(pk="0042").update(replaced_by="0046")
        previews = publishing.preview_act(publishing.WITHDRAW, ["0046", *also], on=TODAY)
        shown = {each.protocol.pk: each.fingerprint for each in previews}
        values = publishing.withdrawn(on=TODAY, reason="Over.", replaced_by=newer)
        before = everything()
        with pytest.raises(ValidationError, match="replace each other") as refusal:
            changes.perform_act(publishing.WITHDRAW, shown, values, at=timezone.now())
        # Among many it is said which one.
        named = refusal.value.messages[0].startswith(f"{stored('0046')}: ")
        assert named == bool(also)
        assert everything() == before

    @pytest.mark.parametrize(("because", "asked"), [("mistake", []), ("other", ["AB123456C"])])
    def test_asks_about_the_words_of_another_reason_alone(self, door, because, asked):
        page = act(door, "withdraw", "0046", because=because, withdrawn_reason="Of AB123456C.")
        form = page.context["form"]
        assert [words for words, _ in form.asked.values()] == ([asked] if asked else [])
        assert list(form.errors) == ["withdrawn_reason"]

    def test_for_what_is_itself_withdrawn_is_warned_of(self, door):
        Protocol.objects.filter(pk="0042").update(**withdrawn())
        page = act(door, "withdraw", "0046", replaced_by="0042", **MISTAKE)
        assert "is itself withdrawn" in messages(page)
        assert stored("0046").replaced_by_id == "0042"

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({}, "because"),
            ({"because": "other"}, "withdrawn_reason"),
            ({"because": "other", "withdrawn_reason": " "}, "withdrawn_reason"),
            (MISTAKE | {"withdrawn_reason": "Over."}, "withdrawn_reason"),
            (MISTAKE | {"withdrawn_on": ""}, "withdrawn_on"),
            (MISTAKE | {"withdrawn_on": "soon"}, "withdrawn_on"),
            (MISTAKE | {"withdrawn_on": "23/11/2026"}, "withdrawn_on"),
            (MISTAKE | {"replaced_by": "0099"}, "replaced_by"),
            (MISTAKE | {"replaced_by": "9001"}, "replaced_by"),
            (MISTAKE | {"replaced_by": "0046"}, "replaced_by"),
        ],
        ids=str,
    )
    def test_is_refused_beside_the_box(self, door, typed, field):
        a_draft()
        before = everything()
        page = act(door, "withdraw", "0046", **typed)
        assert list(page.context["form"].errors) == [field]
        assert everything() == before

    def test_of_a_draft_is_refused(self, door):
        a_draft()
        page = door.get(address("protocol", "withdraw", "9001"))
        assert [each.protocol.pk for each in page.context["refused"]] == ["9001"]

    def test_can_be_corrected(self, door):
        act(door, "withdraw", "0046", **MISTAKE)
        url = address("protocol", "correct", "0046")
        initial = door.get(url).context["form"].initial
        assert (initial["because"], initial["withdrawn_reason"]) == ("mistake", "")
        send(door, url, _do="1", because="other", withdrawn_reason="It ended.")
        assert stored("0046").withdrawn_reason == "It ended."
        assert stored("0046").status == "withdrawn"
        initial = door.get(url).context["form"].initial
        assert (initial["because"], initial["withdrawn_reason"]) == ("other", "It ended.")

    def test_and_put_back_in_force(self, door):
        act(door, "withdraw", "0046", replaced_by="0042", **MISTAKE)
        act(door, "reinstate", "0046", why="It is still used.")
        after = stored("0046")
        assert (after.status, after.withdrawn_on, after.withdrawn_reason, after.replaced_by_id) == (
            "published",
            None,
            "",
            None,
        )
        change = after.changes.first()
        assert (change.kind, change.why) == ("reinstated", "It is still used.")


class TestMany:
    @pytest.mark.both_databases
    def test_are_published_but_for_those_refused_and_those_left(self, door):
        for number in range(9001, 9005):
            a_draft(str(number), purpose="" if number == 9004 else "To warn.")
        page = select(door, "publish", "9001", "9002", "9003", "9004", "0046")
        assert {each.protocol.pk for each in page.context["refused"]} == {"9004", "0046"}
        assert Page(page.content.decode()).inline == []
        page = confirm(door, "publish", page, without="9002", why="They were imported.")
        assert page.redirect_chain[-1][0] == LIST
        statuses = [stored(str(number)).status for number in range(9001, 9005)]
        assert statuses == ["published", "draft", "published", "draft"]
        assert stored("9003").changes.get().why == "They were imported."

    def test_are_withdrawn_and_put_back(self, door):
        confirm(door, "withdraw", select(door, "withdraw", "0046", "0042"), **MISTAKE)
        assert {stored(each).status for each in ("0046", "0042")} == {"withdrawn"}
        confirm(door, "reinstate", select(door, "reinstate", "0046", "0042"))
        assert {stored(each).status for each in ("0046", "0042")} == {"published"}

    def test_are_moved_and_what_is_there_already_is_named(self, door):
        theme = stored("0046").theme
        other = Protocol.objects.exclude(theme=theme).first()
        before = stored("0046").changes.count()
        page = confirm(door, "move", select(door, "move", "0046", other.pk), theme=str(theme.pk))
        assert "already: 0046" in messages(page)
        assert stored(other.pk).theme == theme
        assert stored("0046").changes.count() == before

    @pytest.mark.parametrize("lead", [True, False])
    def test_say_who_leads_each(self, door, lead):
        a_draft(lead=lead)
        page = select(door, "move", "9001").content.decode()
        assert ("No lead" in page) is not lead

    @pytest.mark.both_databases
    def test_none_is_changed_where_one_was_saved_since(self, door):
        drafts = [a_draft(str(number)) for number in (9001, 9002)]
        page = select(door, "publish", "9001", "9002")
        drafts[1].purpose = "To be sure."
        saved(drafts[1])
        before = everything()
        page = confirm(door, "publish", page, without="")
        assert "9002" in str(page.context["form"].non_field_errors())
        assert everything() == before
        confirm(door, "publish", page)
        assert {stored(each).status for each in ("9001", "9002")} == {"published"}

    def test_what_was_deleted_since_is_left_out(self, door):
        a_draft("9001")
        gone = a_draft("9002")
        page = select(door, "publish", "9001", "9002")
        with changes.record_change(gone, at=timezone.now()):
            changes.remove(gone)
        page = confirm(door, "publish", page)
        assert "9002" in str(page.context["form"].non_field_errors())
        assert stored("9001").status == "draft"
        assert page.context["keys"] == ["9001"]

    @pytest.mark.parametrize("number", [0, MAX_PROTOCOLS + 1], ids=["none", "too many"])
    def test_a_form_without_protocols_or_with_too_many(self, door, number):
        sent = {"all": " ".join(f"{1000 + each}" for each in range(number))}
        page = door.post(address("protocol", "publish_many"), sent, follow=True)
        assert page.redirect_chain[-1][0] == LIST
        assert "Select at least one protocol" in messages(page)

    def test_more_than_one_page_shows_are_refused(self, door, monkeypatch):
        monkeypatch.setattr("registers.admin.publishing.MAX_PROTOCOLS", 20)
        page = select(door, "withdraw", "0046", select_across="1")
        assert "You selected 25." in messages(page)

    def test_queries_are_as_many_for_thirty_as_for_three(self, door):
        counts = []
        for first, number in ((8000, 3), (8100, 30)):
            for reference in range(first, first + number):
                a_draft(str(reference))
            references = [str(first + each) for each in range(number)]
            with CaptureQueriesContext(connection) as captured:
                page = select(door, "publish", *references)
                confirm(door, "publish", page)
            assert Protocol.public.filter(pk__in=references).count() == number
            counts.append(len(captured))
        assert counts[1] == counts[0]

    @pytest.mark.parametrize("name", ["publish", "withdraw", "reinstate", "move"])
    def test_an_editor_has_no_such_action(self, editor, name):
        before = everything()
        page = select(door_of(editor), name, "0046")
        assert "allowed" not in (page.context or {})
        assert everything() == before


@pytest.mark.parametrize(
    ("name", "reference", "act_of"),
    [
        ("publish", "9001", publishing.PUBLISH),
        ("publish_many", "9001", publishing.PUBLISH),
        ("withdraw", "0046", publishing.WITHDRAW),
        ("withdraw_many", "0046", publishing.WITHDRAW),
        ("reinstate", "0042", publishing.REINSTATE),
        ("reinstate_many", "0042", publishing.REINSTATE),
        ("correct", "0042", publishing.CORRECT_WITHDRAWAL),
        ("move_many", "0046", publishing.MOVE),
    ],
)
def test_a_forged_post_is_refused_to_all_but_publishers(door, editor, name, reference, act_of):
    a_draft()
    Protocol.objects.filter(pk="0042").update(**withdrawn())
    (each,) = publishing.preview_act(act_of, [reference], on=TODAY)
    sent = {"protocol": f"{reference} {each.fingerprint}", "all": reference, "_do": "1"}
    sent |= MISTAKE | {"withdrawn_on": "21/11/2026"}
    sent["theme"] = str(Theme.objects.exclude(pk=each.protocol.theme_id).first().pk)
    url = address("protocol", name, *([] if "_many" in name else [reference]))
    # One who may publish, and not change what is recorded, may not either.
    looks_on = somebody("Lou", password=None)
    granted = Permission.objects.filter(codename__in=["publish_protocol", "view_protocol"])
    looks_on.user_permissions.set(granted)
    before = everything()
    for person, status in ((None, 302), (editor, 403), (looks_on, 403)):
        assert door_of(person).post(url, sent).status_code == status
    action = {"action": f"{name.partition('_')[0]}_selected", "_selected_action": reference}
    page = door_of(looks_on).post(LIST, sent | action | {"index": "0"}, follow=True)
    assert "allowed" not in (page.context or {})
    assert everything() == before
    door.post(url, sent)
    assert everything() != before


def test_a_page_sends_no_more_fields_than_a_form_may_have(door, settings):
    for number in range(20):
        a_draft(str(9000 + number))
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 26
    references = [str(9000 + number) for number in range(20)]
    confirm(door, "publish", select(door, "publish", *references))
    assert Protocol.public.filter(pk__in=references).count() == len(references)


def test_each_protocol_is_a_security_event(door, caplog):
    caplog.set_level("INFO", logger="security")
    a_draft()
    a_draft("9002", lead=False)
    act(door, "publish")
    act(door, "publish", "9002")  # refused
    act(door, "withdraw", **MISTAKE)
    act(door, "reinstate")
    confirm(door, "withdraw", select(door, "withdraw", "0046", "0042"), **MISTAKE)
    logged = [
        (record.event, record.protocol) for record in caplog.records if hasattr(record, "protocol")
    ]
    assert logged == [
        ("protocol_published", "9001"),
        ("protocol_withdrawn", "9001"),
        ("protocol_reinstated", "9001"),
        ("protocol_withdrawn", "0042"),
        ("protocol_withdrawn", "0046"),
    ]
