"""What comes back: a lead organisation's answer, and what an administrator makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from enum import StrEnum
from unicodedata import category

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from registers import changes
from registers.models import Answer, Protocol, Reminded, Review
from registers.models.keys import refuse_email
from registers.reminders.links import good_until

LONGEST_TITLE = 150
LONGEST_NOTE = 2_000
DECIDED = "This answer is {status} already. What you decided was not kept."
UNSEEN = {"Cc", "Cf", "Cs"}  # control characters, what is not seen, and halves of others
STRANGE = "A sign in this cannot be read. Take it out."


class State(StrEnum):
    """What can be done with a link. The first that fits, in this order."""

    EXPIRED = "expired"  # its last day has passed
    ANSWERED = "answered"  # it was used
    WITHDRAWN = "withdrawn"  # the protocol is no longer in force
    REVIEWED = "reviewed"  # a review was recorded since the reminder
    MOVED = "moved"  # the organisation leads it no more
    WAITING = "waiting"  # the organisation used another link, and nobody has decided yet
    OPEN = "open"  # it can be answered


class Shut(Exception):  # noqa: N818 (it is no error, only too late)
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
    if protocol.lead is None or protocol.lead.organisation_id != reminder.organisation_id:
        return State.MOVED
    return State.WAITING if answer_to(line) else State.OPEN


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

    Raises ValidationError, with its sentences by field, and Shut where the
    link cannot be used; then nothing is kept.
    """
    answer = Answer(
        choice=choice,
        job_title=" ".join(job_title.split()),
        note="\n".join(note.splitlines()).strip(),
        answered_at=at,
    )
    with transaction.atomic():
        # Of two who answer at once, the second waits here and then sees the first's.
        Protocol.objects.select_for_update().get(pk=line.protocol_id)
        line = Reminded.objects.select_related("protocol", "reminder__organisation", "answer").get(
            pk=line.pk
        )
        state = state_of(line, at=at)
        if state == State.ANSWERED and _same(line.answer, answer):
            return line.answer
        if state != State.OPEN:
            raise Shut(state)
        if wrong := dict(_misfits(answer)):
            raise ValidationError(wrong)
        answer.reminded = line
        answer.full_clean()
        answer.save()
    return answer


def _same(answer: Answer, other: Answer) -> bool:
    said = ("choice", "job_title", "note")
    return all(getattr(answer, field) == getattr(other, field) for field in said)


def _misfits(answer: Answer) -> Iterator[tuple[str, str]]:
    """Give what is wrong, by field, the last being the one that is said."""
    if answer.choice not in Answer.Choice:
        yield "choice", "Choose one of the four answers."
    texts = {
        "job_title": ("Job title", answer.job_title, LONGEST_TITLE),
        "note": ("Note", answer.note, LONGEST_NOTE),
    }
    for field, (label, text, longest) in texts.items():
        if sentence := _fault(text, longest):
            yield field, f"{label}: {sentence}"
    if not answer.job_title:
        yield "job_title", "Write your job title."
    if answer.choice == Answer.Choice.ENDED and not answer.note:
        yield "note", "Write in the note why it is no longer needed. The public reads it."


def _fault(text: str, longest: int) -> str:
    """Return what is wrong with a text; '' if nothing is."""
    if "\ufffd" in text or any(sign not in "\n\t" and category(sign) in UNSEEN for sign in text):
        return STRANGE
    if len(text) > longest:
        return f"this has {len(text):,} characters. Write {longest:,} at most."
    try:
        refuse_email(text)
    except ValidationError as refusal:
        return str(refusal.messages[0])
    return ""


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
    stored = Answer.objects.select_for_update().get(pk=answer.pk)
    if stored.status != Answer.Status.WAITING:
        status = stored.get_status_display().lower()
        raise ValidationError(DECIDED.format(status=status))
    return stored


def _decided(answer: Answer, status: Answer.Status, *, at: datetime.datetime, by: User) -> Answer:
    answer.status, answer.decided_at, answer.decided_by = status, at, by
    answer.full_clean()
    answer.save()
    return answer
