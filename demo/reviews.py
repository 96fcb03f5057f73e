"""Reviews of some protocols of a fictional register, as an officer would record them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from random import Random

from demo.days import office_hour
from demo.words import VOCABULARY
from registers import changes
from registers.models import Approver, Protocol, Review
from registers.models.review_dates import months_later

WORDS = VOCABULARY["reviews"]
MOST_EACH = 3
# What is decided at the last review of each, one protocol after the other.
OUTCOMES = (
    Review.Outcome.UNCHANGED,
    Review.Outcome.CHANGING,
    Review.Outcome.UNCHANGED,
    Review.Outcome.ENDED,
)
MONTHS = (12, 24, 36)


def add_reviews(random: Random, protocols: Sequence[Protocol], on: datetime.date) -> None:
    """Review each protocol, which is in force, up to three times, up to the day `on`."""
    for position, protocol in enumerate(protocols):
        days = _days(random, protocol, on)
        last = OUTCOMES[position % len(OUTCOMES)]
        for day in days[:-1]:
            _review(random, protocol, Review.Outcome.UNCHANGED, day)
        _review(random, protocol, last, days[-1])


def _days(random: Random, protocol: Protocol, on: datetime.date) -> list[datetime.date]:
    """Return days on which it can have been reviewed, after its other changes, in their order."""
    since = protocol.updated_on or protocol.published_on or on
    number = random.randint(1, MOST_EACH)
    days = (since + datetime.timedelta(random.randint(0, (on - since).days)) for _ in range(number))
    return sorted(set(days))


def _review(random: Random, protocol: Protocol, outcome: str, day: datetime.date) -> None:
    """Record one review on its own day."""
    review = Review(
        protocol=protocol,
        outcome=outcome,
        reviewed_on=day,
        job_title=_job_title(random, protocol),
        note=random.choice(WORDS["notes"][outcome]),
    )
    if review.is_needed:
        review.next_review = months_later(day.replace(day=1), random.choice(MONTHS))
    changes.record_review(review, at=office_hour(day))


def _job_title(random: Random, protocol: Protocol) -> str:
    """Return who decides for the lead, or a title that every organisation could have."""
    lead = protocol.lead
    approvers = Approver.objects.filter(organisation=lead.organisation) if lead else []
    # In Python's order: databases differ in theirs.
    titles = sorted(approver.job_title for approver in approvers)
    return random.choice(titles or [str(WORDS["job_title"])])
