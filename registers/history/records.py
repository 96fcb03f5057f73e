"""What many protocols said at the end of a day: the snapshots of those that changed since."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import models

from registers.history.snapshot import Snapshot
from registers.models import Change

CHUNK = 500  # protocols, or snapshots, read at a time


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was recorded of a public protocol that has changed since.

    `absent`: it was not public yet. Without `known`, its state of that day is not kept,
    and the snapshot is the earliest that is; None if nothing but today's state is.
    """

    snapshot: Snapshot | None
    known: bool = True
    absent: bool = False


def changed_since(end: datetime.datetime) -> list[str]:
    """Return the references of the protocols that changed officially since the moment `end`."""
    changes = Change.objects.public().filter(made_at__gte=end, protocol__isnull=False)
    return sorted(changes.order_by().values_list("protocol", flat=True).distinct())


def records_at(references: Collection[str], end: datetime.datetime) -> Iterator[tuple[str, Record]]:
    """Yield what those of `references` that changed since had said just before `end`.

    What is not yielded stands as it did then. Two queries for each CHUNK.
    """
    every = list(references)
    for first in range(0, len(every), CHUNK):
        yield from _records(every[first : first + CHUNK], end)


def _records(references: list[str], end: datetime.datetime) -> Iterator[tuple[str, Record]]:
    is_bare = models.ExpressionWrapper(
        models.Q(snapshot__isnull=True), output_field=models.BooleanField()
    )
    changes = Change.objects.filter(protocol__in=references).annotate(is_bare=is_bare)
    rows = changes.order_by("protocol", "made_at", "pk").values_list(
        "protocol", "pk", "made_at", "is_bare"
    )
    chosen: dict[str, tuple[int | None, bool]] = {}
    for reference, group in groupby(rows, lambda row: row[0]):
        several = list(group)
        before = [(pk, is_bare) for _, pk, made_at, is_bare in several if made_at < end]
        if len(before) == len(several):
            continue
        if not before:
            yield reference, Record(snapshot=None, absent=True)
            continue
        last, is_bare = before[-1]
        earliest = next((pk for _, pk, _, is_bare in several if not is_bare), None)
        chosen[reference] = (earliest, False) if is_bare else (last, True)
    keys = [key for key, _ in chosen.values() if key is not None]
    snapshots = dict(Change.objects.filter(pk__in=keys).values_list("pk", "snapshot"))
    for reference, (key, known) in chosen.items():
        snapshot = None if key is None else snapshots[key]
        yield reference, Record(snapshot=snapshot, known=known)
