"""How reviews stand on a day, theme by theme and lead by lead."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from registers.models import Organisation, Party, Theme
from registers.models.review_dates import ReviewStatus
from registers.search.index import ROLES, Chosen, Index, Numbers
from registers.search.review_months import STATES, Asked, Figure, asks_for, counted, states


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
