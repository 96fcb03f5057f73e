"""Review dates: a month and a year, due on the month's last day.

How many months before that day a review is due soon, the partnership decides. Every
function takes the day, a date in Europe/London.
"""

from __future__ import annotations

import calendar
import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models

# A review of before or after, or due then, is a slip of the hand.
FIRST_YEAR, LAST_YEAR = 1990, 2099


class ReviewStatus(models.TextChoices):
    """How a review stands on a day. In order of urgency."""

    OVERDUE = "overdue", "Overdue"  # the last day of the review month has passed
    DUE_SOON = "due-soon", "Due soon"  # it is no further away than the months of notice
    IN_DATE = "in-date", "In date"  # it is further away
    NONE = "none", "No review date"  # none is recorded


class DayOfMonth(models.Func):
    """The day of a date's month, from 1, in SQL.

    SQLite's own function stands in for Django's, which another program that
    copies or checks the database file does not have.
    """

    template = "EXTRACT(DAY FROM %(expressions)s)"
    output_field = models.IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL for SQLite. The sign for the day goes through two rounds of formatting."""
        template = "CAST(strftime('%%%%d', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)


class FirstOfMonth(models.Func):
    """The first day of the month that a date lies in, in SQL."""

    # A timestamp without a zone: the database's own time zone may not move the month.
    template = "CAST(DATE_TRUNC('month', CAST(%(expressions)s AS timestamp)) AS date)"
    output_field = models.DateField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL for SQLite."""
        template = "date(%(expressions)s, 'start of month')"
        return self.as_sql(compiler, connection, template=template, **context)


@lru_cache
def last_day(month: datetime.date) -> datetime.date:
    """Return the last day of the month that `month` lies in."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


@lru_cache
def months_later(day: datetime.date, months: int) -> datetime.date:
    """Return the same day `months` later, or that month's last day where it is shorter."""
    years, index = divmod(day.month - 1 + months, 12)
    first = datetime.date(day.year + years, index + 1, 1)
    return first.replace(day=min(day.day, last_day(first).day))


def last_day_due_soon(on: datetime.date) -> datetime.date:
    """Return the last day on which a review that is due soon on the day `on` can fall."""
    return months_later(on, settings.PARTNERSHIP.review.months_of_notice)


def last_month_due_soon(on: datetime.date) -> datetime.date:
    """Return the first day of the last month whose end is within the notice after `on`."""
    limit = last_day_due_soon(on)
    month = limit.replace(day=1)
    return month if limit == last_day(limit) else months_later(month, -1)


def review_status(month: datetime.date | None, on: datetime.date) -> ReviewStatus:
    """Return how a review due in `month` (its first day, or None) stands on the day `on`."""
    if month is None:
        return ReviewStatus.NONE
    due = last_day(month)
    if due < on:
        return ReviewStatus.OVERDUE
    if due <= last_day_due_soon(on):
        return ReviewStatus.DUE_SOON
    return ReviewStatus.IN_DATE


def months_overdue(month: datetime.date | None, on: datetime.date) -> int:
    """Return how many whole months have passed on `on` since the review fell due; 0 if none."""
    if month is None or last_day(month) >= on:
        return 0
    return (on.year - month.year) * 12 + on.month - month.month - (on != last_day(on))


def months_with(
    status: ReviewStatus, on: datetime.date
) -> tuple[datetime.date | None, datetime.date | None]:
    """Return the first and the last month of those whose reviews have `status` on the day `on`.

    None where there is no first or no last. `status` is one that needs a month.
    """
    this, soon = on.replace(day=1), last_month_due_soon(on)
    return {
        ReviewStatus.OVERDUE: (None, months_later(this, -1)),
        ReviewStatus.DUE_SOON: (this, soon),
        ReviewStatus.IN_DATE: (months_later(soon, 1), None),
    }[status]


def reviewed(status: ReviewStatus, on: datetime.date) -> models.Q:
    """Return the condition that a protocol's review has `status` on the day `on`."""
    if status == ReviewStatus.NONE:
        return models.Q(review_date=None)
    first, last = months_with(status, on)
    condition = models.Q(review_date__isnull=False)
    if first:
        condition &= models.Q(review_date__gte=first)
    if last:
        condition &= models.Q(review_date__lte=last)
    return condition
