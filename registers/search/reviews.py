"""The numbers of the review dashboard on a day: by status, month, theme and lead.

A count has the query values of the list that it counts. These name a range of
months, which means the same on every day, and not 'overdue', which does not.
Months are numbers here, as in the index.
"""

from __future__ import annotations

import datetime
from calendar import monthrange
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from registers.models.review_dates import ReviewStatus, last_day, months_with
from registers.search.index import NO_MONTH, Index, IntArray, Mask, month_number
from weisf.partnership import in_months

YEARS_BEHIND = 10
MONTHS_AHEAD = 24
QUARTER, YEAR = 3, 12


def grace() -> int:
    """Return the months of grace of the partnership, or those of a quarter."""
    return settings.PARTNERSHIP.review.months_of_grace or QUARTER


def times_overdue() -> dict[int, str]:
    """Return in words the spans that begin with a number of months that a review is overdue for."""
    return {
        0: f"Up to {in_months(grace())}",
        grace(): f"More than {in_months(grace())}, up to a year",
        YEAR: "More than a year, up to 2 years",
        24: "More than 2 years, up to 3 years",
        36: "More than 3 years, up to 5 years",
        60: "More than 5 years",
    }


@dataclass(frozen=True, kw_only=True)
class ReviewSummary:
    """The number of protocols by review status. `due_now` are due in the month of the day.

    `next_quarter` are due from the first to the last month of `quarter`, after that of the day.
    `overdue_past_grace` are overdue for more than the months of grace, `overdue_year` for more
    than a year. `earliest` is the due day of the earliest review.
    """

    whole: QueryCount
    by_status: dict[ReviewStatus, QueryCount]
    overdue_past_grace: QueryCount
    overdue_year: QueryCount
    due_now: QueryCount
    next_quarter: QueryCount
    quarter: tuple[datetime.date, datetime.date]
    earliest: datetime.date | None


@dataclass(frozen=True, kw_only=True)
class Month:
    """The reviews of one month by status, without zeros."""

    number: int
    by_status: dict[ReviewStatus, QueryCount]

    @property
    def count(self) -> int:
        """The number of reviews."""
        return sum(figure.count for figure in self.by_status.values())

    @property
    def first_day(self) -> datetime.date:
        """The month as a date."""
        return month_of(self.number)


@dataclass(frozen=True, kw_only=True)
class Year:
    """The months of a year, from January to the last that is shown."""

    number: int
    whole: QueryCount
    months: list[Month]

    def with_status(self, status: ReviewStatus) -> QueryCount:
        """Return the number of its reviews with a status. Their months follow each other."""
        months = [month for month in self.months if status in month.by_status]
        if not months:
            return QueryCount(count=0, query={})
        return QueryCount(
            count=sum(month.by_status[status].count for month in months),
            query=months_query(months[0].number, months[-1].number),
        )


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The reviews by month, and those before and after all months shown.

    `ahead` counts those of the shown months after the month of the day.
    """

    years: list[Year]
    earlier: QueryCount
    later: QueryCount
    ahead: QueryCount

    @cached_property
    def busiest(self) -> Month | None:
        """The first of the months with the most reviews, if there are any."""
        months = [month for year in self.years for month in year.months]
        most = max(months, key=lambda month: month.count)
        return most if most.count else None


def review_summary(index: Index, chosen: Mask, on: datetime.date) -> ReviewSummary:
    """Return the number of chosen protocols by review status on the day `on`."""
    this, dated = month_number(on), MonthCounts(index, chosen)
    first = min((this // 3 + 1) * 3, LAST - 2)
    numbers = np.bincount(statuses_on(index, on)[chosen], minlength=len(STATUSES)).tolist()
    earliest = dated.earliest
    return ReviewSummary(
        whole=QueryCount(count=int(chosen.sum()), query={}),
        by_status={
            status: QueryCount(count=count, query=status_query(status, on) if count else {})
            for status, count in zip(STATUSES, numbers, strict=True)
        },
        overdue_past_grace=dated.between(FIRST, last_overdue(grace(), on)),
        overdue_year=dated.between(FIRST, last_overdue(YEAR, on)),
        due_now=dated.between(this, this),
        next_quarter=dated.between(first, first + 2),
        quarter=(month_of(first), month_of(first + 2)),
        earliest=None if earliest == NO_MONTH else last_day(month_of(earliest)),
    )


def by_time_overdue(index: Index, chosen: Mask, on: datetime.date) -> dict[str, QueryCount]:
    """Return the number of overdue protocols on the day `on`, by how long, in words."""
    dated = MonthCounts(index, chosen)
    lasts = [last_overdue(months, on) for months in times_overdue()]
    spans = [(longer + 1, last) for last, longer in pairwise([*lasts, FIRST - 1])]
    return {
        words: dated.between(first, last)
        for words, (first, last) in zip(times_overdue().values(), spans, strict=True)
    }


def by_month(index: Index, chosen: Mask, on: datetime.date) -> Calendar:
    """Return the reviews of the chosen protocols by month, with their status on the day `on`.

    The first year is that of the earliest review, but at most ten before that of
    the day; the last month is two years after that of the day.
    """
    this, dated = month_number(on), MonthCounts(index, chosen)
    first = max(min(dated.earliest, this) // 12, on.year - YEARS_BEHIND) * 12
    last = min(this + MONTHS_AHEAD, LAST)
    chosen = chosen & (index.month >= first) & (index.month <= last)
    counts = count_by_status(
        index.month[chosen] - first, statuses_on(index, on)[chosen], last - first + 1
    )
    # A month has one status on any day, but the numbers do not rely on it.
    shown = [
        Month(
            number=number,
            by_status={
                status: QueryCount(count=count, query=months_query(number, number))
                for status, count in zip(STATUSES, row, strict=True)
                if count
            },
        )
        for number, row in enumerate(counts.tolist(), start=first)
    ]
    years = [shown[start : start + 12] for start in range(0, len(shown), 12)]
    return Calendar(
        years=[
            Year(
                number=year[0].number // 12,
                whole=dated.between(year[0].number, year[-1].number),
                months=year,
            )
            for year in years
        ],
        earlier=dated.between(FIRST, first - 1),
        later=dated.between(last + 1, LAST),
        ahead=dated.between(this + 1, last),
    )


FIRST = month_number(datetime.date.min)
LAST = month_number(datetime.date.max)
STATUSES = list(ReviewStatus)  # in the order of their months
OVERDUE = STATUSES.index(ReviewStatus.OVERDUE)
QueryValues = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class QueryCount:
    """A count, and the query values to add for the list that it counts.

    `query` is empty where `count` is 0: there is no list to link to.
    """

    count: int
    query: QueryValues


def month_of(number: int) -> datetime.date:
    """Return the first day of the month with a number."""
    return datetime.date(number // 12, number % 12 + 1, 1)


def last_overdue(months: int, on: datetime.date) -> int:
    """Return the last month whose reviews are overdue for more than `months` months on `on`.

    The due day plus `months` months (or the last day of a shorter month) must be
    before `on`. A review that was due on 28 February is overdue for 3 months on 28
    May, and for more on 29 May. With 0 months it is the month before that of `on`.
    """
    edge = month_number(on) - months
    days = monthrange(edge // 12, edge % 12 + 1)[1]
    # The last day of a longer month becomes the last day of the month of `on`, which
    # is never before `on`.
    return edge if days < on.day else edge - 1


def statuses_on(index: Index, on: datetime.date) -> NDArray[np.int8]:
    """Return the status of every review on the day `on`, as its position in STATUSES."""
    due_soon = months_with(ReviewStatus.DUE_SOON, on)
    first, last = (month_number(month) for month in due_soon)
    found: NDArray[np.int8] = (index.month >= first).astype(np.int8)
    for bound in (last, LAST):
        found += index.month > bound
    return found


def count_by_status(keys: NDArray[Any], found: NDArray[np.int8], rows: int) -> IntArray:
    """Return how often each of STATUSES occurs with each key: a row for each key, from 0."""
    pairs = keys.astype(np.int64) * len(STATUSES) + found
    counts: IntArray = np.bincount(pairs, minlength=rows * len(STATUSES)).reshape(-1, len(STATUSES))
    return counts


def months_query(first: int, last: int) -> QueryValues:
    """Return the query values of the months from `first` to `last`, without unlimited ends."""
    query = {}
    if first > FIRST:
        query["review_from"] = _written(first)
    if last < LAST:
        query["review_to"] = _written(last)
    return query


def _written(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def status_query(status: ReviewStatus, on: datetime.date) -> QueryValues:
    """Return the query values of protocols whose review has `status` on the day `on`."""
    if status == ReviewStatus.NONE:
        return {"review": status.value}
    first, last = months_with(status, on)
    return months_query(
        month_number(first) if first else FIRST, month_number(last) if last else LAST
    )


class MonthCounts:
    """The number of reviews by month, counted once for any number of ranges."""

    def __init__(self, index: Index, chosen: Mask) -> None:
        months = index.month[chosen]
        self.by_month = np.bincount(months[months != NO_MONTH], minlength=1)
        self.before = np.concatenate([[0], np.cumsum(self.by_month)])

    @property
    def earliest(self) -> int:
        """The first month, or NO_MONTH if there is none."""
        return int(next(iter(np.flatnonzero(self.by_month)), NO_MONTH))

    def between(self, first: int, last: int) -> QueryCount:
        """Return the number from one month to another."""
        low, high = (min(max(month, 0), len(self.by_month)) for month in (first, last + 1))
        count = max(0, int(self.before[high] - self.before[low]))
        return QueryCount(count=count, query=months_query(first, last) if count else {})
