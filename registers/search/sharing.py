"""Who shares with whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registers.models import Organisation, Protocol
from registers.search.index import NO_MONTH, Index
from registers.search.orders import urgency
from registers.search.rows import Found


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The protocols that name two organisations, those in force first, then by urgency.

    `current` counts those in force, `withdrawn` the others.
    """

    protocols: Found
    current: int
    withdrawn: int


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Those that share with an organisation, the most first; `count` is of all of them.

    Each carries `shared`, the number of protocols in force that name both.
    """

    organisations: list[Organisation]
    count: int


def shared_by(index: Index, one: Organisation, other: Organisation) -> Shared:
    """Return the public protocols that name both."""
    both = index.of_organisations([one.pk]) & index.of_organisations([other.pk]) & index.public
    withdrawn = index.in_status(Protocol.Status.WITHDRAWN)
    key = withdrawn * (NO_MONTH + 1) + urgency(index)
    return Shared(
        protocols=Found(index, both, key),
        current=int((both & ~withdrawn).sum()),
        withdrawn=int((both & withdrawn).sum()),
    )


def sharing_with(index: Index, organisation: Organisation, *, most: int) -> Sharing:
    """Return the `most` organisations that share with `organisation` in protocols in force."""
    current = index.of_organisations([organisation.pk]) & index.in_status(Protocol.Status.PUBLISHED)
    numbers = index.by_organisation(current)
    if organisation.pk < len(numbers):
        numbers[organisation.pk] = 0
    largest = np.argsort(-numbers, kind="stable")[:most]
    shared = {int(key): int(numbers[key]) for key in largest if numbers[key]}
    organisations = list(Organisation.objects.filter(pk__in=shared))
    for other in organisations:
        other.shared = shared[other.pk]  # type: ignore[attr-defined] # for the page alone
    return Sharing(
        organisations=sorted(organisations, key=lambda each: (-shared[each.pk], each.name.lower())),
        count=int(np.count_nonzero(numbers)),
    )
