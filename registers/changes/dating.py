"""The days that an official change writes on a protocol: when it was published, or updated."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import models

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


def last_entry(protocol: Protocol) -> int:
    """Return the number of the newest entry in its history; 0 where there is none."""
    entries = Protocol.history.filter(reference=protocol.pk)
    return int(entries.aggregate(last=models.Max("history_id"))["last"] or 0)
