"""The days of a fictional register."""

from __future__ import annotations

import datetime
from random import Random

from registers.models.review_dates import months_later

# Months from now to the review, at least and at most, and how often.
SPANS, WEIGHTS = ((-60, -1), (0, 2), (3, 34), None), (30, 12, 46, 12)
FIRST_REVIEW = 6  # months after publication, at the earliest


def office_hour(day: datetime.date) -> datetime.datetime:
    """Return some time around noon of the day, which is that same day in Europe/London."""
    noon = datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC)
    return noon + datetime.timedelta(minutes=day.toordinal() * 37 % 300 - 150)


def review_month(
    random: Random, published: datetime.date, on: datetime.date
) -> datetime.date | None:
    """Return the month of the next review as it stands on the day `on`, or None."""
    span = random.choices(SPANS, WEIGHTS)[0]
    if span is None:
        return None
    month = months_later(on.replace(day=1), random.randint(*span))
    earliest = months_later(published.replace(day=1), FIRST_REVIEW)
    return max(month, earliest)
