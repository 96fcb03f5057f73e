"""Official changes of many rows of one model at once, each as `record_change` records one.

A merge may touch thousands of protocols, and a spreadsheet all of them. Their
summaries and snapshots are read for many at once, so that it takes few queries,
however many they are.
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
    newest_history_id,
    refuse_future_dates,
    set_dates,
    update_search_and_version,
)
from registers.history.backfill import SUBJECTS, backfill_snapshots
from registers.history.snapshot import snapshots_of
from registers.history.summary import ADDED, Summary, describe_difference, summaries
from registers.models import Change, Organisation, Protocol

BATCH = 500
Subject = type[Protocol] | type[Organisation]


@contextmanager
def record_changes(
    model: Subject,
    keys: Sequence[Any],
    *,
    at: datetime.datetime,
    by: User | None,
    why: str = "",
    published_before: bool = False,
) -> Iterator[list[Any]]:
    """Record what is saved within as one official change for each row that changed.

    `keys` are the primary keys of the rows, stored or not; none of them may be
    deleted within. They are yielded as a list, in the order of the changes; the
    caller appends the keys of rows that get one only when they are stored.
    `published_before` applies to protocols that are new here. All else is as
    with `record_change`.
    """
    with update_search_and_version() as touched:
        before = {key: said for some in batches(keys) for key, said in _summaries(model, some)}
        since, every = newest_history_id(), list(keys)
        for some in batches(keys):
            backfill_snapshots(model, some)
        yield every
        (touched.protocols if model is Protocol else touched.organisations).update(every)
        for some in batches(every):
            there = [key for key in some if key in before]
            after = dict(_summaries(model, there))
            changed = [key for key in there if after[key] != before[key]]
            new = _public(model, [key for key in some if key not in before])
            if model is Protocol:
                _set_dates(new, changed, at=at, since=since, by=by, given=published_before)
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
    """Yield the keys in batches of a size that one query can name."""
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


def _summaries(model: Subject, keys: Sequence[Any]) -> Iterator[tuple[Any, Summary]]:
    yield from summaries(model, keys).items()


def _public(model: Subject, keys: Sequence[Any]) -> list[Any]:
    """Return the keys of those that are not drafts."""
    if model is Protocol:
        keys = list(Protocol.public.filter(pk__in=keys).values_list("pk", flat=True))
    return list(keys)


def _set_dates(
    new: Sequence[str],
    changed: Sequence[str],
    *,
    at: datetime.datetime,
    since: int,
    by: User | None,
    given: bool,
) -> None:
    """Set the days of the change on protocols. Those of new ones stay as they are if `given`."""
    on = timezone.localdate(at)
    to_come = models.Q(published_on__gt=on) | models.Q(withdrawn_on__gt=on)
    for protocol in Protocol.objects.filter(to_come, pk__in=[*new, *changed])[:1]:
        refuse_future_dates(protocol, on)
    set_dates([] if given else new, changed, on=on, since=since, by=by)
