"""Record reviews: the review and the protocol that it moves on or withdraws, in one change."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from registers.changes.locking import PLAN_CHANGED, lock_rows, plan_digest
from registers.changes.publishing import withdrawn
from registers.changes.record import IN_THE_FUTURE, record_change
from registers.changes.transaction import dry_run, update_search_and_version
from registers.changes.writes import save
from registers.models import Protocol, Review

NOT_IN_FORCE = "{protocol} is not in force, so there is nothing to review."
SAME = "This review has been recorded already."
DECISION = ("reviewed_on", "outcome", "next_review", "replaced_by_id", "job_title", "note")
LATER_ONE = "A review dated {day} is already recorded. Enter that date or a later one."


@dataclass(frozen=True, kw_only=True)
class ReviewPreview:
    """What recording a review would do: a line for each field that changes, or why it is refused.

    One of `lines` and `refusals` is empty.
    """

    protocol: Protocol
    lines: list[str]
    refusals: list[str]


def record_review(review: Review, *, at: datetime.datetime, by: User | None = None) -> list[str]:
    """Record a review that is not stored yet, and update its protocol.

    A protocol that is still needed gets the month of its next review; one that
    is replaced or no longer needed is withdrawn on the day of the review, with
    the note as the reason. `at` is the aware time of recording. Returns the
    change's words, a line for each field that changed. Raises ValidationError, with
    its sentences by field, and then nothing is kept.
    """
    with transaction.atomic():
        _lock_protocols([review])
        protocol = review.protocol
        review.recorded_at, review.by = at, by
        # Its constraints are checked when it is saved.
        review.full_clean(validate_constraints=False)
        _refuse_what_does_not_fit(review, protocol, on=timezone.localdate(at))
        why = f"Reviewed on {date_format(review.reviewed_on, 'j F Y')}."
        with record_change(protocol, at=at, by=by, why=why) as recorded:
            # Before the protocol, which is withdrawn only once it is known why.
            save(review)
            _update_protocol(protocol, review)
            save(protocol)
        return recorded.change.what.splitlines()


def record_reviews(
    reviews: Iterable[Review],
    *,
    at: datetime.datetime,
    by: User | None = None,
    expected_digest: str | None = None,
) -> None:
    """Record several reviews, as `record_review` does, or none of them.

    `expected_digest` is that of a preview of them: raises ValidationError where
    something else would happen now.
    """
    with update_search_and_version(savepoint=True):
        reviews = list(reviews)
        _lock_protocols(reviews)
        done = [(review.protocol_id, record_review(review, at=at, by=by)) for review in reviews]
        if expected_digest is not None and plan_digest(done) != expected_digest:
            raise ValidationError(PLAN_CHANGED)


def correct_review(review: Review) -> None:
    """Save corrected words of a stored review, within an official change.

    Where its protocol was withdrawn with the note as the reason, the reason is
    corrected too. Raises ValidationError, and then nothing is saved.
    """
    before = Review.objects.select_related("protocol").get(pk=review.pk)
    protocol = before.protocol
    with transaction.atomic():
        save(review)
        if before.note and protocol.withdrawn_reason == before.note.strip():
            protocol.withdrawn_reason = _reason(review)
            save(protocol)


def preview_reviews(
    reviews: Iterable[Review], *, at: datetime.datetime, by: User | None = None
) -> list[ReviewPreview]:
    """Return what recording each of `reviews`, by itself, would do. Nothing is kept.

    Each is recorded in a transaction that is rolled back.
    """
    return [_preview(review, at=at, by=by) for review in reviews]


def previews_digest(previews: Iterable[ReviewPreview]) -> str:
    """Return the digest of previews, for the page that shows them to carry."""
    return plan_digest([(each.protocol.pk, each.lines) for each in previews if not each.refusals])


def _preview(review: Review, *, at: datetime.datetime, by: User | None) -> ReviewPreview:
    protocol, lines, refusals = review.protocol, [], []
    try:
        with dry_run():
            lines = record_review(review, at=at, by=by)
    except ValidationError as refusal:
        refusals = list(refusal.messages)
    finally:
        review.pk, review._state.adding, review.protocol = None, True, protocol
    return ReviewPreview(protocol=protocol, lines=lines, refusals=refusals)


def _lock_protocols(reviews: Sequence[Review]) -> None:
    """Lock the protocols of reviews until the transaction ends, and set them as they are now.

    Of two who record at once, the second sees what the first decided. All hold
    them in one order, so that no two wait for each other.
    """
    keys = {key for review in reviews for key in (review.protocol_id, review.replaced_by_id) if key}
    by_key = {each.pk: each for each in lock_rows(Protocol.objects.filter(pk__in=keys))}
    for review in reviews:
        review.protocol = by_key[review.protocol_id]
        if review.replaced_by_id in by_key:
            review.replaced_by = by_key[review.replaced_by_id]


def _refuse_what_does_not_fit(review: Review, protocol: Protocol, *, on: datetime.date) -> None:
    """Raise ValidationError for what the review alone cannot know: the protocol, and the day."""
    if protocol.status != Protocol.Status.PUBLISHED:
        raise ValidationError(NOT_IN_FORCE.format(protocol=protocol))
    if review.reviewed_on > on:
        raise ValidationError({"reviewed_on": IN_THE_FUTURE})
    last = protocol.reviews.first()
    if last and all(getattr(last, name) == getattr(review, name) for name in DECISION):
        # Such as a button that was pressed twice.
        raise ValidationError(SAME)
    if last and review.reviewed_on < last.reviewed_on:
        day = date_format(last.reviewed_on, "j F Y")
        raise ValidationError({"reviewed_on": LATER_ONE.format(day=day)})


def _update_protocol(protocol: Protocol, review: Review) -> None:
    """Let the protocol say what the review decided."""
    if review.is_needed:
        # The words beside the date ('Under review') were about the review that is done now.
        protocol.review_date, protocol.review_note = review.next_review, ""
        return
    values = withdrawn(
        on=review.reviewed_on, reason=_reason(review), replaced_by=review.replaced_by
    )
    for name, value in values.items():
        setattr(protocol, name, value)


def _reason(review: Review) -> str:
    return review.note.strip() or "Another protocol takes its place."
