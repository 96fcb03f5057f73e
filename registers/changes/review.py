"""How a review becomes official: it is kept, and its protocol follows, in one change."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from registers.changes.locking import OTHERWISE, promise_of
from registers.changes.record import official_change, published_at_its_end, save, taken_back
from registers.models import Change, Protocol, Review

NOT_IN_FORCE = "{protocol} is not in force, so there is nothing to review."
SAME = "This very review is recorded already."
DECISION = ("reviewed_on", "outcome", "next_review", "replaced_by_id", "job_title", "note")
LATER_ONE = "A review of {day} is recorded already. Write that day or a later one."


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What recording a review would do: a line for each thing that changes, or why it is refused.

    One of `lines` and `refusals` is empty.
    """

    protocol: Protocol
    lines: list[str]
    refusals: list[str]


def record_review(review: Review, *, at: datetime.datetime, by: User | None = None) -> list[str]:
    """Record a review that is not stored yet, and bring its protocol in step.

    A protocol that is still needed gets the month of its next review; one that
    is replaced or no longer needed is withdrawn on the day of the review, with
    the note as the reason. `at` is the aware time of recording. Returns what is
    told of it, a line for each thing that changed. Raises ValidationError, with
    its sentences by field, and then nothing is kept.
    """
    with transaction.atomic():
        _hold([review])
        protocol = review.protocol
        review.recorded_at, review.by = at, by
        # Its constraints are checked when it is saved.
        review.full_clean(validate_constraints=False)
        _refuse_what_does_not_fit(review, protocol, on=timezone.localdate(at))
        why = f"Reviewed on {date_format(review.reviewed_on, 'j F Y')}."
        with official_change(protocol, at=at, by=by, why=why):
            # Before the protocol, which is withdrawn only once it is known why.
            save(review)
            _follow(protocol, review)
            save(protocol)
        return Change.objects.filter(protocol=protocol).latest("pk").what.splitlines()


def record_reviews(
    reviews: Iterable[Review],
    *,
    at: datetime.datetime,
    by: User | None = None,
    promised: str | None = None,
) -> None:
    """Record several reviews, as `record_review` does, or none of them.

    With the `promise` of a forecast of them, raises ValidationError where
    something else would happen by now.
    """
    with published_at_its_end(), transaction.atomic():
        reviews = list(reviews)
        _hold(reviews)
        told = [(review.protocol_id, record_review(review, at=at, by=by)) for review in reviews]
        if promised is not None and promise_of(told) != promised:
            raise ValidationError(OTHERWISE)


def mend_review(review: Review) -> None:
    """Save what was mended in the words of a stored review, within an official change.

    Where its protocol was withdrawn with the note as the reason, the reason is
    mended too. Raises ValidationError, and then nothing is saved.
    """
    before = Review.objects.select_related("protocol").get(pk=review.pk)
    protocol = before.protocol
    with transaction.atomic():
        save(review)
        if before.note and protocol.withdrawn_reason == before.note.strip():
            protocol.withdrawn_reason = _reason(review)
            save(protocol)


def forecast(
    reviews: Iterable[Review], *, at: datetime.datetime, by: User | None = None
) -> list[Forecast]:
    """Say what recording each of `reviews`, by itself, would do. Nothing is kept.

    Each is recorded and taken back, so what is said is what would happen.
    """
    return [_forecast(review, at=at, by=by) for review in reviews]


def promise(forecasts: Iterable[Forecast]) -> str:
    """Return a short text that differs as soon as anything of what is foreseen differs."""
    return promise_of([(each.protocol.pk, each.lines) for each in forecasts if not each.refusals])


def _forecast(review: Review, *, at: datetime.datetime, by: User | None) -> Forecast:
    protocol, lines, refusals = review.protocol, [], []
    try:
        with taken_back():
            lines = record_review(review, at=at, by=by)
    except ValidationError as refusal:
        refusals = list(refusal.messages)
    finally:
        review.pk, review._state.adding, review.protocol = None, True, protocol
    return Forecast(protocol=protocol, lines=lines, refusals=refusals)


def _hold(reviews: Sequence[Review]) -> None:
    """Give the reviews their protocols as they are now, and hold these to the transaction's end.

    Of two who record at once, the second sees what the first decided. All hold
    them in one order, so that no two wait for each other.
    """
    keys = {key for review in reviews for key in (review.protocol_id, review.replaced_by_id) if key}
    held = Protocol.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    by_key = {protocol.pk: protocol for protocol in held}
    for review in reviews:
        review.protocol = by_key[review.protocol_id]
        if review.replaced_by_id in by_key:
            review.replaced_by = by_key[review.replaced_by_id]


def _refuse_what_does_not_fit(review: Review, protocol: Protocol, *, on: datetime.date) -> None:
    """Raise ValidationError for what the review alone cannot know: the protocol, and the day."""
    if protocol.status != Protocol.Status.PUBLISHED:
        raise ValidationError(NOT_IN_FORCE.format(protocol=protocol))
    if review.reviewed_on > on:
        raise ValidationError(
            {"reviewed_on": "This day is still to come. Write today's, or one before."}
        )
    last = protocol.reviews.first()
    if last and all(getattr(last, name) == getattr(review, name) for name in DECISION):
        # Such as a button that was pressed twice.
        raise ValidationError(SAME)
    if last and review.reviewed_on < last.reviewed_on:
        day = date_format(last.reviewed_on, "j F Y")
        raise ValidationError({"reviewed_on": LATER_ONE.format(day=day)})


def _follow(protocol: Protocol, review: Review) -> None:
    """Let the protocol say what the review decided."""
    if review.is_needed:
        # The words beside the date ('Under review') were about the review that is done now.
        protocol.review_date, protocol.review_note = review.next_review, ""
        return
    protocol.status = Protocol.Status.WITHDRAWN
    protocol.withdrawn_on = review.reviewed_on
    protocol.replaced_by = review.replaced_by
    protocol.withdrawn_reason = _reason(review)


def _reason(review: Review) -> str:
    return review.note.strip() or "Another protocol takes its place."
