"""An Editor's save that is refused proposes nothing, and what the page says of it is still said."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import Permission

from registers.models import (
    Abbreviation,
    Approver,
    Change,
    Membership,
    News,
    Organisation,
    Proposal,
    Protocol,
    Review,
    Theme,
)
from registers.models.keys import EMAIL_REFUSED
from tests.admin.conflicts import choose
from tests.admin.typing_in import Page, add_row, address, boxes, row_of, send
from tests.cast import door_of, somebody
from tests.merging import named
from tests.models.making import saved
from tests.proposing import a_proposal

pytestmark = [
    pytest.mark.usefixtures("real_register", "today"),
]
FORM = address("protocol", "change", "0046")
WHY = "Ask jane.smith@example.org."


@pytest.fixture
def door(editor):
    return door_of(editor)


def protocol() -> Protocol:
    return Protocol.objects.get(pk="0046")


def levels(answer) -> list[str]:
    return [each.level_tag for each in answer.context["messages"]]


def without_purpose(door):
    return send(door, FORM, purpose=" ")


def without_lead(door):
    lead = row_of(door, FORM, "parties", "role", "lead")
    return send(door, FORM, **{f"{lead}DELETE": "on"}, title="Alarms")


def other_state(door):
    """Put an earlier state back as a page showed it that was opened before another save."""
    before = Change.objects.filter(protocol="0046").latest("made_at").pk
    stored = protocol()
    stored.purpose = "To warn."
    saved(stored)
    url = address("protocol", "restore", "0046", before)
    typed = boxes(door, url)
    stored.purpose = "To warn of floods."
    saved(stored)
    return door.post(url, typed, follow=True)


def state_without_digest(door):
    before = Change.objects.filter(protocol="0046").latest("made_at").pk
    stored = protocol()
    stored.purpose = "To warn."
    saved(stored)
    return door.post(address("protocol", "restore", "0046", before), {"why": "x"}, follow=True)


@pytest.mark.parametrize(
    "refused", [without_purpose, without_lead, other_state, state_without_digest]
)
def test_what_is_refused_is_not_proposed(door, refused):
    answer = refused(door)
    assert answer.status_code == 200
    assert answer.redirect_chain == []
    assert not Proposal.objects.exists()


def reason_on_a_form(door):
    return send(door, FORM, title="Alarms", why=WHY)


def reason_of_members(door):
    schools = named("All Essex Schools")
    return send(
        door, address("organisation", "member_add", schools.pk), member_name="Essex Police", why=WHY
    )


def reason_of_a_list(door):
    url = address("organisation", "paste", named("All Essex Schools").pk)
    shown = door.post(url, {"names": "Essex Police"})
    typed = Page(shown.content.decode()).boxes
    return door.post(url, typed | {"why": WHY, "_add": "1"}, follow=True)


def reason_of_a_state(door):
    before = Change.objects.filter(protocol="0046").latest("made_at").pk
    stored = protocol()
    stored.purpose = "To warn."
    saved(stored)
    return send(door, address("protocol", "restore", "0046", before), why=WHY)


def forged_reason_of_a_deletion(door):
    medway = named("Medway Council")
    approver = saved(medway, Approver(organisation=medway, job_title="SIRO")).approvers.get()
    return send(door, address("approver", "delete", approver.pk), why=WHY)


def forged_reason_of_news(door):
    news = saved(News(title="News", slug="news", body="Old"))
    return send(door, address("news", "change", news.pk), body="New", why=WHY)


@pytest.mark.parametrize(
    "refused",
    [
        reason_on_a_form,
        reason_of_members,
        reason_of_a_list,
        reason_of_a_state,
        forged_reason_of_a_deletion,
        forged_reason_of_news,
    ],
)
def test_an_address_in_the_reason_is_refused(door, refused):
    answer = refused(door)
    assert answer.status_code == 200
    assert str(EMAIL_REFUSED)[:20] in answer.content.decode()
    assert "success" not in levels(answer)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("verb", ["accept", "again"])
def test_an_address_in_the_reason_of_a_decision(door, editor, publisher, verb):
    made = a_proposal(protocol(), by=editor, purpose="To warn.")
    held = boxes(door_of(publisher), address("proposal", "change", made.pk)) | {"why": WHY}
    decider = door_of(publisher) if verb == "accept" else door
    answer = decider.post(address("proposal", verb, made.pk), held)
    assert answer.status_code == 409
    (refusal,) = answer.context["refusals"]
    assert EMAIL_REFUSED in refusal
    made.refresh_from_db()
    assert (made.status, made.why) == ("waiting", "")
    assert protocol().purpose != "To warn."


def test_what_is_asked_in_a_window_of_its_own_is_proposed(door):
    """Nobody is offered one, and what is typed in one that is forged is not lost."""
    url = address("approver", "add")
    typed = {"organisation": named("Medway Council").pk, "job_title": "SIRO", "_popup": "1"}
    assert door.post(url, typed).status_code == 302
    assert Proposal.objects.get().wanted["parts"].keys() == {"approvers"}


def stale_member(door):
    schools = named("All Essex Schools")
    row = Membership(group=schools, member=named("Essex Police"))
    saved(schools, row)
    url = address("organisation", "member", schools.pk, row.pk)
    typed = boxes(door, url) | {"source": "A list"}
    row.to_day = datetime.date(2026, 1, 1)
    saved(schools, row)
    return door.post(url, typed, follow=True), "error"


def stale_deletion(door):
    medway = named("Medway Council")
    approver = Approver(organisation=medway, job_title="SIRO")
    saved(medway, approver)
    url = address("approver", "delete", approver.pk)
    typed = boxes(door, url)
    approver.job_title = "Head"
    saved(medway, approver)
    return door.post(url, typed, follow=True), "error"


def members_of_one_body(door):
    medway = named("Medway Council")
    return door.post(address("organisation", "members", medway.pk), follow=True), "error"


def stored_already(door):
    typed = boxes(door, FORM) | {"title": "Alarms"}
    stored = protocol()
    stored.title = "Alarms"
    saved(stored)
    return door.post(FORM, typed, follow=True), "info"


def left_as_stored(door):
    typed = boxes(door, FORM) | {"title": "Mine"}
    stored = protocol()
    stored.title = "Theirs"
    saved(stored)
    return choose(door, door.post(FORM, typed), button="_leave"), "info"


@pytest.mark.parametrize(
    "page",
    [stale_member, stale_deletion, members_of_one_body, stored_already, left_as_stored],
)
def test_what_the_page_says_is_said(door, page):
    answer, level = page(door)
    assert levels(answer) == [level]
    assert not Proposal.objects.exists()
    (said,) = answer.context["messages"]
    assert "proposed" not in str(said)


def test_a_reason_that_is_proposed_is_not_called_lost(door):
    answer = send(door, FORM, admin_note="Ask again.", why="For the record.")
    assert Proposal.objects.get().why == "For the record."
    assert levels(answer) == ["success"]


def test_nothing_published_is_deleted_by_a_proposal():
    odd = somebody("odette")
    rights = Permission.objects.filter(codename__in=("view_theme", "delete_theme"))
    odd.user_permissions.set(rights)
    theme = saved(Theme(name="Empty", slug="empty", position=99))
    url = address("theme", "delete", theme.pk)
    assert door_of(odd).post(url, boxes(door_of(odd), url)).status_code == 403
    assert Theme.objects.filter(pk=theme.pk).exists()


class TestEverythingPublic:
    """What an Editor changes of anything that is public is proposed."""

    def test_the_words_of_a_review(self, door, publisher):
        review = saved_review("unchanged")
        url = address("review", "change", review.pk)
        send(door, url, note="Better words.")
        assert Review.objects.get().note == "Over."
        made = Proposal.objects.get()
        assert made.subject_key == "0046"
        accept(publisher, made)
        assert Review.objects.get().note == "Better words."

    def test_the_reason_of_a_withdrawal(self, door, publisher):
        url = address("review", "change", saved_review("ended").pk)
        send(door, url, note="Better words.")
        assert protocol().withdrawn_reason == "Over."
        accept(publisher, Proposal.objects.get())
        assert protocol().withdrawn_reason == Review.objects.get().note == "Better words."

    def test_an_abbreviation(self, door, publisher):
        short = saved(Abbreviation(short="ABC", meaning="a bird count"))
        send(door, address("abbreviation", "change", short.pk), meaning="a big count")
        short.refresh_from_db()
        assert short.meaning == "a bird count"
        made = Proposal.objects.get()
        assert made.about == "ABC"
        accept(publisher, made)
        short.refresh_from_db()
        assert short.meaning == "a big count"

    def test_a_successor_of_a_new_organisation(self, door, publisher):
        url = address("organisation", "add")
        medway = named("Medway Council")
        assert "successions-TOTAL_FORMS" in boxes(door_of(publisher), url)
        assert "successions-TOTAL_FORMS" not in boxes(door, url)
        forged = add_row(door_of(publisher), url, "successions", successor=medway.pk)
        send(door, url, **forged, name="Old District")
        assert Organisation.objects.filter(name="Old District").exists()
        assert not medway.predecessions.exists()


def saved_review(outcome: str) -> Review:
    stored = protocol()
    review = Review(
        protocol=stored,
        reviewed_on=datetime.date(2026, 11, 3),
        outcome=outcome,
        next_review=None if outcome == "ended" else datetime.date(2029, 3, 1),
        job_title="SIRO",
        note="Over.",
        recorded_at=datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC),
    )
    if outcome == "ended":
        stored.status, stored.withdrawn_reason = "withdrawn", review.note
        stored.withdrawn_on = review.reviewed_on
    saved(stored, review)
    return review


def accept(publisher, proposal) -> None:
    door = door_of(publisher)
    held = boxes(door, address("proposal", "change", proposal.pk))
    answer = door.post(address("proposal", "accept", proposal.pk), held)
    assert answer.status_code == 302, answer.context["refusals"]
