"""The numbers of the review dashboard by theme and by lead organisation."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from registers.models import Organisation, Party, Theme
from registers.models.review_dates import ReviewStatus
from registers.search.binding import Binding
from registers.search.index import Index, IntArray, Mask
from registers.search.reviews import (
    OVERDUE,
    STATUSES,
    QueryCount,
    QueryValues,
    count_by_status,
    status_query,
    statuses_on,
)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """The number of reviews by status, of one theme or one lead organisation."""

    subject: Theme | Organisation
    whole: QueryCount
    by_status: dict[ReviewStatus, QueryCount]

    @property
    def overdue(self) -> int:
        """The number of overdue reviews."""
        return self.by_status[ReviewStatus.OVERDUE].count


@dataclass(frozen=True, kw_only=True)
class LeadBreakdown:
    """The lead organisations with the most overdue reviews, and the totals of all others.

    `without_lead` is the number of protocols that have no lead recorded.
    """

    lines: list[Breakdown]
    others: int
    others_whole: int
    others_overdue: int
    without_lead: int


def by_theme(index: Index, chosen: Mask, on: datetime.date) -> list[Breakdown]:
    """Return the breakdown of each theme that has chosen protocols, in the order of themes."""
    positions = np.flatnonzero(chosen)
    keys = [theme.pk for theme in index.themes]
    counts = count_by_status(
        index.theme[positions], statuses_on(index, on)[positions], max(keys, default=0) + 1
    )
    spans = [status_query(status, on) for status in STATUSES]
    return [
        _breakdown(theme, {"theme": theme.slug}, counts[theme.pk], spans)
        for theme in index.themes
        if counts[theme.pk].any()
    ]


def by_lead(
    index: Index,
    chosen: Mask,
    on: datetime.date,
    *,
    most: int,
) -> LeadBreakdown:
    """Return the breakdown of the `most` leads with the most overdue reviews: one query.

    What a body led whose place was taken counts for those that took it too, as in the lists.
    """
    counted = _LeadCounts(index, chosen, on)
    counts = counted.largest(most)
    spans = [status_query(status, on) for status in STATUSES]
    lines = [
        _breakdown(
            organisation,
            {"organisation": organisation.slug, "role": Party.Role.LEAD.value},
            counts[key],
            spans,
        )
        for key, organisation in index.organisations(list(counts)).items()
        if counts[key].any()
    ]
    lines.sort(key=lambda line: (-line.overdue, -line.whole.count, str(line.subject).lower()))
    lines = lines[:most]
    rest = chosen & index.with_role(Party.Role.LEAD)
    for line in lines:
        rest = rest & ~counted.mask(line.subject.pk)
    return LeadBreakdown(
        lines=lines,
        others=int(np.count_nonzero(index.count_by_organisation(rest, Party.Role.LEAD))),
        others_whole=int(rest.sum()),
        others_overdue=int((rest & (counted.statuses == OVERDUE)).sum()),
        without_lead=int((chosen & ~index.with_role(Party.Role.LEAD)).sum()),
    )


class _LeadCounts:
    """The reviews by status of what an organisation leads, itself or in another's place."""

    def __init__(self, index: Index, chosen: Mask, on: datetime.date) -> None:
        self.index, self.chosen, self._on = index, chosen, on
        self.statuses = statuses_on(index, on)

    def mask(self, key: int) -> Mask:
        """Return the mask of the chosen protocols that an organisation leads, by its id."""
        return Binding(self.index, key, on=self._on).mask(Party.Role.LEAD) & self.chosen

    def of(self, keys: Iterable[int]) -> dict[int, IntArray]:
        """Return the numbers of each organisation, by status."""
        return {
            key: np.bincount(self.statuses[self.mask(key)], minlength=len(STATUSES)) for key in keys
        }

    def largest(self, most: int) -> dict[int, IntArray]:
        """Return the numbers of the `most` organisations with the largest, and of some others."""
        overdue = self.chosen & (self.statuses == OVERDUE)
        counts = self.index.count_by_organisation
        first, then = (counts(each, Party.Role.LEAD) for each in (overdue, self.chosen))
        themselves = np.lexsort((-then, -first))[: min(most, np.count_nonzero(then))]
        found = self.of(int(key) for key in themselves)

        def rank(numbers: IntArray) -> tuple[int, int]:
            return int(numbers[OVERDUE]), int(numbers.sum())

        # Who took another's place, and nobody else, may lead more than by itself: at most what
        # both lead.
        links = self.index.links
        most_overdue, most_whole = (links.limits(each).tolist() for each in (first, then))
        limits = {
            key: (most_overdue[key], most_whole[key])
            for key in links.predecessors
            if key < len(most_whole) and most_whole[key]
        }
        ranks = sorted(map(rank, found.values()), reverse=True)[:most]
        for key in sorted(limits, key=lambda each: limits[each], reverse=True):
            if len(ranks) == most and limits[key] < ranks[-1]:
                break
            if key not in found:
                found |= self.of([key])
                ranks = sorted(map(rank, found.values()), reverse=True)[:most]
        return found


def most_overdue(lines: Iterable[Breakdown]) -> list[Breakdown]:
    """Return the breakdowns with the largest number of overdue reviews, if any are overdue."""
    overdue = [line for line in lines if line.overdue]
    most = max((line.overdue for line in overdue), default=0)
    return [line for line in overdue if line.overdue == most]


def _breakdown(
    subject: Theme | Organisation, query: QueryValues, counts: IntArray, spans: list[QueryValues]
) -> Breakdown:
    """Return a breakdown; `spans` are the query values of each status."""
    numbers = counts.tolist()
    return Breakdown(
        subject=subject,
        whole=QueryCount(count=sum(numbers), query=query),
        by_status={
            status: QueryCount(count=count, query=query | span if count else {})
            for status, count, span in zip(STATUSES, numbers, spans, strict=True)
        },
    )
