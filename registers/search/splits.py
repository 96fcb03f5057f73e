"""Organisations that were split, or will be, and the protocols that nobody decided about.

Where nobody recorded which successor took a protocol on, all of them are shown it. What
binds all of them anyway, as members of the same groups, needs no decision.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_

import numpy as np

from registers.models import Protocol
from registers.search.binding import Binding
from registers.search.index import Index, Mask

FIRST_DAY, ONE_DAY = datetime.date.min, datetime.timedelta(1)
# The successors of a split organisation by id, each with the day; None where it is not known.
Successors = Mapping[int, int | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """An organisation with several successors, by id.

    `day` is the first on which one took a part of its place; None where it is not known,
    and then it was always so. `protocols` are those in force that bound it and need a
    decision, or have one; `undecided` those of them that nobody decided about.
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
    splits = [_split(index, key, links.successors[key], on) for key in keys]
    return sorted(splits, key=lambda each: (each.day or FIRST_DAY, each.organisation))


def _split(index: Index, key: int, successors: Successors, on: datetime.date) -> Split:
    known = [day for day in successors.values() if day is not None]
    day = datetime.date.fromordinal(min(known)) if len(known) == len(successors) else None
    before = max(day, FIRST_DAY + ONE_DAY) - ONE_DAY if day else on
    settled = _bind_all(index, successors, on)
    bound, open_, decided = (np.zeros(index.size, bool) for _ in range(3))
    for part in Binding(index, key, on=before).parts():
        bound[part.positions] = True
        if part.source not in settled:
            open_[part.positions] = True
    positions = map(index.links.positions.get, index.links.decisions.get(key, {}))
    decided[[each for each in positions if each is not None and each < index.size]] = True
    in_force = index.in_status(Protocol.Status.PUBLISHED)
    undecided = open_ & ~decided & in_force
    protocols = undecided | (bound & decided & in_force)
    return Split(organisation=key, day=day, protocols=protocols, undecided=undecided)


def _bind_all(index: Index, successors: Successors, on: datetime.date) -> set[int]:
    """Return what binds every successor without any decision, once all have taken their places."""
    known = [datetime.date.fromordinal(day) for day in successors.values() if day is not None]
    day = max([on, *known])
    reaches = (index.links.reach(key, day).usual for key in successors)
    return reduce(
        and_, ({key for key, path in each.items() if not path.undecided} for each in reaches)
    )


def undecided_count(index: Index, on: datetime.date) -> int:
    """Return how many decisions are due on the day `on`: protocols, for each split body."""
    return sum(split.count for split in find_splits(index, on) if split.is_past(on))
