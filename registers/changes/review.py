"""Record reviews: the review and the protocol that it moves on or withdraws, in one change."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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
from registers.history.compare import KEY
from registers.history.snapshot import Values, to_python
from registers.models import Proposal, Protocol, Review

NOT_IN_FORCE = "{protocol} is not in force, so there is nothing to review."
SAME = "This review has been recorded already."
DECISION = ("reviewed_on", "outcome", "next_review", "replaced_by_id", "job_title", "note")
LATER_ONE = "A review dated {day} is already recorded. Enter that date or a later one."
PROPOSED = "This review is proposed already, and waits for a Publisher."


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
        lock_protocols([review])
        _check(review, at=at, by=by)
        with record_change(review.protocol, at=at, by=by, why=reason_of(review)) as recorded:
            _save(review)
        return recorded.change.what.splitlines()


def add_review(review: Review, *, at: datetime.datetime, by: User | None) -> None:
    """Record a review within an official change of its protocol, which is locked.

    All else is as with `record_review`.
    """
    _check(review, at=at, by=by)
    _save(review)


def reason_of(review: Review) -> str:
    """Return the public reason of the change that a review is."""
    return f"Reviewed on {date_format(review.reviewed_on, 'j F Y')}."


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
        lock_protocols(reviews)
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
    reviews: Iterable[Review],
    *,
    at: datetime.datetime,
    by: User | None = None,
    proposed: bool = False,
) -> list[ReviewPreview]:
    """Return what recording each of `reviews`, by itself, would do. Nothing is kept.

    Each is recorded in a transaction that is rolled back. `proposed`: they are to be
    proposed, so one that is proposed already is refused too.
    """
    return [_preview(review, at=at, by=by, proposed=proposed) for review in reviews]


def previews_digest(previews: Iterable[ReviewPreview]) -> str:
    """Return the digest of previews, for the page that shows them to carry."""
    return plan_digest([(each.protocol.pk, each.lines) for each in previews if not each.refusals])


def _preview(
    review: Review, *, at: datetime.datetime, by: User | None, proposed: bool
) -> ReviewPreview:
    protocol, lines, refusals = review.protocol, [], []
    try:
        if proposed:
            refuse_proposed(review)
        with dry_run():
            lines = record_review(review, at=at, by=by)
    except ValidationError as refusal:
        refusals = list(refusal.messages)
    finally:
        review.pk, review._state.adding, review.protocol = None, True, protocol
    return ReviewPreview(protocol=protocol, lines=lines, refusals=refusals)


def lock_protocols(reviews: Sequence[Review]) -> None:
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


def refuse_proposed(review: Review) -> None:
    """Raise ValidationError where the same review waits as a proposal."""
    about = Proposal.objects.about(Protocol, review.protocol_id).waiting()
    for rows in (each.wanted["parts"].get("reviews", ()) for each in about):
        if any(row[KEY] is None and _are_same(review_from(row), review) for row in rows):
            raise ValidationError(PROPOSED)


def review_from(row: Values, **more: Any) -> Review:
    """Return the review that a row of a snapshot says, as one that is not stored."""
    fields = {each.name: each for each in Review._meta.fields if not each.primary_key}
    known = {name: value for name, value in row.items() if name in fields}
    values = {fields[name].attname: to_python(fields[name], known[name]) for name in known}
    return Review(**values, **more)


def protocol_values(review: Review) -> dict[str, Any]:
    """Return what a protocol says once the review is recorded, by the names of the fields."""
    if review.is_needed:
        # The words beside the date ('Under review') were about the review that is done now.
        return {"review_date": review.next_review, "review_note": ""}
    return withdrawn(on=review.reviewed_on, reason=_reason(review), replaced_by=review.replaced_by)


def review_in_the_way(review: Review) -> Review | None:
    """Return the last review of the protocol where `review` is the same, or of a day before it."""
    last: Review | None = review.protocol.reviews.first()
    if last and (_are_same(last, review) or review.reviewed_on < last.reviewed_on):
        return last
    return None


def _are_same(one: Review, other: Review) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in DECISION)


def _check(review: Review, *, at: datetime.datetime, by: User | None) -> None:
    """Raise ValidationError for what is wrong with a review, in itself or for its protocol."""
    review.recorded_at, review.by = at, by
    # Its constraints are checked when it is saved.
    review.full_clean(validate_constraints=False)
    if review.protocol.status != Protocol.Status.PUBLISHED:
        raise ValidationError(NOT_IN_FORCE.format(protocol=review.protocol))
    if review.reviewed_on > timezone.localdate(at):
        raise ValidationError({"reviewed_on": IN_THE_FUTURE})
    last = review_in_the_way(review)
    if last and _are_same(last, review):
        # Such as a button that was pressed twice.
        raise ValidationError(SAME)
    if last:
        day = date_format(last.reviewed_on, "j F Y")
        raise ValidationError({"reviewed_on": LATER_ONE.format(day=day)})


def _save(review: Review) -> None:
    """Save a review, and let its protocol say what it decided."""
    # Before the protocol, which is withdrawn only once it is known why.
    save(review)
    for name, value in protocol_values(review).items():
        setattr(review.protocol, name, value)
    save(review.protocol)


def _reason(review: Review) -> str:
    return review.note.strip() or "Another protocol takes its place."
