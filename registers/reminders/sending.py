"""Send the reminders of a day: each is recorded before it is sent, so that none is sent twice.

Every step is committed by itself, so none of this may run in a transaction.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from smtplib import SMTPRecipientsRefused
from typing import cast

from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction

from registers.exports.columns import ExportContext
from registers.models import Organisation, Protocol, Reminded, Reminder
from registers.reminders.due import organisations_due, protocols_due
from registers.reminders.emails import Sender, one_line, reminder_email

MOST_FAILURES = 3  # in a row: then it is the mail server, not an address
LONGEST_PROBLEM = 300
# Without a dot too, and without what stands around it in a server's words.
ADDRESS = re.compile(r"[^\s@<>(){}'\",;:]+@[^\s@<>(){}'\",;:]+")


class Status(Enum):
    """What became of one organisation's reminder in a run."""

    SENT = auto()  # the mail server took it
    FAILED = auto()  # it did not; the next run tries again
    SKIPPED = auto()  # not tried, since the mail server had failed; the next run does
    UNFINISHED = auto()  # a run began it today and has not recorded how it ended
    NO_CONTACT = auto()  # nobody to write to
    DUE = auto()  # it would be sent: in a dry run alone


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one organisation's reminder, about which protocols, and why it failed.

    `at_fault` says that the mail server works, and refused this address alone.
    """

    organisation: Organisation
    end: Status
    protocols: Sequence[Protocol] = ()
    problem: str = ""
    at_fault: bool = False


def send_reminders(
    *, place: ExportContext, at: datetime.datetime, sender: Sender
) -> Iterator[Outcome]:
    """Send the reminders due on the day `place.on`, and yield what became of each, one at a time.

    `at` is the aware time of the run. Whatever the mail server refuses is an
    outcome. ImportError is raised when the mail backend of the settings is not
    there.
    """
    failures, post = 0, Connection()
    try:
        for organisation in organisations_due(place.on):
            if not hasattr(organisation, "contact"):
                yield Outcome(organisation=organisation, end=Status.NO_CONTACT)
            elif failures >= MOST_FAILURES:
                yield Outcome(organisation=organisation, end=Status.SKIPPED)
            elif outcome := _send_one(organisation, post, place=place, at=at, sender=sender):
                if outcome.end != Status.UNFINISHED and not outcome.at_fault:
                    failures = failures + 1 if outcome.end == Status.FAILED else 0
                yield outcome
    finally:
        post.close()


def preview_reminders(on: datetime.date) -> Iterator[Outcome]:
    """Give what would become of each organisation's reminder of the day `on`. Nothing is kept."""
    for organisation in organisations_due(on):
        if not hasattr(organisation, "contact"):
            yield Outcome(organisation=organisation, end=Status.NO_CONTACT)
        elif _begun(organisation, on):
            yield Outcome(organisation=organisation, end=Status.UNFINISHED)
        else:
            protocols = list(protocols_due(organisation, on))
            yield Outcome(organisation=organisation, end=Status.DUE, protocols=protocols)


def _begun(organisation: Organisation, on: datetime.date) -> bool:
    begun = Reminder.objects.filter(status=Reminder.Status.SENDING)
    return begun.filter(organisation=organisation, day=on).exists()


class Connection:
    """One connection to the mail server for the whole run. After a failure it is made anew."""

    def __init__(self) -> None:
        self._connection = get_connection()
        self._is_open = False

    def send(self, message: EmailMessage) -> None:
        """Send it. Raises whatever the backend does, or OSError where it says it sent nothing."""
        try:
            if not self._is_open:
                self._connection.open()
                self._is_open = True
            if not self._connection.send_messages([message]):
                raise OSError("The mail backend says that it sent nothing.")
        except Exception:
            self.close()
            self._connection = get_connection()
            raise

    def close(self) -> None:
        """Close what is open. One that is broken may not even close."""
        with suppress(Exception):
            self._connection.close()
        self._is_open = False


def _send_one(
    organisation: Organisation,
    post: Connection,
    *,
    place: ExportContext,
    at: datetime.datetime,
    sender: Sender,
) -> Outcome | None:
    """Send one organisation's reminder; None if that is not to be done any more."""
    protocols = list(protocols_due(organisation, place.on))
    if not any(protocol.is_due for protocol in protocols):  # type: ignore[attr-defined] # annotated
        return None  # another run has sent it, or the reviews are done
    reminder = _claim(organisation, protocols, on=place.on, at=at)
    if reminder is None:
        held = _begun(organisation, place.on)
        return Outcome(organisation=organisation, end=Status.UNFINISHED) if held else None
    try:
        post.send(reminder_email(reminder, protocols, place=place, sender=sender))
    except Exception as refusal:  # a backend may raise anything, and the others are to get theirs
        problem = problem_text(refusal)
        _finish(reminder, Reminder.Status.FAILED, problem)
        at_fault = isinstance(refusal, SMTPRecipientsRefused)
        return Outcome(
            organisation=organisation, end=Status.FAILED, problem=problem, at_fault=at_fault
        )
    _finish(reminder, Reminder.Status.SENT)
    return Outcome(organisation=organisation, end=Status.SENT, protocols=protocols)


def _claim(
    organisation: Organisation,
    protocols: Sequence[Protocol],
    *,
    on: datetime.date,
    at: datetime.datetime,
) -> Reminder | None:
    """Write down that the reminder is being sent; None if a run has it, or has sent it.

    Of two runs at once, the database lets one have it.
    """
    begun = {
        "email": organisation.contact.email,
        "status": Reminder.Status.SENDING,
        "problem": "",
        "begun_at": at,
    }
    its = Reminder.objects.filter(organisation=organisation, day=on)
    with transaction.atomic():
        if not its.filter(status=Reminder.Status.FAILED).update(**begun):
            try:
                with transaction.atomic():
                    Reminder.objects.create(organisation=organisation, day=on, **begun)
            except IntegrityError:
                return None
        reminder = its.get()
        reminder.organisation = organisation
        _write_lines(reminder, protocols)
    return reminder


def _write_lines(reminder: Reminder, protocols: Sequence[Protocol]) -> None:
    """Let the reminder have a line for each protocol.

    Those of a try that failed stay the same, since it may have gone out all the
    same: its links are to work. So is one that was answered, or with which a draft was saved.
    """
    Reminded.objects.bulk_create(
        [
            Reminded(
                reminder=reminder, protocol=each, review_date=cast(datetime.date, each.review_date)
            )
            for each in protocols
        ],
        update_conflicts=True,
        unique_fields=["reminder", "protocol"],
        update_fields=["review_date"],
    )
    named = {protocol.pk for protocol in protocols}
    for line in reminder.lines.filter(answer=None, draft=None):
        if line.protocol_id not in named:
            line.delete()


def _finish(reminder: Reminder, status: Reminder.Status, problem: str = "") -> None:
    Reminder.objects.filter(pk=reminder.pk).update(status=status, problem=problem)


def problem_text(refusal: Exception) -> str:
    """Return what went wrong, in one line that is not too long and names no address."""
    said = ADDRESS.sub("(an address)", one_line(f"{type(refusal).__name__}: {refusal}"))
    return said[:LONGEST_PROBLEM]
