"""Snapshots of rows from before their first change that keeps one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from registers.history.snapshot import snapshots_of
from registers.models import Change, Organisation, Protocol

# What a change points at, by the name of its field.
SUBJECTS: dict[type[models.Model], str] = {Protocol: "protocol", Organisation: "organisation"}


def backfill_snapshots(model: type[models.Model], keys: Sequence[Any]) -> None:
    """Add a snapshot of each of these rows to its last change, where that has none.

    Call it before a row is changed. Changes without a snapshot are from before
    snapshots were kept, or from a register that was loaded as a whole: nothing
    official has happened to the row since.
    """
    name = SUBJECTS[model]
    is_bare = models.ExpressionWrapper(models.Q(record__isnull=True), models.BooleanField())
    # The oldest first, so that the last of each is what stays.
    changes = Change.objects.filter(**{f"{name}__in": keys}).order_by("made_at", "pk")
    rows = changes.annotate(is_bare=is_bare).values_list(name, "pk", "is_bare")
    last = {key: (pk, is_bare) for key, pk, is_bare in rows}
    bare = {key: pk for key, (pk, is_bare) in last.items() if is_bare}
    # By key alone: all else is read from what is stored.
    records = snapshots_of([model(pk=key) for key in bare])
    Change.objects.bulk_update(
        [Change(pk=bare[key], record=record) for key, record in records.items()], ["record"]
    )
