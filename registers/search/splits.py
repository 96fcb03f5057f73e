"""Organisations that were split, or will be, and the protocols that nobody decided about.

Where nobody recorded which successor took a protocol on, all of them are shown it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass

from registers.models import Protocol
from registers.search.index import Index, Mask

FIRST_DAY, ONE_DAY = datetime.date.min, datetime.timedelta(1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """An organisation with several successors, by id.

    `day` is the first on which one took a part of its place; None where it is not known,
    and then it was always so. `protocols` are those in force that bound it, and
    `undecided` those of them that nobody decided about.
    """

    organisation: int
    day: datetime.date | None
    protocols: Mask
    undecided: Mask

    @property
    def count(self) -> int:
        """How many protocols are undecided."""
        return int(self.undecided.sum())

    def is_past(self, on: datetime.date) -> bool:
        """Whether it was split on the day `on`, or before."""
        return self.day is None or self.day <= on


def find_splits(index: Index, on: datetime.date, *, of: int | None = None) -> list[Split]:
    """Return the splits, the first day first; with `of`, the one of that organisation, or none.

    What bound an organisation is what names it, a body whose place it had taken or a group
    that it belonged to, on the day before it was split; where that is not known, on the day `on`.
    """
    links = index.links
    keys = links.splits if of is None else links.splits & {of}
    days: defaultdict[int, list[int | None]] = defaultdict(list)
    for predecessors in links.predecessors.values() if keys else ():
        for key, day in predecessors:
            if key in keys:
                days[key].append(day)
    found = [_split(index, key, _first(each), on) for key, each in days.items()]
    return sorted(found, key=lambda each: (each.day or FIRST_DAY, each.organisation))


def _first(days: list[int | None]) -> datetime.date | None:
    known = [day for day in days if day is not None]
    return datetime.date.fromordinal(min(known)) if len(known) == len(days) else None


def _split(index: Index, key: int, day: datetime.date | None, on: datetime.date) -> Split:
    links = index.links
    before = max(day, FIRST_DAY + ONE_DAY) - ONE_DAY if day else on
    sources = links.reach(key, before).usual
    protocols = index.of_organisations(sources) & index.in_status(Protocol.Status.PUBLISHED)
    undecided = protocols.copy()
    decided = links.decisions.get(key, {})
    undecided[[links.positions[each] for each in decided if each in links.positions]] = False
    return Split(organisation=key, day=day, protocols=protocols, undecided=undecided)


def undecided_count(index: Index, on: datetime.date) -> int:
    """Return how many decisions are due on the day `on`: protocols, for each split body."""
    return sum(split.count for split in find_splits(index, on) if split.is_past(on))
