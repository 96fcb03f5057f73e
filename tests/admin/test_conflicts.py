"""Two editors on one thing: the second save is refused, shows both versions, and lets choose."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.forms.renderers import get_default_renderer
from django.test import Client

from registers import changes
from registers.admin.conflicts.form_values import form_values
from registers.models import (
    Approver,
    Change,
    Contact,
    News,
    Organisation,
    Party,
    Protocol,
    Review,
    Theme,
)
from tests.admin.conflicts import EDIT, choose, differing, save_both
from tests.admin.typing_in import Page, add_row, address, boxes, errors, messages, row_of, send
from tests.cast import door_of, somebody

pytestmark = pytest.mark.usefixtures("real_register")

EPUT = "Essex Partnership University NHS Foundation Trust"


def stored(reference: str = "0046") -> Protocol:
    return Protocol.objects.get(pk=reference)


def organisation(name: str) -> Organisation:
    return Organisation.objects.named(name).get()


def parties() -> list[str]:
    """Return who takes part in 0046, the lead marked by a star, with the notes."""
    return [
        str(party.organisation) + ("*" if party.role == Party.Role.LEAD else "") + party.note
        for party in stored().parties.all()
    ]


def everything(reference: str = "0046") -> Any:
    protocol = stored(reference)
    return (
        Protocol.objects.filter(pk=reference).values().get(),
        list(protocol.parties.values()),
        list(protocol.documents.values()),
        Change.objects.about(Protocol, reference).count(),
    )


class TestTheSecondSave:
    def test_is_refused_and_shows_both_versions(self, officers_door, percys_door):
        form = boxes(officers_door, EDIT)
        send(percys_door, EDIT, title="Theirs", version="V9", summary="Same")
        before = everything()
        typed = {"title": "Mine", "purpose": "For <b>this</b>.", "summary": "Same", "why": "So."}
        response = officers_door.post(EDIT, form | typed)
        assert everything() == before
        shown = differing(response)
        assert {label: each.changed_by for label, each in shown.items()} == {
            "Title": "both",
            "Version": "theirs",
            "Purpose": "yours",
        }
        chosen = {label: each.chosen for label, each in shown.items()}
        assert chosen == {"Title": None, "Version": "stored", "Purpose": "wanted"}
        page = response.content.decode()
        assert "Somebody saved this while you were writing" in page
        assert "percy saved this on" in page
        for text in ("Theirs", "Mine", "V9", "For &lt;b&gt;this&lt;/b&gt;.", "So."):
            assert text in page
        assert Page(page).inline == []

    def test_saves_what_was_chosen_as_one_change(self, officers_door, officer, percys_door):
        typed = {"title": "Mine", "purpose": "To pay.", "why": "They asked."}
        response = save_both(
            officers_door, percys_door, typed, {"title": "Theirs", "version": "V9"}
        )
        count = Change.objects.about(Protocol, "0046").count()
        done = choose(officers_door, response, **{"choose-title": "wanted"})
        assert "was changed successfully" in messages(done)
        protocol = stored()
        assert (protocol.title, protocol.version, protocol.purpose) == ("Mine", "V9", "To pay.")
        change = protocol.changes.first()
        assert (change.why, change.by) == ("They asked.", officer)
        assert "Title changed from Theirs to Mine." in change.what
        assert Change.objects.about(Protocol, "0046").count() == count + 1

    def test_can_keep_what_is_stored(self, officers_door, percys_door):
        response = save_both(officers_door, percys_door, {"title": "Mine"}, {"title": "Theirs"})
        before = everything()
        choose(officers_door, response, **{"choose-title": "stored"})
        assert everything() == before

    def test_wants_a_choice_where_both_changed(self, officers_door, percys_door):
        typed = {"title": "Mine", "purpose": "To pay."}
        response = save_both(officers_door, percys_door, typed, {"title": "Theirs"})
        before = everything()
        again = choose(officers_door, response, **{"choose-purpose": "stored"})
        shown = differing(again)
        assert shown["Title"].error == "Select which of the two to keep."
        assert (shown["Purpose"].chosen, shown["Purpose"].error) == ("stored", "")
        assert '<a href="#choose-title">' in again.content.decode()
        assert everything() == before
        choose(officers_door, again, **{"choose-title": "wanted"})
        assert (stored().title, stored().purpose) == ("Mine", before[0]["purpose"])

    def test_all_at_once_as_typed(self, officers_door, percys_door):
        version = stored().version
        changed = {"title": "Theirs", "version": "V9"}
        response = save_both(officers_door, percys_door, {"title": "Mine"}, changed)
        choose(officers_door, response, "_mine")
        assert (stored().title, stored().version) == ("Mine", version)

    def test_all_at_once_as_stored(self, officers_door, percys_door):
        response = save_both(officers_door, percys_door, {"title": "Mine"}, {"title": "Theirs"})
        before = everything()
        done = choose(officers_door, response, "_leave")
        assert messages(done) == "Nothing was saved. The form shows what is stored."
        assert everything() == before

    def test_is_refused_again_for_a_third(self, officers_door, percys_door):
        typed = {"title": "Mine", "purpose": "To pay."}
        response = save_both(officers_door, percys_door, typed, {"title": "Theirs"})
        send(percys_door, EDIT, title="A third", version="V9")
        again = choose(officers_door, response, **{"choose-title": "wanted"})
        shown = differing(again)
        assert {label: each.changed_by for label, each in shown.items()} == {
            "Title": "both",
            "Version": "theirs",
            "Purpose": "yours",
        }
        assert shown["Title"].stored == [("", "A third")]
        assert stored().title == "A third"
        choose(officers_door, again, **{"choose-title": "wanted"})
        assert (stored().title, stored().version, stored().purpose) == ("Mine", "V9", "To pay.")

    def test_without_a_choice_shows_what_a_third_has_saved(self, officers_door, percys_door):
        response = save_both(officers_door, percys_door, {"title": "Mine"}, {"title": "Theirs"})
        send(percys_door, EDIT, title="A third")
        again = choose(officers_door, response)
        shown = differing(again)["Title"]
        assert (shown.stored, shown.typed) == ([("", "A third")], [("", "Mine")])
        choose(officers_door, again, **{"choose-title": "wanted"})
        assert stored().title == "Mine"

    def test_text_that_is_no_valid_value_is_kept(self, officers_door, percys_door):
        typed = {"title": "Mine", "review_date": "Marhc 2027"}
        response = save_both(officers_door, percys_door, typed, {"review_date": "May 2028"})
        shown = differing(response)["Review month"]
        assert (shown.stored, shown.typed) == ([("", "May 2028")], [("", "Marhc 2027")])
        refused = choose(officers_door, response, **{"choose-review_date": "wanted"})
        held = Page(refused.content.decode()).boxes
        assert (held["title"], held["review_date"]) == ("Mine", "Marhc 2027")
        officers_door.post(EDIT, held | {"review_date": "March 2027"})
        assert (stored().title, stored().review_date) == ("Mine", datetime.date(2027, 3, 1))

    def test_what_was_chosen_is_checked_as_ever(self, officers_door, percys_door):
        typed = {"title": "Mine", "published_on": "soon"}
        response = save_both(officers_door, percys_door, typed, {"version": "V9"})
        before = everything()
        refused = choose(officers_door, response)
        assert "This is not a day." in errors(refused)
        assert everything() == before
        # The form that comes back stands on what is stored now.
        held = Page(refused.content.decode()).boxes
        assert (held["title"], held["version"]) == ("Mine", "V9")
        officers_door.post(EDIT, held | {"published_on": "1/2/2026"})
        assert (stored().title, stored().version) == ("Mine", "V9")

    def test_a_choice_that_nobody_offered_is_none(self, officers_door, percys_door):
        response = save_both(officers_door, percys_door, {"title": "Mine"}, {"title": "Theirs"})
        again = choose(officers_door, response, **{"choose-title": "both"})
        assert differing(again)["Title"].error

    def test_keeps_where_to_go_on(self, officers_door, percys_door):
        typed = {"title": "Mine", "_continue": "x"}
        response = save_both(officers_door, percys_door, typed, {"version": "V9"})
        done = choose(officers_door, response)
        assert done.redirect_chain == [(EDIT, 302)]


class TestWhatCounts:
    """Whatever is stored otherwise, even what no form shows, is news to whoever is writing."""

    def of_organisation(self) -> str:
        return address("organisation", "change", organisation("Provide").pk)

    def refused(self, door: Client, url: str, happens: Any, **typed: Any) -> Any:
        form = boxes(door, url)
        happens()
        return differing(door.post(url, form | typed))

    def test_a_review_that_withdrew_it(self, officers_door, officer):
        at = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
        review = Review(
            protocol=stored(),
            reviewed_on=at.date(),
            outcome="ended",
            job_title="SIRO",
            note="The service closed.",
        )

        def happens() -> None:
            changes.record_review(review, at=at, by=officer)

        shown = self.refused(officers_door, EDIT, happens, title="Mine")
        assert {label: each.changed_by for label, each in shown.items()} == {"Title": "yours"}
        assert stored().status == "withdrawn"

    def test_a_note_for_administrators(self, officers_door):
        def happens() -> None:
            Protocol.objects.filter(pk="0046").update(admin_note="Ask them.")

        shown = self.refused(officers_door, EDIT, happens, title="Mine")
        assert shown["Note for administrators"].changed_by == "theirs"

    def test_the_order_of_parties(self, officers_door):
        def happens() -> None:
            stored().parties.filter(role="lead").update(position=9)

        assert list(self.refused(officers_door, EDIT, happens, title="Mine")) == ["Title"]

    def test_a_contact(self, officers_door, percys_door):
        provide = organisation("Provide")

        def happens() -> None:
            changes.save(Contact(organisation=provide, email="ig@example.org"))

        typed = {"note": "Mine", "contact-0-email": "desk@example.org"}
        shown = self.refused(officers_door, self.of_organisation(), happens, **typed)
        contact = shown["Contact for reminders"]
        assert (contact.changed_by, contact.stored) == (
            "both",
            [("E-mail address", "ig@example.org")],
        )
        assert shown["Note"].changed_by == "yours"

    def test_an_approver_and_the_other_spelling_of_the_name(self, officers_door, percys_door):
        provide, url = organisation("Provide"), self.of_organisation()
        form = boxes(officers_door, url)
        row = add_row(percys_door, url, "approvers", job_title="SIRO")
        send(percys_door, url, also_written="provide", **row)
        response = officers_door.post(
            url,
            form
            | {"note": "Mine", "approvers-TOTAL_FORMS": "1"}
            | {"approvers-0-job_title": "Caldicott Guardian"},
        )
        shown = differing(response)
        assert {label: each.changed_by for label, each in shown.items()} == {
            "Official name also written": "theirs",
            "Note": "yours",
            "Approver: SIRO": "theirs",
            "Approver: Caldicott Guardian": "yours",
        }
        choose(officers_door, response)
        titles = provide.approvers.values_list("job_title", flat=True)
        assert sorted(titles) == ["Caldicott Guardian", "SIRO"]
        assert boxes(officers_door, url)["also_written"] == "provide"

    @pytest.mark.parametrize("box", ["", "forged", "another's"])
    def test_a_form_that_does_not_say_what_it_was_edit_token(self, officers_door, box):
        if box == "another's":
            box = boxes(officers_door, address("protocol", "change", "0012"))["edit_token"]
        form = boxes(officers_door, EDIT) | {"title": "Mine", "edit_token": box}
        before = everything()
        response = officers_door.post(EDIT, form)
        assert differing(response)["Title"].changed_by == "both"
        assert "These two differ" in response.content.decode()
        assert everything() == before
        again = choose(officers_door, response, **{"choose-title": "wanted"})
        assert "was changed successfully" in messages(again)

    def test_choices_without_what_they_were_shown_with(self, officers_door, percys_door):
        response = save_both(officers_door, percys_door, {"title": "Mine"}, {"title": "Theirs"})
        chosen = {"choose-title": "wanted", "edit_token": "forged"}
        again = choose(officers_door, response, **chosen)
        assert differing(again)["Title"].changed_by == "both"
        assert stored().title == "Theirs"

    @pytest.mark.parametrize(
        ("noun", "model", "field"),
        [("theme", Theme, "description"), ("news", News, "body")],
        ids=["a theme", "news"],
    )
    def test_a_page(self, officers_door, percys_door, noun, model, field):
        thing = model.objects.first() or News.objects.create(title="A meeting", slug="a-meeting")
        url = address(noun, "change", thing.pk)
        meet_with = ({field: "Mine"}, {field: "Theirs"}, url)
        response = save_both(officers_door, percys_door, *meet_with)
        assert len(differing(response)) == 1
        choose(officers_door, response, "_mine")
        thing.refresh_from_db()
        assert getattr(thing, field) == "Mine"

    def test_an_approver_on_a_page_of_its_own(self, officers_door, percys_door):
        approver = Approver.objects.create(organisation=organisation("Provide"), job_title="SIRO")
        url = address("approver", "change", approver.pk)
        response = save_both(
            officers_door, percys_door, {"job_title": "A"}, {"job_title": "B"}, url
        )
        assert differing(response)["Job title"].stored == [("", "B")]


@pytest.mark.both_databases
class TestRows:
    def row(self, door: Client, name: str) -> str:
        return row_of(door, EDIT, "parties", "organisation", organisation(name).pk)

    def test_one_that_the_other_removed_and_i_changed(self, officers_door, percys_door):
        typed = {self.row(officers_door, "EPUT") + "note": " my note"}
        changed = {self.row(percys_door, "EPUT") + "DELETE": "on"}
        response = save_both(officers_door, percys_door, typed, changed)
        (row,) = differing(response).values()
        assert (row.label, row.changed_by, row.stored) == (
            f"Party: {EPUT}, Partner",
            "both",
            [],
        )
        assert ("Note", "my note") in [(label, text.strip()) for label, text in row.typed]
        choose(officers_door, response, **{row.name: "wanted"})
        assert parties() == ["Provide*", "All Essex Schools", f"{EPUT}my note"]

    def test_one_that_the_other_removed_and_i_left(self, officers_door, percys_door):
        changed = {self.row(percys_door, "EPUT") + "DELETE": "on"}
        response = save_both(officers_door, percys_door, {"title": "Mine"}, changed)
        assert differing(response)[f"Party: {EPUT}, Partner"].changed_by == "theirs"
        choose(officers_door, response)
        assert parties() == ["Provide*", "All Essex Schools"]
        assert stored().title == "Mine"

    def test_one_that_i_removed_and_the_other_changed(self, officers_door, percys_door):
        typed = {self.row(officers_door, "EPUT") + "DELETE": "on"}
        changed = {self.row(percys_door, "EPUT") + "note": "theirs"}
        response = save_both(officers_door, percys_door, typed, changed)
        (row,) = differing(response).values()
        assert (row.changed_by, row.typed) == ("both", [])
        choose(officers_door, response, **{row.name: "wanted"})
        assert parties() == ["Provide*", "All Essex Schools"]

    def test_both_removed_it(self, officers_door, percys_door):
        removed = {self.row(officers_door, "EPUT") + "DELETE": "on"}
        response = save_both(officers_door, percys_door, removed | {"title": "Mine"}, removed)
        assert list(differing(response)) == ["Title"]
        choose(officers_door, response)
        assert parties() == ["Provide*", "All Essex Schools"]

    def test_both_added_the_same(self, officers_door, percys_door):
        medway = organisation("Medway").pk
        mine = add_row(officers_door, EDIT, "parties", organisation=medway, note="mine")
        theirs = add_row(percys_door, EDIT, "parties", organisation=medway, note="theirs")
        response = save_both(officers_door, percys_door, mine, theirs)
        (row,) = differing(response).values()
        assert row.changed_by == "both"
        choose(officers_door, response, **{row.name: "wanted"})
        assert parties()[-1] == "Medway Councilmine"
        assert Party.objects.filter(protocol="0046", organisation=medway).count() == 1

    def test_each_added_one(self, officers_door, percys_door):
        mine = add_row(officers_door, EDIT, "parties", organisation=organisation("Medway").pk)
        kent = organisation("Kent County Council").pk
        theirs = add_row(percys_door, EDIT, "parties", organisation=kent)
        response = save_both(officers_door, percys_door, mine, theirs)
        changed_by = {each.label: each.changed_by for each in differing(response).values()}
        assert changed_by == {
            "Party: Kent County Council, Partner": "theirs",
            "Party: Medway Council, Partner": "yours",
        }
        choose(officers_door, response)
        assert parties()[3:] == ["Kent County Council", "Medway Council"]

    def test_mine_over_it_takes_out_what_the_other_added(self, officers_door, percys_door):
        kent = organisation("Kent County Council").pk
        theirs = add_row(percys_door, EDIT, "parties", organisation=kent)
        response = save_both(officers_door, percys_door, {"title": "Mine"}, theirs)
        choose(officers_door, response, "_mine")
        assert parties() == ["Provide*", EPUT, "All Essex Schools"]

    def test_one_that_was_made_again_is_the_same(self, officers_door):
        typed = {self.row(officers_door, "EPUT") + "note": "mine"}
        form = boxes(officers_door, EDIT) | typed
        party = stored().parties.get(organisation=organisation("EPUT"))
        changes.remove(party)
        party.pk, party._state.adding = None, True
        changes.save(party)
        response = officers_door.post(EDIT, form)
        (row,) = differing(response).values()
        assert row.changed_by == "yours"
        choose(officers_door, response)
        assert parties() == ["Provide*", f"{EPUT}mine", "All Essex Schools"]

    def test_a_row_that_became_another_organisation(self, officers_door, percys_door):
        typed = {
            self.row(officers_door, "EPUT") + "organisation": organisation("Medway").pk,
        }
        response = save_both(officers_door, percys_door, typed, {"title": "Theirs"})
        assert {each.changed_by for each in differing(response).values()} == {"yours", "theirs"}
        choose(officers_door, response)
        assert parties() == ["Provide*", "Medway Council", "All Essex Schools"]
        assert stored().title == "Theirs"

    def test_two_leads_are_refused_as_ever(self, officers_door, percys_door):
        typed = {
            self.row(officers_door, "Provide") + "role": "partner",
            self.row(officers_door, "EPUT") + "role": "lead",
        }
        kent = organisation("Kent County Council").pk
        theirs = add_row(percys_door, EDIT, "parties", organisation=kent, role="lead")
        theirs |= {self.row(percys_door, "Provide") + "DELETE": "on"}
        response = save_both(officers_door, percys_door, typed, theirs)
        chosen = {each.name: each.chosen or "wanted" for each in differing(response).values()}
        refused = choose(officers_door, response, **chosen)
        assert "A protocol can have only one lead organisation. " in errors(refused)
        assert parties() == [EPUT, "All Essex Schools", "Kent County Council*"]

    def test_a_row_that_stands_there_twice_is_not_lost(self, officers_door, percys_door):
        typed = add_row(officers_door, EDIT, "parties", organisation=organisation("EPUT").pk)
        response = save_both(officers_door, percys_door, typed, {"title": "Theirs"})
        assert f"Party: {EPUT}, Partner" in differing(response)
        refused = choose(officers_door, response)
        assert f"{EPUT} has this role twice." in errors(refused)

    def test_rows_that_were_not_sent_were_not_deleted(self, officers_door):
        typed = {"title": "Mine", "theme": stored().theme_id, "status": "published"}
        shown = differing(officers_door.post(EDIT, typed))
        assert not any(each.is_row for each in shown.values())


class TestShutBoxes:
    """A form shows boxes that are shut, which a browser does not send."""

    @pytest.fixture
    def door(self) -> Client:
        return door_of(somebody("pia", "Publisher"))

    def test_goes_through_as_it_is_chosen_beforehand(self, door, publisher):
        typed, changed = {"purpose": "To pay."}, {"version": "V9"}
        response = save_both(door, door_of(publisher), typed, changed)
        assert {label: each.chosen for label, each in differing(response).items()} == {
            "Version": "stored",
            "Purpose": "wanted",
        }
        done = choose(door, response)
        assert "was changed successfully" in messages(done)
        protocol = stored()
        assert (protocol.version, protocol.purpose, protocol.status) == (
            "V9",
            "To pay.",
            Protocol.Status.PUBLISHED,
        )

    def test_goes_through_as_typed_and_as_chosen_by_hand(self, door, publisher):
        theirs = {"version": "V9", "title": "Theirs"}
        response = save_both(door, door_of(publisher), {"title": "Mine"}, theirs)
        choose(door, response, **{"choose-title": "wanted"})
        assert (stored().title, stored().version) == ("Mine", "V9")
        response = save_both(door, door_of(publisher), {"title": "Again"}, {"version": "V10"})
        choose(door, response, "_mine")
        assert (stored().title, stored().version) == ("Again", "V9")

    @pytest.mark.parametrize("button", ["_resolve", "_mine"])
    def test_leaves_what_another_withdrew_as_it_is(self, door, publisher, button):
        typed = boxes(door, EDIT) | {"purpose": "To pay."}
        reason = {"because": "other", "withdrawn_reason": "It is over.", "replaced_by": "0012"}
        url = address("protocol", "withdraw", "0046")
        send(door_of(publisher), url, _do="1", withdrawn_on="1/11/2026", **reason)
        response = door.post(EDIT, typed)
        assert set(differing(response)) == {"Purpose"}
        assert response.context["original"].status == "withdrawn"
        assert "Its status is now: Withdrawn." in response.content.decode()
        choose(door, response, button)
        protocol = stored()
        assert protocol.purpose == "To pay."
        assert (protocol.status, protocol.withdrawn_on) == ("withdrawn", datetime.date(2026, 11, 1))
        assert (protocol.withdrawn_reason, protocol.replaced_by_id) == ("It is over.", "0012")

    def test_does_not_take_what_is_forged_on_the_page(self, door, publisher):
        response = save_both(door, door_of(publisher), {"purpose": "To pay."}, {"version": "V9"})
        choose(door, response, status="draft")
        assert (stored().purpose, stored().status) == ("To pay.", "published")

    def test_keeps_a_row_of_its_own(self, door, publisher):
        medway = organisation("Medway")
        added = add_row(door, EDIT, "parties", organisation=medway.pk, note="Now")
        response = save_both(door, door_of(publisher), added, {"version": "V9"})
        choose(door, response)
        assert (stored().version, f"{medway}Now" in parties()) == ("V9", True)


def test_what_is_shut_is_on_no_side_of_a_form():
    """In the form itself and in its rows."""

    class Plain(forms.Form):
        open = forms.CharField()
        shut = forms.CharField(disabled=True)

    class Rows(forms.BaseFormSet):
        form, extra, min_num, max_num, absolute_max = Plain, 1, 0, 9, 9
        can_order = can_delete = validate_max = validate_min = False
        renderer = get_default_renderer()
        model, fk, instance = Theme, SimpleNamespace(name="theme"), Theme()

    inline = SimpleNamespace(verbose_name="row", max_num=9)
    values = form_values(Plain(), [(Rows(prefix="rows"), inline)], may_change=lambda _: True)
    assert list(values.fields) == list(values.stored["fields"]) == ["open"]
    rows = values.inlines["rows"]
    assert list(rows.fields) == list(rows.blank) == ["open"]
