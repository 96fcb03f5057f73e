"""Reviews by an Editor: proposed on the pages on which a Publisher records them."""

from __future__ import annotations

import datetime

import pytest

from registers import changes
from registers.models import Change, Proposal, Protocol, Review
from tests.admin.typing_in import Page, address, boxes, errors, messages, send
from tests.cast import door_of
from tests.proposing import a_proposal

pytestmark = pytest.mark.usefixtures("real_register", "today")

ONE = address("protocol", "review", "0046")
MANY = address("protocol", "review_many")
MONTH = datetime.date(2029, 3, 1)
TYPED = {
    "outcome": "unchanged",
    "reviewed_on": "20/11/2026",
    "next_review": "March 2029",
    "job_title": "SIRO",
    "note": "Looked at.",
}


@pytest.fixture
def door(editor):
    return door_of(editor)


@pytest.fixture
def publishers_door(publisher):
    return door_of(publisher)


def protocol(reference: str = "0046") -> Protocol:
    return Protocol.objects.get(pk=reference)


def page_of(proposal: Proposal) -> str:
    return address("proposal", "change", proposal.pk)


def accept(door, proposal, **typed):
    """Open the page of a proposal, type, tick or (with None) untick, and accept it."""
    held = boxes(door, page_of(proposal)) | typed
    sent = {name: value for name, value in held.items() if value is not None}
    return door.post(address("proposal", "accept", proposal.pk), sent, follow=True)


def preview(door, *references):
    """Tick protocols on the list, fill in the form for them, and see what would happen."""
    ticked = {"action": "review_chosen", "_selected_action": references, "index": "0"}
    form = door.post(address("protocol", "changelist"), ticked)
    assert "Nothing public changes" in form.content.decode()
    held = Page(form.content.decode()).boxes | TYPED | {"protocol": references}
    return door.post(MANY, held | {"_show": "x"})


def confirm(door, shown):
    """Press the button that does what the preview shows."""
    held = Page(shown.content.decode()).boxes
    held["recordable"] = [each.protocol.pk for each in shown.context["recordable"]]
    held["protocol"] = [each.pk for each in shown.context["protocols"]]
    return door.post(MANY, held | {"_record": "x"}, follow=True)


class TestOne:
    @pytest.mark.both_databases
    def test_it_waits_until_a_publisher_accepts_it(self, door, publishers_door, editor, publisher):
        before = protocol().review_date
        assert "Record the review" not in door.get(ONE).content.decode()
        answer = send(door, ONE, **TYPED)
        made = Proposal.objects.get()
        assert answer.redirect_chain[-1][0] == page_of(made)
        assert (made.by, made.why) == (editor, "Reviewed on 20 November 2026.")
        assert (protocol().review_date, Review.objects.count()) == (before, 0)
        assert "20 November 2026" not in door.get("/protocols/0046/").content.decode()
        for each in (door, publishers_door):
            assert page_of(made) in each.get(ONE).content.decode()
        accept(publishers_door, made)
        review = Review.objects.get()
        assert (review.by, review.reviewed_on) == (publisher, datetime.date(2026, 11, 20))
        assert (protocol().review_date, review.next_review) == (MONTH, MONTH)
        change = protocol().changes.first()
        assert (change.by, change.why) == (publisher, "Reviewed on 20 November 2026.")
        assert "Looked at." in door.get("/protocols/0046/").content.decode()
        assert door.get("/?review=in-date").context["results"].count == 1
        assert "24 of 25 overdue" in door.get("/reviews/").content.decode()

    def test_it_is_shown_field_by_field_and_ticked_as_a_whole(self, door, publishers_door):
        Protocol.objects.filter(pk="0046").update(review_note="Under review")
        send(door, ONE, **TYPED)
        made = Proposal.objects.get()
        shown = publishers_door.get(page_of(made)).context["differences"]
        assert [(each.label, each.of_review, bool(each.box)) for each in shown] == [
            ("Review", False, False),
            ("Review date", True, True),
            ("Review note", True, False),
        ]
        ticks = [name for name in boxes(publishers_door, page_of(made)) if name.startswith("take-")]
        assert ticks == [shown[0].name]
        assert accept(publishers_door, made, **{shown[0].name: None}).status_code == 409
        accept(publishers_door, made, review_date="June 2028")
        assert protocol().review_date == Review.objects.get().next_review
        assert (protocol().review_date.year, protocol().review_note) == (2028, "")
        page = door.get(page_of(made))
        assert [each.accepted for each in page.context["differences"]] == [None, "June 2028", None]

    def test_the_author_may_alter_the_month_and_take_the_rest_back(self, door, publishers_door):
        send(door, ONE, **TYPED)
        made = Proposal.objects.get()
        page = door.get(page_of(made))
        assert f'href="{ONE}"' in page.content.decode()
        assert "is_correction" not in boxes(publishers_door, page_of(made))
        held = boxes(door, page_of(made)) | {"review_date": "May 2028"}
        door.post(address("proposal", "again", made.pk), held)
        accept(publishers_door, made)
        assert f"{Review.objects.get().next_review:%B %Y}" == "May 2028"

    def test_what_the_form_refuses_is_not_proposed(self, door):
        for typed in ({"next_review": "soon"}, {"reviewed_on": "23/11/2026"}, {"job_title": ""}):
            assert errors(send(door, ONE, **TYPED | typed))
        assert not Proposal.objects.exists()

    def test_the_button_pressed_twice(self, door):
        send(door, ONE, **TYPED)
        answer = send(door, ONE, **TYPED)
        assert "proposed already" in errors(answer)
        assert Proposal.objects.count() == 1

    def test_one_that_was_recorded_meanwhile(self, door, publishers_door):
        send(door, ONE, **TYPED)
        send(publishers_door, ONE, **TYPED)
        made, before = Proposal.objects.get(), Change.objects.count()
        page = publishers_door.get(page_of(made))
        assert page.context["refusal"]
        assert not page.context["may"]["accept"]
        assert not page.context["preview"]
        assert accept(publishers_door, made).status_code == 409
        assert (Review.objects.count(), Change.objects.count()) == (1, before)
        publishers_door.post(address("proposal", "return", made.pk), {"comment": "It is there."})
        back = door.get(page_of(made))
        assert back.context["refusal"]
        assert [verb for verb, may in back.context["may"].items() if may] == ["take_back"]

    def test_another_that_was_recorded_meanwhile_stands_beside_it(self, door, publishers_door):
        send(door, ONE, **TYPED)
        send(publishers_door, ONE, **TYPED | {"outcome": "changing", "next_review": "May 2028"})
        made = Proposal.objects.get()
        review, date = publishers_door.get(page_of(made)).context["differences"]
        assert "changes coming" in review.public
        assert (review.reviewed_since, review.then) == (True, None)
        assert (date.public, date.then) == ("May 2028", "April 2022")
        assert not review.ticked
        assert accept(publishers_door, made).status_code == 409
        accept(publishers_door, made, **{review.name: "on"})
        assert protocol().review_date == MONTH

    def test_partners_see_it_by_the_link(self, door, client):
        send(door, ONE, **TYPED)
        link = door.get(page_of(Proposal.objects.get())).context["preview"]
        page = client.get(link.removeprefix("http://localhost:8000"))
        assert "Looked at." in page.content.decode()
        assert page.context["protocol"].review_date == MONTH

    def test_an_edit_proposed_beside_it_is_no_review(self, door, publishers_door, editor):
        edit = a_proposal(protocol(), by=editor, review_date=datetime.date(2027, 1, 1))
        send(door, ONE, **TYPED)
        accept(publishers_door, edit)
        assert (protocol().review_date.year, Review.objects.count()) == (2027, 0)
        review, date = publishers_door.get(page_of(Proposal.objects.first())).context["differences"]
        assert (review.ticked, review.reviewed_since, date.then) == (False, False, "April 2022")


class TestMany:
    @pytest.mark.both_databases
    def test_each_is_a_proposal_of_its_own(self, door, publishers_door):
        changes.record_review(
            Review(
                protocol=protocol("0053"),
                reviewed_on=datetime.date(2026, 11, 21),
                outcome="ended",
                job_title="SIRO",
                note="Over.",
            ),
            at=datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC),
        )
        before = Change.objects.count()
        shown = preview(door, "0046", "0042", "0053")
        assert 'value="Propose 2 reviews"' in shown.content.decode()
        answer = confirm(door, shown)
        assert answer.redirect_chain[-1][0] == address("proposal", "changelist")
        assert "2 reviews are proposed." in messages(answer)
        assert "0053" in messages(answer)
        made = Proposal.objects.order_by("subject_key")
        assert [each.subject_key for each in made] == ["0042", "0046"]
        assert (Review.objects.count(), Change.objects.count()) == (1, before)
        for each in made:
            accept(publishers_door, each)
        assert {protocol(each).review_date for each in ("0042", "0046")} == {MONTH}

    def test_one_of_many_that_waits_already(self, door):
        send(door, ONE, **TYPED)
        shown = preview(door, "0046", "0042")
        assert [each.protocol.pk for each in shown.context["refused"]] == ["0046"]
        assert "Your review is proposed." in messages(confirm(door, shown))
        assert Proposal.objects.count() == 2

    def test_another_proposal_about_one_is_shown(self, door, editor):
        edit = a_proposal(protocol("0042"), by=editor, purpose="To warn.")
        shown = preview(door, "0046", "0042")
        assert shown.content.decode().count(page_of(edit)) == 1

    def test_somebody_saved_one_meanwhile(self, door, publishers_door):
        shown = preview(door, "0046", "0042")
        send(publishers_door, address("protocol", "change", "0042"), review_date="May 2027")
        again = confirm(door, shown)
        assert "May 2027 to March 2029" in again.content.decode()
        assert not Proposal.objects.exists()


class TestSecondPairOfEyes:
    @pytest.fixture(autouse=True)
    def _asked(self, settings):
        settings.SECOND_PAIR_OF_EYES = True

    def test_a_publisher_s_is_proposed_too_also_one_that_ends(self, publishers_door, administrator):
        ended = {"outcome": "ended", "next_review": "", "note": "The service closed."}
        send(publishers_door, ONE, **TYPED | ended)
        made = Proposal.objects.get()
        assert protocol().status == "published"
        assert not publishers_door.get(page_of(made)).context["may"]["accept"]
        own = publishers_door.get(page_of(made)).context["differences"]
        assert [each.box for each in own] == [None] * len(own)
        accept(door_of(administrator), made)
        assert (protocol().status, protocol().withdrawn_reason) == (
            "withdrawn",
            "The service closed.",
        )
        assert protocol().withdrawn_on == Review.objects.get().reviewed_on

    def test_many(self, publishers_door):
        confirm(publishers_door, preview(publishers_door, "0046", "0042"))
        assert (Proposal.objects.count(), Review.objects.count()) == (2, 0)
