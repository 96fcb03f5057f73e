"""Reminders that were sent, line by line, and what was answered."""

from __future__ import annotations

import datetime

from django.utils import timezone

from registers import changes
from registers.models import Answer, Organisation, Party, Protocol, Reminded, Reminder, Review
from registers.reminders.answers import give_answer
from tests.models.making import saved

SENT_AT = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=datetime.UTC)
NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
TODAY = NOW.date()
TITLE = "Information Governance Manager"


def a_line(
    reference: str = "0042",
    *,
    to: Organisation | None = None,
    at: datetime.datetime = SENT_AT,
) -> Reminded:
    """One protocol in a reminder that was sent at `at`, to its lead if not told otherwise."""
    protocol = Protocol.objects.get(pk=reference)
    reminder, _ = Reminder.objects.get_or_create(
        organisation=to or protocol.lead.organisation,
        day=timezone.localdate(at),
        defaults={"email": "ig@lead.example.org", "status": "sent", "begun_at": at},
    )
    return Reminded.objects.create(
        reminder=reminder, protocol=protocol, review_date=protocol.review_date
    )


def an_answer(
    line: Reminded,
    choice: str = "unchanged",
    *,
    job_title: str = TITLE,
    note: str = "",
    at: datetime.datetime = NOW,
) -> Answer:
    """What was answered by the link about a line."""
    return give_answer(line, choice=choice, job_title=job_title, note=note, at=at)


def a_review(
    reference: str = "0042",
    outcome: str = "unchanged",
    *,
    on: datetime.date = TODAY,
    **fields: object,
) -> Review:
    """A review that is not stored, of the day `on`."""
    needed = outcome in {"unchanged", "changing"}
    month = on.replace(year=on.year + 1, day=1) if needed else None
    given = {"reviewed_on": on, "next_review": month, "job_title": TITLE}
    return Review(protocol_id=reference, outcome=outcome, **given | fields)


def withdraw(reference: str = "0042", *, at: datetime.datetime = NOW) -> None:
    """Let a review end the protocol."""
    review = a_review(reference, "ended", on=timezone.localdate(at), note="It ended.")
    changes.record_review(review, at=at)


def give_away(reference: str = "0042") -> None:
    """Let another organisation lead the protocol."""
    party = Party.objects.get(protocol=reference, role="lead")
    party.organisation = Organisation.objects.named("Essex Police").get()
    saved(party.protocol, party)
