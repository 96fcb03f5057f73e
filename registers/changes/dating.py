"""The days that an official change writes on a protocol: when it was published, or updated."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models

from registers.changes.rows import keep_history
from registers.models import Protocol


def refuse_days_to_come(protocol: Protocol, on: datetime.date) -> None:
    """Raise ValidationError for a day that says what has happened, and is after `on`."""
    for name in ("published_on", "withdrawn_on"):
        day = getattr(protocol, name)
        if day and day > on:
            raise ValidationError(
                {name: "This day is still to come. Write today's, or one before."}
            )


def write_day(protocol: Protocol, *, new: bool, on: datetime.date, since: int) -> None:
    """Write on a public protocol the day on which it was published or updated.

    It belongs to the entry that the change has made in the history since the one
    numbered `since`; where only its parties were saved, it makes an entry itself.
    """
    if not new:
        protocol.updated_on = on
    elif protocol.published_on is None:
        protocol.published_on = on
    last = last_entry(protocol)
    if last == since:
        protocol.save(update_fields=["published_on", "updated_on"])
        return
    days = {"published_on": protocol.published_on, "updated_on": protocol.updated_on}
    Protocol.objects.filter(pk=protocol.pk).update(**days)
    Protocol.history.filter(history_id=last).update(**days)


def write_days(
    new: Collection[str],
    changed: Collection[str],
    *,
    on: datetime.date,
    since: int,
    by: User | None,
) -> None:
    """Do for many protocols, by reference, what `write_day` does for one.

    `since` is the number of the newest entry of all before the changes. The
    entries that must be made are `by` a user.
    """
    updated, published = {"updated_on": on}, {"published_on": on}
    Protocol.objects.filter(pk__in=changed).update(**updated)
    Protocol.objects.filter(pk__in=new, published_on=None).update(**published)
    entries = Protocol.history.filter(history_id__gt=since)
    # The newest last, so that it is the one that stays.
    last = dict(
        entries.filter(reference__in=[*new, *changed])
        .order_by("history_id")
        .values_list("reference", "history_id")
    )
    of_changed = [last[reference] for reference in changed if reference in last]
    entries.filter(history_id__in=of_changed).update(**updated)
    of_new = [last[reference] for reference in new if reference in last]
    entries.filter(history_id__in=of_new, published_on=None).update(**published)
    without = Protocol.objects.filter(pk__in=set(changed) - last.keys())
    keep_history(list(without), "~", by=by)


def newest_entry() -> int:
    """Return the number of the newest entry in the history of all protocols; 0 for none."""
    return int(Protocol.history.aggregate(last=models.Max("history_id"))["last"] or 0)


def last_entry(protocol: Protocol) -> int:
    """Return the number of the newest entry in its history; 0 where there is none."""
    entries = Protocol.history.filter(reference=protocol.pk)
    return int(entries.aggregate(last=models.Max("history_id"))["last"] or 0)
