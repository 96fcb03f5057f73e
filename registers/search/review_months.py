"""Months of review, as the index numbers them: counted, and asked for in a query string."""

from __future__ import annotations

import datetime
from calendar import monthrange
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registers.models.review_dates import ReviewStatus, months_with
from registers.search.index import NO_MONTH, Chosen, Index, Numbers, month_number

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
