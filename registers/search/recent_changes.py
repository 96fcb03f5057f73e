"""What officially changed about protocols that were found: the newest of it, and how often."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice

from django.db.models import Count, Max

from registers.models import Change, Protocol
from registers.search.rows import Found

NARROW = 2_000  # so few protocols are named to the database
FIRST_STEP = 2_000
TIMES_LONGER = 4


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How often one protocol has changed, and the aware time of the last change."""

    times: int
    last: datetime.datetime


def how_changed(references: Iterable[str]) -> dict[str, Changed]:
    """Return by reference how often each of a few protocols has changed, and when last: a query.

    A protocol that was saved by hand, past all that is official, is not there.
    """
    changes = Change.objects.filter(protocol__in=list(references)).order_by()
    counted = changes.values("protocol").annotate(times=Count("pk"), last=Max("made_at"))
    return {
        row["protocol"]: Changed(times=row["times"], last=row["last"].astimezone(datetime.UTC))
        for row in counted
    }


def newest_changes(found: Found, most: int) -> list[tuple[Change, Protocol]]:
    """Return the `most` newest changes of all that is found, newest first, with their protocols.

    Where little is found the database is asked for its changes. Where much is,
    that would be dear, and some of the newest changes are sure to be of it: so
    all are read from the newest on until there are enough.
    """
    # What was recorded with each is long, and its words say what changed.
    changes = Change.objects.select_related("protocol__theme").defer("record")
    if len(found) > NARROW:
        brought = changes.in_bulk(list(islice(_from_the_newest(found), most)))
    else:
        parts = (changes.filter(protocol__in=part)[:most] for part in found.references())
        brought = {change.pk: change for part in parts for change in part}
    newest = heapq.nlargest(most, brought.values(), key=lambda each: (each.made_at, each.pk))
    return [(change, change.protocol) for change in newest if change.protocol]


def _from_the_newest(found: Found) -> Iterator[int]:
    """Give the keys of the changes of what is found, newest first.

    They are read in steps that grow, so that few queries reach the oldest. One
    that is made meanwhile moves the others on: what is read twice is given once.
    """
    changes = Change.objects.filter(protocol__isnull=False).values_list("pk", "protocol")
    seen: set[int] = set()
    first = 0
    for turn in count():
        last = first + FIRST_STEP * TIMES_LONGER**turn
        step = list(changes[first:last])
        wanted = found.holds(reference for _, reference in step)
        for (key, _), is_wanted in zip(step, wanted, strict=True):
            if is_wanted and key not in seen:
                seen.add(key)
                yield key
        if len(step) < last - first:
            return
        first = last
