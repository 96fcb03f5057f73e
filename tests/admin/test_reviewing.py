"""Recording a review of one protocol through the editors' door, and looking reviews up."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from registers import changes
from registers.models import Approver, Change, Party, Protocol, RegisterVersion, Review
from tests.admin.typing_in import Page, address, boxes, errors, messages, send
from tests.models.making import saved

pytestmark = pytest.mark.usefixtures("real_register")

FORM = address("protocol", "review", "0046")
EDIT = address("protocol", "change", "0046")
DAY = datetime.date(2026, 11, 22)


def typed(**fields: str) -> dict[str, str]:
    """What an officer types: still needed, unchanged, unless told otherwise."""
    given = {
        "outcome": "unchanged",
        "next_review": "March 2029",
        "job_title": "Caldicott Guardian",
        "note": "The partners agreed.",
    }
    return given | fields


ENDS = {"outcome": "ended", "next_review": "", "note": "The service closed."}
REPLACED = {"outcome": "replaced", "next_review": "", "note": "", "replaced_by": "0042"}


def as_stored(reference: str = "0046") -> tuple[object, ...]:
    """Return all that a review could touch, to see that nothing was half saved."""
    return (
        Protocol.objects.filter(pk=reference).values().get(),
        list(Review.objects.values()),
        Change.objects.count(),
        str(RegisterVersion.now()),
    )


def record(reference: str = "0046", **fields: object) -> Review:
    given = {
        "outcome": "unchanged",
        "reviewed_on": DAY,
        "next_review": datetime.date(2029, 3, 1),
        "job_title": "SIRO",
    }
    review = Review(protocol=Protocol.objects.get(pk=reference), **given | fields)
    changes.record_review(review, at=datetime.datetime(2026, 11, 22, 10, tzinfo=datetime.UTC))
    return review


class TestTheWayThere:
    def test_a_button_on_the_protocol_s_page(self, officers_door):
        assert f'href="{FORM}"' in officers_door.get(EDIT).content.decode()

    def test_none_for_a_draft_or_a_withdrawn_one(self, officers_door, today):
        record(outcome="ended", next_review=None, note="Over.")
        Protocol.objects.filter(pk="0042").update(status="draft")
        for reference in ("0046", "0042"):
            page = officers_door.get(address("protocol", "change", reference))
            assert "Record a review" not in page.content.decode()
            answer = officers_door.get(address("protocol", "review", reference), follow=True)
            assert "is not in force, so there is nothing to review" in messages(answer)
            assert answer.redirect_chain[-1][0] == address("protocol", "change", reference)

    def test_an_unknown_protocol_is_not_found(self, officers_door):
        assert officers_door.get(address("protocol", "review", "0099")).status_code == 404


class TestTheForm:
    def test_it_runs_under_the_strict_policy_and_stands_on_today(self, officers_door, today):
        page = officers_door.get(FORM)
        assert Page(page.content.decode()).inline == []
        assert boxes(officers_door, FORM)["reviewed_on"] == "22/11/2026"
        words = page.content.decode()
        assert "Lead: Provide." in words
        assert "Review due by 30 April 2022: overdue by 4 years." in words
        assert "No review is recorded yet." in words

    @pytest.mark.parametrize(
        ("now", "shown"),
        [
            ("2026-06-30T22:59:00+00:00", "30/06/2026"),
            ("2026-06-30T23:30:00+00:00", "01/07/2026"),
            ("2028-02-29T23:59:00+00:00", "29/02/2028"),
            ("2026-12-31T23:59:00+00:00", "31/12/2026"),
            ("2027-01-01T00:01:00+00:00", "01/01/2027"),
        ],
    )
    def test_today_is_london_s_and_can_be_recorded(self, officer, client, now, shown):
        with time_machine.travel(datetime.datetime.fromisoformat(now), tick=False):
            client.force_login(officer)
            assert boxes(client, FORM)["reviewed_on"] == shown
            send(client, FORM, **typed())
        assert f"{Review.objects.get().reviewed_on:%d/%m/%Y}" == shown

    def test_it_offers_the_job_titles_of_the_lead_alone(self, officers_door):
        lead = Protocol.objects.get(pk="0046").lead
        partner = Party.objects.filter(protocol="0046", role="partner").first()
        for party, title in ((lead, "SIRO"), (lead, "<b>Guardian"), (partner, "Headteacher")):
            saved(Approver(organisation=party.organisation, job_title=title))
        page = officers_door.get(FORM).content.decode()
        assert '<option value="SIRO">' in page
        assert '<option value="&lt;b&gt;Guardian">' in page
        assert "Headteacher" not in page
        assert 'list="job_title-offers"' in page

    def test_a_protocol_without_lead_or_date(self, officers_door):
        Party.objects.filter(protocol="0046").delete()
        Protocol.objects.filter(pk="0046").update(review_date=None)
        words = officers_door.get(FORM).content.decode()
        assert "Lead: not recorded." in words
        assert "No review date." in words

    def test_it_says_what_was_decided_last(self, officers_door, today):
        record()
        words = officers_door.get(FORM).content.decode()
        assert "Last review: 22 November 2026, still needed, unchanged." in words


class TestRecording:
    def test_still_needed(self, officers_door, officer, today):
        response = send(officers_door, FORM, **typed())
        said = messages(response)
        assert "stays in force, and its next review is due by 31 March 2029." in said
        assert '<a href="/protocols/0046/">See its public page</a>' in said
        assert response.redirect_chain[-1][0] == EDIT
        review = Review.objects.get()
        assert (review.protocol_id, review.by, review.reviewed_on) == ("0046", officer, DAY)
        assert (review.job_title, review.note) == ("Caldicott Guardian", "The partners agreed.")
        assert Protocol.objects.get(pk="0046").review_date == datetime.date(2029, 3, 1)
        change = Change.objects.first()
        assert (change.by, change.why) == (officer, "Reviewed on 22 November 2026.")

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            (ENDS, "It is withdrawn, and its page says why."),
            (REPLACED, "It is withdrawn, and its page leads to 0042 - Access to the Child Health"),
        ],
        ids=["ended", "replaced"],
    )
    def test_what_ends_it(self, officers_door, today, fields, said):
        assert said in messages(send(officers_door, FORM, **typed(**fields)))
        assert Protocol.objects.get(pk="0046").withdrawn_on == DAY


@pytest.mark.usefixtures("today")
class TestAMonthFarAhead:
    @pytest.mark.parametrize(
        ("years", "month", "asked"),
        [(3, "November 2029", False), (3, "December 2029", True), (1, "December 2027", True)],
    )
    def test_is_asked_about_once(self, officers_door, settings, years, month, asked):
        rule = replace(settings.PARTNERSHIP.review, years_ahead=years)
        settings.PARTNERSHIP = replace(settings.PARTNERSHIP, review=rule)
        form = boxes(officers_door, FORM) | typed(next_review=month)
        page = officers_door.post(FORM, form)
        assert Review.objects.exists() != asked
        if asked:
            assert f"{month} is more than {years} year" in errors(page)
            tick = {"next_review-meant": month}
            officers_door.post(FORM, Page(page.content.decode()).boxes | tick)
        assert f"{Review.objects.get().next_review:%B %Y}" == month

    def test_is_asked_about_again_when_it_is_another(self, officers_door):
        form = boxes(officers_door, FORM) | typed(next_review="March 2099")
        page = officers_door.post(FORM, form | {"next_review-meant": "March 2030"})
        assert "March 2099 is more than 3 years ahead" in errors(page)
        assert not Review.objects.exists()

    def test_is_asked_about_on_the_form_of_a_protocol_when_it_is_new(self, officers_door):
        form = boxes(officers_door, EDIT) | {"review_date": "March 2099"}
        page = officers_door.post(EDIT, form)
        assert "March 2099 is more than 3 years ahead" in errors(page)
        form |= {"review_date-meant": "March 2099"}
        assert officers_door.post(EDIT, form).status_code == 302
        form = boxes(officers_door, EDIT) | {"title": "Another title"}
        assert officers_door.post(EDIT, form).status_code == 302
        stored = Protocol.objects.get(pk="0046")
        assert (stored.title, stored.review_date.year) == ("Another title", 2099)


BAD = {
    "nothing": (dict.fromkeys(typed(), ""), "outcome", "This field is required."),
    "an outcome that is none": ({"outcome": "lost"}, "outcome", "Select a valid choice."),
    "no day": ({"reviewed_on": ""}, "reviewed_on", "This field is required."),
    "a day that is none": ({"reviewed_on": "30/02/2026"}, "reviewed_on", "like 31/03/2027."),
    "a day to come": ({"reviewed_on": "23/11/2026"}, "reviewed_on", "today or in the past"),
    "no month": ({"next_review": ""}, "next_review", "Enter the month of the next review."),
    "a month that is none": ({"next_review": "soon"}, "next_review", "Write it like March 2027."),
    "a month before the day": ({"next_review": "October 2026"}, "next_review", "a later month"),
    "a month for one that ends": (
        ENDS | {"next_review": "March 2029"},
        "next_review",
        "Clear this box.",
    ),
    "withdrawn without a reason": (ENDS | {"note": "  "}, "note", "Enter why"),
    "replaced by nothing": (REPLACED | {"replaced_by": ""}, "replaced_by", "Select the protocol"),
    "replaced by itself": (REPLACED | {"replaced_by": "0046"}, "replaced_by", "replace itself"),
    "replaced by what it replaces": (
        REPLACED | {"replaced_by": "0053"},
        "replaced_by",
        "These protocols would replace each other.",
    ),
    "replaced by a draft": (REPLACED | {"replaced_by": "0054"}, "replaced_by", "This is a draft."),
    "replaced by what is not there": (
        REPLACED | {"replaced_by": "0099"},
        "replaced_by",
        "Select a valid choice.",
    ),
    "an e-mail address": ({"note": "Ask jo@example.org"}, "note", "Remove the e-mail address"),
    "an address as job title": ({"job_title": "a@b.cd"}, "job_title", "Remove the e-mail"),
    "nobody decided": ({"job_title": ""}, "job_title", "This field is required."),
    "too long a job title": ({"job_title": "x" * 151}, "job_title", "at most 150 characters"),
}


@pytest.mark.parametrize(("fields", "field", "sentence"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_beside_the_box_and_nothing_is_saved(
    officers_door, today, fields, field, sentence
):
    record("0053", outcome="replaced", next_review=None, replaced_by_id="0046")
    Protocol.objects.filter(pk="0054").update(status="draft")
    before = as_stored()
    written = typed(**fields)
    response = send(officers_door, FORM, **written)
    form = response.context["adminform"].form
    assert sentence in " ".join(form.errors[field])
    assert "Nothing has been saved. Correct the error" in response.content.decode()
    assert as_stored() == before
    for name, value in written.items():
        assert form[name].value() == value


class TestTwoOfficersAtOnce:
    def test_the_second_is_told_that_it_was_withdrawn(self, officers_door, today):
        held = boxes(officers_door, FORM)
        record(outcome="ended", next_review=None, note="Over.")
        before = as_stored()
        response = officers_door.post(FORM, held | typed())
        assert "another one was recorded" in errors(response)
        again = officers_door.post(FORM, Page(response.content.decode()).boxes | typed())
        assert "is not in force, so there is nothing to review" in errors(again)
        assert "The partners agreed." in again.content.decode()
        assert as_stored() == before

    def test_the_second_is_told_of_a_review_and_may_add_to_it(self, officers_door, today):
        held = boxes(officers_door, FORM)
        record()
        before = as_stored()
        response = officers_door.post(FORM, held | typed())
        assert "22 November 2026: Still needed, unchanged. To record yours as well" in errors(
            response
        )
        assert as_stored() == before
        officers_door.post(FORM, Page(response.content.decode()).boxes | typed())
        assert Review.objects.filter(protocol="0046").count() == 2

    def test_withdrawn_by_hand_meanwhile(self, officers_door, today):
        held = boxes(officers_door, FORM)
        send(officers_door, address("protocol", "withdraw", "0046"), because="mistake", _do="1")
        before = as_stored()
        response = officers_door.post(FORM, held | typed())
        assert "is not in force, so there is nothing to review" in errors(response)
        assert as_stored() == before

    def test_a_later_review_meanwhile(self, officers_door, today):
        record()
        response = send(officers_door, FORM, **typed(reviewed_on="21/11/2026"))
        assert "A review dated 22 November 2026 is already recorded." in errors(response)


class TestWhoMay:
    @pytest.fixture
    def nina(self, db, client) -> User:
        """Nina, who may look at protocols and change none."""
        nina = User.objects.create_user("nina", is_staff=True)
        nina.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
        client.force_login(nina)
        return nina

    @pytest.mark.parametrize("page", [FORM, address("protocol", "review_many")])
    def test_a_stranger_is_sent_to_the_log_in_page(self, client, page):
        for answer in (client.get(page), client.post(page, typed())):
            assert answer.url.startswith("/admin/login/")

    @pytest.mark.parametrize("page", [FORM, address("protocol", "review_many")])
    def test_an_editor_who_may_only_look_is_refused(self, nina, client, page):
        before = as_stored()
        assert client.get(page).status_code == 403
        assert client.post(page, typed(protocol="0046")).status_code == 403
        assert as_stored() == before

    def test_and_is_offered_neither_button_nor_action(self, nina, client):
        assert "Record a review" not in client.get(EDIT).content.decode()
        assert "review_chosen" not in client.get(address("protocol", "changelist")).content.decode()

    def test_a_forged_form_is_refused(self, officer):
        door = Client(enforce_csrf_checks=True)
        door.force_login(officer)
        before = as_stored()
        for page in (FORM, address("protocol", "review_many")):
            assert door.post(page, typed(protocol="0046")).status_code == 403
        assert as_stored() == before


class TestLookingUp:
    @pytest.fixture
    def review(self, real_register) -> Review:
        return record(outcome="ended", next_review=None, note="Jo Smith left.")

    def test_by_words_and_reference(self, officers_door, review):
        record("0042", note="Agreed.")
        url = address("review", "changelist")
        for words, found in (("0042", "March 2029"), ("smith", "No longer needed"), ("siro", "")):
            page = officers_door.get(url, {"q": words}).content.decode()
            assert found in page
        assert "March 2029" not in officers_door.get(url, {"q": "smith"}).content.decode()

    def test_its_words_are_mended_as_a_change_of_the_protocol(self, officers_door, officer, review):
        url = address("review", "change", review.pk)
        send(officers_door, url, note="The service closed.", why="No names.")
        review.refresh_from_db()
        assert review.note == "The service closed."
        protocol = Protocol.objects.get(pk="0046")
        assert protocol.withdrawn_reason == "The service closed."
        change = protocol.changes.first()
        assert (change.why, change.by) == ("No names.", officer)
        page = officers_door.get(address("review", "history", review.pk)).content.decode()
        assert "After</span>The service closed." in page

    def test_the_decision_stands(self, officers_door, review):
        url = address("review", "change", review.pk)
        own = {"job_title", "note", "why"}
        assert set(boxes(officers_door, url)) == own | {
            *("csrfmiddlewaretoken", "edit_token", "draft_token")
        }
        *before, _ = as_stored()
        send(officers_door, url, outcome="unchanged", protocol="0042", reviewed_on="01/01/2026")
        *after, _ = as_stored()
        assert after == before

    def test_bad_words_are_refused(self, officers_door, review):
        before = as_stored()
        response = send(officers_door, address("review", "change", review.pk), note="")
        assert "Enter why it is no longer needed." in errors(response)
        assert as_stored() == before

    def test_none_is_added_or_deleted(self, officers_door, review):
        assert officers_door.get(address("review", "add")).status_code == 403
        url = address("review", "delete", review.pk)
        assert officers_door.post(url, {"post": "yes"}).status_code == 403
        assert Review.objects.filter(pk=review.pk).exists()
