"""What things said before their first change that keeps a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from registers.history.snapshot import records_of
from registers.models import Change, Organisation, Protocol

# What a change points at, by the name of its field.
SUBJECTS: dict[type[models.Model], str] = {Protocol: "protocol", Organisation: "organisation"}


def record_first_states(model: type[models.Model], keys: Sequence[Any]) -> None:
    """Keep what each of these says before it is changed, with a last change that kept no record.

    Such changes are from before records were kept, or of a register that was
    brought in whole. Nothing official has happened to the thing since.
    """
    name = SUBJECTS[model]
    is_bare = models.ExpressionWrapper(models.Q(record__isnull=True), models.BooleanField())
    # The oldest first, so that the last of each is what stays.
    changes = Change.objects.filter(**{f"{name}__in": keys}).order_by("made_at", "pk")
    rows = changes.annotate(is_bare=is_bare).values_list(name, "pk", "is_bare")
    last = {key: (pk, is_bare) for key, pk, is_bare in rows}
    bare = {key: pk for key, (pk, is_bare) in last.items() if is_bare}
    # By key alone: all else is read from what is stored.
    records = records_of([model(pk=key) for key in bare])
    Change.objects.bulk_update(
        [Change(pk=bare[key], record=record) for key, record in records.items()], ["record"]
    )
