"""How reviews stand on a day: every number of the dashboard, counted in the index.

A number carries what a question must ask for the list that it counts. That is
a span of months, which means the same on every day: the register itself judges
'overdue' on the day that it is asked. Months are numbers here, as in the index.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from registers.models.review_dates import ReviewStatus, last_day
from registers.search.index import NO_MONTH, Chosen, Index, month_number
from registers.search.review_months import (
    FIRST,
    LAST,
    STATES,
    Dated,
    Figure,
    asks_for,
    asks_months,
    counted,
    last_overdue,
    month_of,
    states,
)

YEARS_BEHIND = 10
MONTHS_AHEAD = 24
QUARTER, YEAR = 3, 12
# How long a review can be overdue: for more than so many months, in words.
LENGTHS = {
    0: "Up to 3 months",
    QUARTER: "More than 3 months, up to a year",
    YEAR: "More than a year, up to 2 years",
    24: "More than 2 years, up to 3 years",
    36: "More than 3 years, up to 5 years",
    60: "More than 5 years",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How many there are, and how they stand. `due_now` is due in the day's own month.

    Of those overdue, some are for more than 3 months, and of these for more
    than a year. `earliest` is the day that the first of all fell, or falls, due.
    """

    whole: Figure
    by_status: dict[ReviewStatus, Figure]
    past_quarter: Figure
    past_year: Figure
    due_now: Figure
    earliest: datetime.date | None


@dataclass(frozen=True, kw_only=True)
class Month:
    """The reviews of one month by their status, where there are any."""

    number: int
    by_status: dict[ReviewStatus, Figure]

    @property
    def count(self) -> int:
        """How many reviews it has."""
        return sum(figure.count for figure in self.by_status.values())

    @property
    def first_day(self) -> datetime.date:
        """The month as a date."""
        return month_of(self.number)


@dataclass(frozen=True, kw_only=True)
class Year:
    """The months of a year, from January as far as they are shown."""

    number: int
    whole: Figure
    months: list[Month]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The reviews by month, and those before and after all months shown.

    `ahead` counts those of the months after the day's own that are shown.
    """

    years: list[Year]
    earlier: Figure
    later: Figure
    ahead: Figure

    @cached_property
    def fullest(self) -> Month | None:
        """The first of the months that have the most reviews, if any month has one."""
        months = [month for year in self.years for month in year.months]
        most = max(months, key=lambda month: month.count)
        return most if most.count else None


def standing(index: Index, chosen: Chosen, on: datetime.date) -> Standing:
    """Return how the reviews of the chosen protocols stand on the day `on`."""
    this, dated = month_number(on), Dated(index, chosen)
    numbers = np.bincount(states(index, on)[chosen], minlength=len(STATES)).tolist()
    earliest = dated.earliest
    return Standing(
        whole=Figure(count=int(chosen.sum()), asks={}),
        by_status={
            status: Figure(count=count, asks=asks_for(status, on) if count else {})
            for status, count in zip(STATES, numbers, strict=True)
        },
        past_quarter=dated.between(FIRST, last_overdue(QUARTER, on)),
        past_year=dated.between(FIRST, last_overdue(YEAR, on)),
        due_now=dated.between(this, this),
        earliest=None if earliest == NO_MONTH else last_day(month_of(earliest)),
    )


def by_length(index: Index, chosen: Chosen, on: datetime.date) -> dict[str, Figure]:
    """Return how many of the chosen are overdue on the day `on`, by for how long, in words."""
    dated = Dated(index, chosen)
    lasts = [last_overdue(months, on) for months in LENGTHS]
    spans = [(longer + 1, last) for last, longer in pairwise([*lasts, FIRST - 1])]
    return {
        words: dated.between(first, last)
        for words, (first, last) in zip(LENGTHS.values(), spans, strict=True)
    }


def by_month(index: Index, chosen: Chosen, on: datetime.date) -> Calendar:
    """Return the reviews of the chosen month by month, as they stand on the day `on`.

    The years begin with that of the earliest review, but no more than ten
    before the day's own, and end two years after the day's month.
    """
    this, dated = month_number(on), Dated(index, chosen)
    first = max(min(dated.earliest, this) // 12, on.year - YEARS_BEHIND) * 12
    last = min(this + MONTHS_AHEAD, LAST)
    chosen = chosen & (index.month >= first) & (index.month <= last)
    counts = counted(index.month[chosen] - first, states(index, on)[chosen], last - first + 1)
    # A month has one status on any day, since it is due on one. The numbers do not rely on it.
    shown = [
        Month(
            number=number,
            by_status={
                status: Figure(count=count, asks=asks_months(number, number))
                for status, count in zip(STATES, row, strict=True)
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
