"""Official changes of many things of one kind at once, each as `official_change` makes one.

A merge may touch thousands of protocols, and a spreadsheet all of them. What
they say before and after is read for many at once, so that it takes few
queries, however many they are.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from registers.changes.record import (
    newest_entry,
    published_at_its_end,
    refuse_days_to_come,
    write_days,
)
from registers.history.backfill import SUBJECTS, backfill_snapshots
from registers.history.snapshot import snapshots_of
from registers.history.summary import ADDED, Summary, describe_difference, summaries
from registers.models import Change, Organisation, Protocol

BATCH = 500
Subject = type[Protocol] | type[Organisation]


@contextmanager
def official_changes(
    model: Subject,
    keys: Sequence[Any],
    *,
    at: datetime.datetime,
    by: User | None,
    why: str = "",
    published_before: bool = False,
) -> Iterator[list[Any]]:
    """Tell what changes within in each of many things: a change for each, or nothing.

    `keys` are those of the things, stored or not; none of them may be removed
    within. They are given as a list, in the order of the changes, to which the
    keys are added of things that have none before they are stored.
    `published_before` is said of the protocols that are new here. All else is
    as with `official_change`.
    """
    with published_at_its_end() as touched:
        before = {key: said for some in batches(keys) for key, said in _said(model, some)}
        since, every = newest_entry(), list(keys)
        for some in batches(keys):
            backfill_snapshots(model, some)
        yield every
        (touched.protocols if model is Protocol else touched.organisations).update(every)
        for some in batches(every):
            there = [key for key in some if key in before]
            after = dict(_said(model, there))
            changed = [key for key in there if after[key] != before[key]]
            new = _public(model, [key for key in some if key not in before])
            if model is Protocol:
                _date(new, changed, at=at, since=since, by=by, given=published_before)
            records = snapshots_of([model(pk=key) for key in (*changed, *new)])
            Change.objects.bulk_create(
                Change(
                    **{f"{SUBJECTS[model]}_id": key},
                    made_at=at,
                    what=describe_difference(before[key], after[key]) if key in before else ADDED,
                    why=why,
                    by=by,
                    record=records[key],
                )
                for key in some
                if key in records
            )


def batches(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Give the keys as many at a time as a query may well name."""
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


def _said(model: Subject, keys: Sequence[Any]) -> Iterator[tuple[Any, Summary]]:
    yield from summaries(model, keys).items()


def _public(model: Subject, keys: Sequence[Any]) -> list[Any]:
    """Return the keys of those that are no drafts."""
    if model is Protocol:
        keys = list(Protocol.public.filter(pk__in=keys).values_list("pk", flat=True))
    return list(keys)


def _date(
    new: Sequence[str],
    changed: Sequence[str],
    *,
    at: datetime.datetime,
    since: int,
    by: User | None,
    given: bool,
) -> None:
    """Write the days of the change on protocols. Those of new ones stay where they are `given`."""
    on = timezone.localdate(at)
    to_come = models.Q(published_on__gt=on) | models.Q(withdrawn_on__gt=on)
    for protocol in Protocol.objects.filter(to_come, pk__in=[*new, *changed])[:1]:
        refuse_days_to_come(protocol, on)
    write_days([] if given else new, changed, on=on, since=since, by=by)
