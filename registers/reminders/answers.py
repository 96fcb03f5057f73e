"""The lead's answer to a reminder: its link, the answer, and its decision."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from enum import StrEnum

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from registers import changes
from registers.changes.locking import lock_rows
from registers.models import Answer, Protocol, Reminded, Reminder, Review
from registers.reminders.links import (
    LONGEST_NOTE,
    LONGEST_TITLE,
    clean_lines,
    fault_of,
    last_day_of_link,
    one_spaced,
    organisation_keys,
    sign,
    unsign,
)
from registers.search.links import read_successions

# It stands in links that were sent, so it never changes.
SALT = "registers.reminders.links"


def make_token(line: Reminded) -> str:
    """Return what stands in the link about one protocol of a reminder."""
    return sign(_payload(line), salt=SALT)


def line_for_token(token: str) -> Reminded | None:
    """Return what a link is about, however old it is; None if it is not as it was sent."""
    said = unsign(token, salt=SALT)
    lines = Reminded.objects.select_related(
        "protocol__theme", "reminder__organisation", "answer__review"
    )
    line = lines.filter(pk=said[0]).first() if said else None
    return line if line and said and said[1] in _valid_payloads(line) else None


def _valid_payloads(line: Reminded) -> set[str]:
    """Return what a link about the line says, now and before its organisation was merged."""
    return {_payload(line, key) for key in organisation_keys(line.reminder.organisation_id)}


def _payload(line: Reminded, organisation: int | None = None) -> str:
    """Return which line it is, and of what: a database that was put back numbers others so."""
    whose = organisation or line.reminder.organisation_id
    return f"{line.pk}-{whose}-{line.protocol_id}-{line.review_date}"


def good_until(reminder: Reminder) -> datetime.date:
    """Return the last day, in Europe/London, on which the links of a reminder can be used."""
    return last_day_of_link(reminder.begun_at)


DECIDED = "This answer is already {status}. Your decision was not saved."


class State(StrEnum):
    """What can be done with a link. The first that fits, in this order."""

    EXPIRED = "expired"  # its last day has passed
    ANSWERED = "answered"  # it was used
    WITHDRAWN = "withdrawn"  # the protocol is no longer in force
    REVIEWED = "reviewed"  # a review was recorded since the reminder
    MOVED = "moved"  # the organisation leads it no more, nor stands in the lead's place
    WAITING = "waiting"  # the organisation used another link, and nobody has decided yet
    OPEN = "open"  # it can be answered


class LinkClosed(Exception):  # noqa: N818 (it is no error, only too late)
    """A link that cannot be used: `state` says why."""

    def __init__(self, state: State) -> None:
        super().__init__(state.value)
        self.state = state


def state_of(line: Reminded, *, at: datetime.datetime) -> State:
    """Return what can be done, at the aware time `at`, with the link about a line of a reminder."""
    reminder, protocol = line.reminder, line.protocol
    if timezone.localdate(at) > good_until(reminder):
        return State.EXPIRED
    if hasattr(line, "answer"):
        return State.ANSWERED
    if protocol.status != Protocol.Status.PUBLISHED:
        return State.WITHDRAWN
    if protocol.reviews.filter(recorded_at__gte=reminder.begun_at).exists():
        return State.REVIEWED
    if not may_answer(line, on=timezone.localdate(at)):
        return State.MOVED
    return State.WAITING if answer_to(line) else State.OPEN


def may_answer(line: Reminded, *, on: datetime.date) -> bool:
    """Return whether the organisation leads the protocol, or is asked in the lead's place."""
    lead, organisation = line.protocol.lead, line.reminder.organisation_id
    if lead is None or lead.organisation_id == organisation:
        return lead is not None
    links = read_successions()
    return organisation in links.in_place_of(lead.organisation_id, line.protocol_id, on)


def answer_to(line: Reminded) -> Answer | None:
    """Return the answer that was given by this link, or by another and still waits; or None."""
    waiting = Answer.objects.filter(
        status=Answer.Status.WAITING,
        reminded__protocol=line.protocol_id,
        reminded__reminder__organisation=line.reminder.organisation_id,
    )
    return getattr(line, "answer", None) or waiting.first()


def give_answer(
    line: Reminded, *, choice: str, job_title: str, note: str, at: datetime.datetime
) -> Answer:
    """Keep what the lead answered at `at`, to be accepted or refused.

    The same answer once more, by a double click, is one answer.

    Raises ValidationError, with its sentences by field, and LinkClosed where the
    link cannot be used; then nothing is kept.
    """
    answer = Answer(
        choice=choice,
        job_title=one_spaced(job_title),
        note=clean_lines(note),
        answered_at=at,
    )
    with transaction.atomic():
        # Of two who answer at once, the second waits here and then sees the first's.
        lock_rows(Protocol.objects.filter(pk=line.protocol_id).only("pk"))
        line = Reminded.objects.select_related("protocol", "reminder__organisation", "answer").get(
            pk=line.pk
        )
        state = state_of(line, at=at)
        if state == State.ANSWERED and _same(line.answer, answer):
            return line.answer
        if state != State.OPEN:
            raise LinkClosed(state)
        if wrong := dict(_errors(answer)):
            raise ValidationError(wrong)
        answer.reminded = line
        answer.full_clean()
        answer.save()
    return answer


def _same(answer: Answer, other: Answer) -> bool:
    said = ("choice", "job_title", "note")
    return all(getattr(answer, field) == getattr(other, field) for field in said)


def _errors(answer: Answer) -> Iterator[tuple[str, str]]:
    """Give what is wrong, by field, the last being the one that is said."""
    if answer.choice not in Answer.Choice:
        yield "choice", "Select one of the 4 answers."
    texts = {
        "job_title": ("Job title", answer.job_title, LONGEST_TITLE),
        "note": ("Note", answer.note, LONGEST_NOTE),
    }
    for field, (label, text, longest) in texts.items():
        if sentence := fault_of(text, longest):
            yield field, f"{label}: {sentence}"
    if not answer.job_title:
        yield "job_title", "Enter your job title."
    if answer.choice == Answer.Choice.ENDED and not answer.note:
        yield "note", "Enter in the note why it is no longer needed. The public can read this."


def accept(answer: Answer, review: Review | None, *, at: datetime.datetime, by: User) -> Answer:
    """Accept an answer, and record `review`, not stored yet; there is none where it is not theirs.

    Returns the answer as it is stored. Raises ValidationError when it was
    decided already or the review cannot be recorded; then nothing is kept, and
    an answer that waited still waits.
    """
    with transaction.atomic():
        stored = _undecided(answer)
        theirs = stored.choice != Answer.Choice.NOT_OURS
        about = review.protocol_id if review else stored.reminded.protocol_id
        if theirs != (review is not None) or about != stored.reminded.protocol_id:
            raise ValidationError("The review is not one of this answer’s protocol.")
        if review:
            changes.record_review(review, at=at, by=by)
        stored.review = review
        return _decided(stored, Answer.Status.ACCEPTED, at=at, by=by)


def refuse(answer: Answer, *, at: datetime.datetime, by: User) -> Answer:
    """Refuse an answer: it changes nothing. Returns it as it is stored.

    Raises ValidationError when it was decided already.
    """
    with transaction.atomic():
        return _decided(_undecided(answer), Answer.Status.REFUSED, at=at, by=by)


def _undecided(answer: Answer) -> Answer:
    """Return the answer as it is stored, for this transaction alone. Raises ValidationError."""
    (stored,) = lock_rows(Answer.objects.filter(pk=answer.pk))
    if stored.status != Answer.Status.WAITING:
        status = stored.get_status_display().lower()
        raise ValidationError(DECIDED.format(status=status))
    return stored


def _decided(answer: Answer, status: Answer.Status, *, at: datetime.datetime, by: User) -> Answer:
    answer.status, answer.decided_at, answer.decided_by = status, at, by
    answer.full_clean()
    answer.save()
    return answer
