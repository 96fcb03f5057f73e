"""How reviews stand on a day: every number of the dashboard, by month, theme and lead.

A number carries what a question must ask for the list that it counts. That is
a span of months, which means the same on every day: the register itself judges
'overdue' on the day that it is asked. Months are numbers here, as in the index.
"""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registers.models import Organisation, Party, Theme
from registers.models.review_dates import ReviewStatus, last_day, months_with
from registers.search.index import NO_MONTH, ROLES, Chosen, Index, Numbers, month_number

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


FIRST = month_number(datetime.date.min)
LAST = month_number(datetime.date.max)
STATES = list(ReviewStatus)  # in the order of their months
Asked = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number, and what a question asks beside its own to find the list that it counts.

    `asks` is as a query string has it. Nothing finds no list: where `count` is
    0, it says nothing.
    """

    count: int
    asks: Asked


def month_of(number: int) -> datetime.date:
    """Return the first day of the month with a number."""
    return datetime.date(number // 12, number % 12 + 1, 1)


def last_overdue(months: int, on: datetime.date) -> int:
    """Return the last month whose reviews are overdue for more than `months` months on `on`.

    A review is when its due day, so many months later (the last day of the
    month, where that is shorter), is before `on`. It was due on 28 February:
    on 28 May it is overdue for 3 months, on 29 May for more. With 0 months
    that is every month before the day's own, whatever is overdue.
    """
    edge = month_number(on) - months
    days = monthrange(edge // 12, edge % 12 + 1)[1]
    # A month that is longer than the day's own ends, that much later, on the last day
    # of the day's own, which is never before `on`.
    return edge if days < on.day else edge - 1


def states(index: Index, on: datetime.date) -> NDArray[np.int8]:
    """Return the status of every review on the day `on`, as its place in STATES."""
    due_soon = months_with(ReviewStatus.DUE_SOON, on)
    first, last = (month_number(month) for month in due_soon)
    found: NDArray[np.int8] = (index.month >= first).astype(np.int8)
    for bound in (last, LAST):
        found += index.month > bound
    return found


def counted(keys: NDArray[Any], found: NDArray[np.int8], rows: int) -> Numbers:
    """Return how often each of STATES stands beside each key: a row for a key, from 0."""
    pairs = keys.astype(np.int64) * len(STATES) + found
    counts: Numbers = np.bincount(pairs, minlength=rows * len(STATES)).reshape(-1, len(STATES))
    return counts


def asks_months(first: int, last: int) -> Asked:
    """Return what asks for the months from `first` to `last`, left open at the ends of time."""
    asks = {}
    if first > FIRST:
        asks["review_from"] = _written(first)
    if last < LAST:
        asks["review_to"] = _written(last)
    return asks


def _written(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def asks_for(status: ReviewStatus, on: datetime.date) -> Asked:
    """Return what asks for the protocols whose review has `status` on the day `on`."""
    if status == ReviewStatus.NONE:
        return {"review": status.value}
    first, last = months_with(status, on)
    return asks_months(
        month_number(first) if first else FIRST, month_number(last) if last else LAST
    )


class Dated:
    """The months of those chosen that have one, counted once for any number of spans."""

    def __init__(self, index: Index, chosen: Chosen) -> None:
        months = index.month[chosen]
        self.by_month = np.bincount(months[months != NO_MONTH], minlength=1)
        self.before = np.concatenate([[0], np.cumsum(self.by_month)])

    @property
    def earliest(self) -> int:
        """The first month, or one after every month if there is none."""
        return int(next(iter(np.flatnonzero(self.by_month)), NO_MONTH))

    def between(self, first: int, last: int) -> Figure:
        """Count those from one month to another."""
        low, high = (min(max(month, 0), len(self.by_month)) for month in (first, last + 1))
        count = max(0, int(self.before[high] - self.before[low]))
        return Figure(count=count, asks=asks_months(first, last) if count else {})


@dataclass(frozen=True, kw_only=True)
class Line:
    """How the reviews of one theme, or under one lead organisation, stand."""

    thing: Theme | Organisation
    whole: Figure
    by_status: dict[ReviewStatus, Figure]

    @property
    def overdue(self) -> int:
        """How many are overdue."""
        return self.by_status[ReviewStatus.OVERDUE].count


@dataclass(frozen=True, kw_only=True)
class Leads:
    """The lead organisations with the most overdue; how many `others` there are, and what of.

    `without` counts the protocols that have no lead recorded.
    """

    lines: list[Line]
    others: int
    others_whole: int
    others_overdue: int
    without: int


def by_theme(index: Index, chosen: Chosen, on: datetime.date) -> list[Line]:
    """Return how the chosen stand under each theme that has any, in the themes' order."""
    places = np.flatnonzero(chosen)
    keys = [theme.pk for theme in index.themes]
    counts = counted(index.theme[places], states(index, on)[places], max(keys, default=0) + 1)
    spans = [asks_for(status, on) for status in STATES]
    return [
        _line(theme, {"theme": theme.slug}, counts[theme.pk], spans)
        for theme in index.themes
        if counts[theme.pk].any()
    ]


def by_lead(index: Index, chosen: Chosen, on: datetime.date, *, most: int) -> Leads:
    """Return how the chosen stand under the `most` leads with the most overdue: one query."""
    leads = index.party_role == ROLES[Party.Role.LEAD]
    parties = np.flatnonzero(leads & chosen[index.party_entry])
    keys, places = index.party_organisation[parties], index.party_entry[parties]
    counts = counted(keys, states(index, on)[places], int(keys.max(initial=0)) + 1)
    overdue, whole = counts[:, STATES.index(ReviewStatus.OVERDUE)], counts.sum(axis=1)
    leading = np.lexsort((-whole, -overdue))[: np.count_nonzero(whole)]
    shown, others = leading[:most], leading[most:]
    organisations = Organisation.objects.in_bulk(shown.tolist())
    spans = [asks_for(status, on) for status in STATES]
    lines = [
        _line(
            organisation,
            {"organisation": organisation.slug, "role": Party.Role.LEAD.value},
            counts[key],
            spans,
        )
        for key, organisation in organisations.items()
    ]
    lines.sort(key=lambda line: (-line.overdue, -line.whole.count, str(line.thing).lower()))
    return Leads(
        lines=lines,
        others=len(others),
        others_whole=int(whole[others].sum()),
        others_overdue=int(overdue[others].sum()),
        without=int(chosen.sum() - whole.sum()),
    )


def most_overdue(lines: Iterable[Line]) -> list[Line]:
    """Return the lines that share the largest number of overdue protocols, if there is any."""
    overdue = [line for line in lines if line.overdue]
    most = max((line.overdue for line in overdue), default=0)
    return [line for line in overdue if line.overdue == most]


def _line(thing: Theme | Organisation, asks: Asked, counts: Numbers, spans: list[Asked]) -> Line:
    """Return a line; `spans` has what asks for each of the statuses."""
    numbers = counts.tolist()
    return Line(
        thing=thing,
        whole=Figure(count=sum(numbers), asks=asks),
        by_status={
            status: Figure(count=count, asks=asks | span if count else {})
            for status, count, span in zip(STATES, numbers, spans, strict=True)
        },
    )
