"""Reviews that are proposed: accepted as if a Publisher had recorded them, or refused."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from registers import changes
from registers.changes import proposal as deciding
from registers.changes.proposal_view import accepted_otherwise, view_proposal
from registers.changes.publishing import withdrawn
from registers.history.compare import ChangedBy
from registers.models import Change, Proposal, Protocol, RegisterVersion, Review
from tests.models.making import NOW, saved
from tests.proposing import all_of, shown

pytestmark = pytest.mark.usefixtures("real_register")

DAY = datetime.date(2026, 11, 20)
MONTH = datetime.date(2029, 3, 1)
LATER = NOW + datetime.timedelta(days=3)
ENDED = {"outcome": "ended", "next_review": None, "note": "The service closed."}
REVIEW_SETS = ["review_date", "review_note", *withdrawn(on=DAY, reason="")]
REPLACED = {"outcome": "replaced", "next_review": None, "replaced_by_id": "0042"}


def protocol(reference: str = "0046") -> Protocol:
    return Protocol.objects.get(pk=reference)


def a_review(reference: str = "0046", **fields: Any) -> Review:
    """A review that is not stored: still needed, unchanged, unless told otherwise."""
    given = {"reviewed_on": DAY, "outcome": "unchanged", "next_review": MONTH, "job_title": "SIRO"}
    return Review(protocol=protocol(reference), **given | fields)


def proposed(by: Any, *args: Any, **fields: Any) -> Proposal:
    (made,) = changes.propose_reviews([a_review(*args, **fields)], at=NOW, by=by)
    return made


def accept(made: Proposal, by: Any, **instead: Any) -> Proposal:
    how = {"shown": shown(made), "chosen": all_of(made, **instead)}
    return deciding.accept(made, at=LATER, by=by, why=made.why, **how)


def everything() -> list[Any]:
    stored = [[*model.objects.order_by("pk").values()] for model in (Protocol, Review, Change)]
    return [*stored, str(RegisterVersion.now())]


def recorded(reference: str) -> list[Any]:
    """Return all that a review left of a protocol, but for the keys of rows."""
    stored, change = protocol(reference), protocol(reference).changes.first()
    sets = [*REVIEW_SETS, "updated_on"]
    reviews = [{**row, "id": 0, "protocol_id": ""} for row in stored.reviews.values()]
    return [
        {name: getattr(stored, name) for name in sets},
        reviews,
        [change.what, change.why, change.kind, change.by, change.made_at, change.public],
    ]


@pytest.mark.both_databases
@pytest.mark.parametrize("fields", [{"note": "Agreed."}, ENDED, REPLACED])
def test_accepting_leaves_what_a_publisher_s_recording_leaves(editor, publisher, fields):
    both = Protocol.objects.filter(pk__in=("0046", "0053"))
    both.update(review_note="Under review", review_date=datetime.date(2024, 3, 1))
    before = everything()
    made = proposed(editor, **fields)
    assert everything() == before
    done = accept(made, publisher)
    changes.record_review(a_review("0053", **fields), at=LATER, by=publisher)
    assert recorded("0046") == recorded("0053")
    assert done.change == protocol().changes.first()
    assert accepted_otherwise(done) == {}


def test_the_month_can_be_altered(editor, publisher):
    other = datetime.date(2028, 6, 1)
    done = accept(proposed(editor), publisher, review_date="2028-06-01")
    assert protocol().review_date == Review.objects.get().next_review == other
    assert accepted_otherwise(done) == {"review_date": "2028-06-01"}


def test_a_month_of_before_the_review_is_refused(editor, publisher):
    made = proposed(editor)
    before = everything()
    with pytest.raises(ValidationError) as refusal:
        accept(made, publisher, review_date="2026-01-01")
    assert [*refusal.value.error_dict] == ["next_review"]
    assert everything() == before


def test_nobody_accepts_the_month_without_the_review(editor, publisher):
    made = proposed(editor)
    chosen = {"review_date": "2029-03-01"}
    with pytest.raises(ValidationError):
        deciding.accept(made, shown=shown(made), chosen=chosen, at=LATER, by=publisher)
    assert not Review.objects.exists()


def test_it_is_written_anew(editor, publisher):
    made = proposed(editor)
    made = deciding.return_with_comment(made, at=NOW, by=publisher, comment="Sooner.")
    chosen = all_of(made, review_date="2028-06-01")
    how = {"shown": shown(made), "chosen": chosen, "why": made.why}
    made = deciding.rewrite(made, at=NOW, **how)
    assert not Review.objects.exists()
    accept(made, publisher)
    assert Review.objects.get().next_review == datetime.date(2028, 6, 1)
    assert protocol().changes.first().why == "Reviewed on 20 November 2026."


class TestMeanwhile:
    def test_the_date_was_changed(self, editor, publisher):
        made = proposed(editor)
        stored = protocol()
        stored.review_date = datetime.date(2027, 1, 1)
        saved(stored)
        found = {each.name: each for each in view_proposal(made).differences}
        assert {each.changed_by for each in found.values()} == {ChangedBy.BOTH}
        accept(made, publisher)
        assert protocol().review_date == MONTH

    def test_the_date_was_changed_that_the_review_leaves(self, editor, publisher):
        """It is part of what was decided, so it is shown and comes back."""
        month = protocol().review_date
        made = proposed(editor, reviewed_on=month, next_review=month)
        assert [each.kind for each in view_proposal(made).differences] == ["reviews"]
        stored = protocol()
        stored.review_date = MONTH
        saved(stored)
        review, date = view_proposal(made).differences
        assert (date.name, date.changed_by, review.changed_by) == ("review_date", *2 * ["both"])
        accept(made, publisher)
        assert protocol().review_date == month

    @pytest.mark.parametrize("day", [DAY, DAY + datetime.timedelta(days=1)])
    def test_the_same_or_a_later_one_was_recorded(self, editor, publisher, day):
        made = proposed(editor)
        changes.record_review(a_review(reviewed_on=day), at=NOW)
        before = everything()
        assert view_proposal(made).refusal
        with pytest.raises(ValidationError):
            accept(made, publisher)
        assert everything() == before

    def test_another_of_the_day_or_before(self, editor, publisher):
        """It is shown as what stands there now, and a person must tick the proposed one."""
        made = proposed(editor)
        changes.record_review(a_review(outcome="changing"), at=NOW)
        (review,) = view_proposal(made).differences
        assert (review.stored["outcome"], review.changed_by) == ("changing", ChangedBy.BOTH)
        accept(made, publisher)
        assert [each.outcome for each in protocol().reviews.all()] == ["unchanged", "changing"]

    def test_the_words_of_an_earlier_one_were_corrected(self, editor, publisher):
        first = a_review(reviewed_on=DAY - datetime.timedelta(days=9))
        changes.record_review(first, at=NOW)
        made = proposed(editor, note="Agreed.")
        with changes.record_change(first.protocol, at=NOW):
            first.note = "Better words."
            changes.correct_review(first)
        (review,) = view_proposal(made).differences
        assert review.changed_by == ChangedBy.YOURS
        accept(made, publisher)
        assert [each.note for each in protocol().reviews.all()] == ["Agreed.", "Better words."]

    def test_two_proposals_of_one_protocol(self, editor, publisher):
        first = proposed(editor)
        second = proposed(editor, outcome="changing", next_review=datetime.date(2028, 6, 1))
        accept(first, publisher)
        date = next(e for e in view_proposal(second).differences if not e.kind)
        assert (date.stored, date.changed_by) == ("2029-03-01", ChangedBy.BOTH)
        accept(second, publisher)
        assert protocol().review_date == datetime.date(2028, 6, 1)
        assert protocol().reviews.count() == 2

    @pytest.mark.parametrize("fields", [{}, ENDED])
    def test_it_was_withdrawn(self, editor, publisher, fields):
        made = proposed(editor, **fields)
        changes.record_review(a_review(**REPLACED), at=NOW)
        before = everything()
        assert view_proposal(made).refusal
        with pytest.raises(ValidationError):
            accept(made, publisher)
        assert everything() == before

    def test_what_replaces_it_was_replaced_by_it(self, editor, publisher):
        made = proposed(editor, **REPLACED)
        changes.record_review(a_review("0042", **REPLACED | {"replaced_by_id": "0046"}), at=NOW)
        before = everything()
        with pytest.raises(ValidationError):
            accept(made, publisher)
        assert everything() == before


@pytest.mark.both_databases
class TestTwice:
    def test_the_same_is_proposed_once(self, editor, publisher):
        made = proposed(editor)
        with pytest.raises(ValidationError):
            proposed(publisher)
        (preview,) = changes.preview_reviews([a_review()], at=NOW, by=editor, proposed=True)
        assert preview.refusals
        assert Proposal.objects.get() == made
        deciding.take_back(made, at=NOW, by=editor)
        proposed(editor)

    def test_all_are_proposed_or_none(self, editor):
        proposed(editor, "0042")
        with pytest.raises(ValidationError):
            changes.propose_reviews([a_review(), a_review("0042")], at=NOW, by=editor)
        with pytest.raises(ValidationError):
            changes.propose_reviews([a_review()], at=NOW, by=editor, expected_digest="other")
        assert Proposal.objects.count() == 1
