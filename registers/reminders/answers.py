"""The lead's answer: the signed link, how often it may be opened, the answer, and its decision.

Whoever has the link may answer for the lead organisation, and nothing else.

The tries stand in the database, so that all workers count the same ones. The
visitor's address is written nowhere: what is kept is a keyed hash of it.
"""

from __future__ import annotations

import datetime
import logging
import math
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from unicodedata import category

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from registers import changes
from registers.changes.locking import lock_rows
from registers.models import Answer, Merge, Protocol, Reminded, Reminder, Review, Try
from registers.models.keys import refuse_email
from registers.search.links import read_successions
from registers.search.text.engine import SHORT_TIMEOUT, engine
from weisf.client_address import client_network

LINK_DAYS = 60
LONGEST_TOKEN = 200
# It stands in links that were sent, so it never changes.
_signer = Signer(salt="registers.reminders.links")


def make_token(line: Reminded) -> str:
    """Return what stands in the link about one protocol of a reminder."""
    return _signer.sign(_payload(line))


def line_for_token(token: str) -> Reminded | None:
    """Return what a link is about, however old it is; None if it is not as it was sent."""
    try:
        said = _signer.unsign(token[:LONGEST_TOKEN])
        key = int(said.partition("-")[0])
    except (BadSignature, ValueError):
        return None
    lines = Reminded.objects.select_related(
        "protocol__theme", "reminder__organisation", "answer__review"
    )
    line = lines.filter(pk=key).first()
    return line if line and said in _valid_payloads(line) else None


def _valid_payloads(line: Reminded) -> set[str]:
    """Return what a link about the line says, now and before its organisation was merged."""
    keys, new = set[int](), {line.reminder.organisation_id}
    while new:
        keys |= new
        into = Merge.objects.filter(stays_key__in=new, undone_at=None)
        new = set(into.values_list("gone_key", flat=True)) - keys
    return {_payload(line, key) for key in keys}


def _payload(line: Reminded, organisation: int | None = None) -> str:
    """Return which line it is, and of what: a database that was put back numbers others so."""
    whose = organisation or line.reminder.organisation_id
    return f"{line.pk}-{whose}-{line.protocol_id}-{line.review_date}"


def good_until(reminder: Reminder) -> datetime.date:
    """Return the last day, in Europe/London, on which the links of a reminder can be used."""
    return timezone.localdate(reminder.begun_at) + datetime.timedelta(days=LINK_DAYS)


MOST_TRIES = 20
TRIES_WINDOW = datetime.timedelta(minutes=1)
TRIES_SALT = "registers.reminders.tries"

_log = logging.getLogger(__name__)


def seconds_to_wait(address: str, *, at: datetime.datetime) -> int:
    """Count one try from the network address `address`; return how long it must wait, mostly 0.

    A try that must wait is not counted, so whoever goes on trying is let in
    again a minute after what was allowed. Of several tries at once none sees
    fewer than there are: near the limit they may all have to wait.
    """
    visitor, since = visitor_hash(address), at - TRIES_WINDOW
    tries = Try.objects.filter(visitor=visitor, at__gt=since).order_by("at")
    mine = None
    try:
        # Hurried: during a long write anybody could else keep all threads waiting.
        with engine().lock_timeout(SHORT_TIMEOUT), transaction.atomic():
            if tries.count() < MOST_TRIES:
                Try.objects.filter(at__lte=since).delete()
                mine = Try.objects.create(visitor=visitor, at=at)
        # Only now, when the other workers can see this one.
        times = list(tries.values_list("at", flat=True))
    except DatabaseError:
        # It is busy. A link cannot be guessed anyway, so a reader is not turned away for that.
        _log.warning("A try could not be counted", exc_info=True)
        return 0
    if mine:
        if len(times) <= MOST_TRIES:
            return 0
        times.remove(at)
        with suppress(DatabaseError):
            mine.delete()
    free = times[len(times) - MOST_TRIES] + TRIES_WINDOW
    return max(1, math.ceil((free - at).total_seconds()))


def visitor_hash(address: str) -> str:
    """Return what stands for the visitor: a keyed hash of the address, of IPv6 its first half.

    What is no address is one visitor.
    """
    return salted_hmac(TRIES_SALT, client_network(address), algorithm="sha256").hexdigest()


LONGEST_TITLE = 150
LONGEST_NOTE = 2_000
DECIDED = "This answer is already {status}. Your decision was not saved."
INVISIBLE = {"Cc", "Cf", "Cs"}  # control characters, what is not seen, and halves of others
UNREADABLE = "This contains a character that cannot be read. Remove it."


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
    if not _may_answer(line, on=timezone.localdate(at)):
        return State.MOVED
    return State.WAITING if answer_to(line) else State.OPEN


def _may_answer(line: Reminded, *, on: datetime.date) -> bool:
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
        job_title=" ".join(job_title.split()),
        note="\n".join(note.splitlines()).strip(),
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
        if sentence := _fault(text, longest):
            yield field, f"{label}: {sentence}"
    if not answer.job_title:
        yield "job_title", "Enter your job title."
    if answer.choice == Answer.Choice.ENDED and not answer.note:
        yield "note", "Enter in the note why it is no longer needed. The public can read this."


def _fault(text: str, longest: int) -> str:
    """Return what is wrong with a text; '' if nothing is."""
    if "\ufffd" in text or any(sign not in "\n\t" and category(sign) in INVISIBLE for sign in text):
        return UNREADABLE
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
