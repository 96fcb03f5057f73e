"""Recording one review of many protocols: chosen on the list, shown first, then recorded."""

from __future__ import annotations

import datetime
import html
from typing import Any

import pytest

from registers import changes
from registers.admin.review import MAX_PROTOCOLS
from registers.models import Change, Protocol, RegisterVersion, Review, SearchEntry
from tests import makers
from tests.admin.typing_in import Page, address, errors, messages
from tests.models.making import saved

pytestmark = pytest.mark.usefixtures("real_register", "today")

LIST = address("protocol", "changelist")
MANY = address("protocol", "review_many")
DAY = datetime.date(2026, 11, 22)
NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
TYPED = {
    "outcome": "unchanged",
    "next_review": "March 2029",
    "job_title": "Caldicott Guardian",
    "note": "The partners agreed.",
}


def choose(door: Any, *references: str, **more: str) -> Any:
    """Tick protocols on the list and choose the action."""
    ticked = {"action": "review_chosen", "_selected_action": list(references), "index": "0"}
    return door.post(LIST, ticked | more, follow=True)


def go_on(door: Any, page: Any, button: str, **typed: Any) -> Any:
    """Type over what stands on the page, and press one of its buttons."""
    references = [protocol.pk for protocol in page.context["protocols"]]
    lists = {"protocol": references}
    if "recordable" in page.context:
        lists["recordable"] = [each.protocol.pk for each in page.context["recordable"]]
    held = Page(page.content.decode()).boxes
    return door.post(MANY, held | typed | lists | {button: "x"}, follow=True)


def shown(door: Any, *references: str, **typed: str) -> Any:
    """Go as far as the page that shows what will happen."""
    return go_on(door, choose(door, *references), "_show", **(TYPED | typed))


def words(page: Any) -> str:
    return html.unescape(page.content.decode())


def everything() -> tuple[object, ...]:
    return (
        list(Protocol.objects.values()),
        list(Review.objects.values()),
        list(Change.objects.values()),
        list(SearchEntry.objects.values()),
        str(RegisterVersion.now()),
    )


def withdraw(reference: str) -> None:
    protocol = Protocol.objects.get(pk=reference)
    for field, value in makers.withdrawn(DAY).items():
        setattr(protocol, field, value)
    saved(protocol)


def test_the_actions_of_the_list(officers_door):
    page = officers_door.get(LIST)
    choices = [name for name, _ in page.context["action_form"].fields["action"].choices]
    assert choices == [
        *("", "review_chosen", "publish_selected", "withdraw_selected"),
        *("reinstate_selected", "move_selected"),
    ]
    assert Page(page.content.decode()).inline == []


class TestTheForm:
    def test_it_names_what_was_chosen_and_stands_on_today(self, officers_door):
        page = choose(officers_door, "0046", "0042")
        assert "each of these 2 protocols" in words(page)
        assert "0042 - Access to the Child Health" in words(page)
        assert Page(page.content.decode()).boxes["reviewed_on"] == "22/11/2026"
        assert Page(page.content.decode()).inline == []

    def test_what_cannot_be_right_leads_back_to_it_as_typed(self, officers_door):
        before = everything()
        page = shown(officers_door, "0046", "0042", next_review="soon", note="Kept as typed.")
        assert "Write it like March 2027." in errors(page)
        assert "Kept as typed." in words(page)
        assert [protocol.pk for protocol in page.context["protocols"]] == ["0042", "0046"]
        assert everything() == before

    def test_a_month_far_ahead_is_asked_about_before_it_is_shown(self, officers_door):
        far = {"next_review": "March 2099"}
        page = shown(officers_door, "0046", "0042", **far)
        assert "March 2099 is more than 3 years ahead" in errors(page)
        page = go_on(officers_door, page, "_show", **{"next_review-meant": "March 2099"})
        go_on(officers_door, page, "_record")
        assert {each.next_review.year for each in Review.objects.all()} == {2099}

    def test_and_so_does_the_way_back(self, officers_door):
        page = shown(officers_door, "0046", "0042", note="Kept as typed.")
        page = go_on(officers_door, page, "_write")
        held = Page(page.content.decode()).boxes
        assert {name: held[name] for name in TYPED} == TYPED | {"note": "Kept as typed."}
        assert held["reviewed_on"] == "22/11/2026"

    def test_the_way_back_keeps_a_replacement(self, officers_door):
        ending = {"outcome": "replaced", "next_review": "", "replaced_by": "0042"}
        page = go_on(officers_door, shown(officers_door, "0046", **ending), "_write")
        assert Page(page.content.decode()).boxes["replaced_by"] == "0042"


class TestWhatWillHappen:
    def test_each_is_shown_and_nothing_of_it_stays(self, officers_door):
        withdraw("0053")
        before = everything()
        page = shown(officers_door, "0046", "0042", "0053")
        assert everything() == before
        said = words(page)
        assert "Nothing has been recorded yet." in said
        assert "1 of 3 cannot be recorded" in said
        assert "0053 - Attendance Solutions is not in force" in said
        assert "2 of 3 will be recorded" in said
        assert "Review date changed from April 2022 to March 2029." in said
        assert "Review date changed from June 2022 to March 2029." in said
        assert 'value="Record 2 reviews"' in said
        assert Page(page.content.decode()).inline == []

    def test_one_that_would_replace_itself(self, officers_door):
        ending = {"outcome": "replaced", "next_review": "", "replaced_by": "0042"}
        said = words(shown(officers_door, "0046", "0042", **ending))
        assert "A protocol cannot replace itself." in said
        assert "Replaced by recorded: 0042 - Access" in said
        assert 'value="Record 1 review"' in said

    def test_where_none_can_be_recorded_no_button_offers_it(self, officers_door):
        withdraw("0053")
        page = shown(officers_door, "0053")
        assert "1 of 1 cannot be recorded" in words(page)
        assert "_record" not in words(page)


@pytest.mark.both_databases
class TestRecording:
    def test_all_that_can_be(self, officers_door, officer):
        withdraw("0053")
        page = shown(officers_door, "0046", "0042", "0053")
        promised = {each.protocol.pk: each.lines for each in page.context["recordable"]}
        page = go_on(officers_door, page, "_record")
        said = "2 reviews are recorded. Not recorded, as the preview said: 0053."
        assert said in messages(page)
        assert page.redirect_chain[-1][0] == LIST
        assert {review.protocol_id for review in Review.objects.all()} == {"0042", "0046"}
        for reference, lines in promised.items():
            change = Protocol.objects.get(pk=reference).changes.first()
            assert (change.what.splitlines(), change.by) == (lines, officer)

    def test_one(self, officers_door):
        page = go_on(officers_door, shown(officers_door, "0046"), "_record")
        assert "One review is recorded." in messages(page)

    def test_sent_twice_records_once(self, officers_door):
        page = shown(officers_door, "0046", "0042")
        go_on(officers_door, page, "_record")
        before = everything()
        again = go_on(officers_door, page, "_record")
        assert "Your review has not been recorded" in words(again)
        again = go_on(officers_door, again, "_show")
        assert "This review has been recorded already." in words(again)
        assert everything() == before


class TestMeanwhile:
    def test_one_was_withdrawn(self, officers_door):
        page = shown(officers_door, "0046", "0042")
        withdraw("0042")
        before = everything()
        page = go_on(officers_door, page, "_record")
        assert "the register changed while you were looking" in messages(page)
        assert "0042 - Access to the Child Health Information System for Safeguarding" in words(
            page
        )
        assert "1 of 2 cannot be recorded" in words(page)
        assert everything() == before
        assert "One review is recorded." in messages(go_on(officers_door, page, "_record"))

    def test_something_else_would_happen(self, officers_door):
        page = shown(officers_door, "0046", "0042")
        protocol = Protocol.objects.get(pk="0042")
        protocol.review_date = datetime.date(2027, 1, 1)
        saved(protocol)
        before = everything()
        page = go_on(officers_door, page, "_record")
        assert "Review date changed from January 2027 to March 2029." in words(page)
        assert everything() == before

    def test_refused_in_the_very_moment(self, officers_door, monkeypatch):
        """Another officer is quicker between the last look and the recording."""
        page = shown(officers_door, "0046", "0042")
        record_reviews = changes.record_reviews

        def late(reviews: Any, **how: Any) -> None:
            withdraw("0042")
            record_reviews(reviews, **how)

        monkeypatch.setattr(changes, "record_reviews", late)
        page = go_on(officers_door, page, "_record")
        assert "the register changed while you were looking" in messages(page)
        assert "1 of 2 cannot be recorded" in words(page)
        assert not Review.objects.exists()

    def test_a_draft_that_was_deleted_is_left_out(self, officers_door):
        draft = makers.ProtocolFactory(status="draft")
        page = choose(officers_door, "0046", draft.pk)
        draft.delete()
        page = go_on(officers_door, page, "_show", **TYPED)
        assert "1 of 1 will be recorded" in words(page)

    @pytest.mark.both_databases
    def test_somebody_reviewed_one_while_the_form_was_open(self, officers_door):
        page = choose(officers_door, "0046", "0042")
        review = Review(protocol_id="0042", reviewed_on=DAY, outcome="changing", job_title="SIRO")
        review.next_review = datetime.date(2028, 1, 1)
        changes.record_review(review, at=NOON)
        page = go_on(officers_door, page, "_show", **TYPED)
        assert "another one was recorded while you were writing: 0042, 22 November 2026" in errors(
            page
        )
        assert "2 of 2 will be recorded" in words(go_on(officers_door, page, "_show"))


class TestHowMany:
    def test_all_that_the_list_found(self, officers_door):
        page = officers_door.post(
            f"{LIST}?review=overdue",
            {"action": "review_chosen", "_selected_action": ["0046"], "select_across": "1"},
        )
        assert len(page.context["protocols"]) == 25

    def test_more_than_one_can_read_are_refused_with_the_reason(self, officers_door):
        makers.make_protocols(MAX_PROTOCOLS)
        page = choose(officers_door, "0046", select_across="1")
        assert "You selected 225 protocols. Select 200 or fewer" in messages(page)
        assert page.redirect_chain[-1][0] == LIST

    def test_none_are_refused_by_the_list(self, officers_door):
        assert "Tick at least one protocol first" in messages(choose(officers_door))

    @pytest.mark.parametrize("number", [0, MAX_PROTOCOLS + 1], ids=["none", "too many"])
    def test_a_form_without_protocols_or_with_too_many(self, officers_door, number):
        references = [f"{1000 + each}" for each in range(number)]
        page = officers_door.post(MANY, {"protocol": references}, follow=True)
        assert "Select at least one protocol" in messages(page)

    def test_the_page_alone_leads_to_the_list(self, officers_door):
        page = officers_door.get(MANY, follow=True)
        assert page.redirect_chain[-1][0] == LIST
