"""What stands in the register at this moment: locked for update, and recognised again by a digest.

A form is drawn from what is stored. When it comes back, what is stored is held
and compared with that: so of two editors, the second learns of the first.

A page that shows what would happen carries the promise of it. Whoever does it
then does exactly that, or nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

# A kind of thing that belongs to another, and its field that says to which.
Part = tuple[type[models.Model], str]


@dataclass(frozen=True, kw_only=True)
class Saving:
    """When something was saved last, and by whom; nobody known where a command saved it."""

    at: datetime.datetime
    by: User | None


def hold(thing: models.Model, parts: list[Part]) -> None:
    """Let nobody else save the stored `thing` or its `parts` until the transaction ends.

    SQLite writes one transaction after the other, so that there it holds by itself.
    """
    for rows in _rows(thing, parts):
        list(rows.select_for_update(no_key=True).values_list("pk"))


def fingerprint(thing: models.Model, parts: list[Part]) -> str:
    """Return a short text that differs as soon as anything stored of `thing` or `parts` differs.

    That is each field of each row, public or not.
    """
    stored = [list(rows.values()) for rows in _rows(thing, parts)]
    return hashlib.sha256(json.dumps(stored, cls=DjangoJSONEncoder).encode()).hexdigest()


def last_saved(thing: models.Model, parts: list[Part]) -> Saving | None:
    """Return the newest entry in the histories of `thing` and of its `parts`."""
    owned = [(type(thing), _key(thing)), *parts]
    entries = [
        model.history.filter(**{owner: thing.pk}).select_related("history_user").first()
        for model, owner in owned
        if hasattr(model, "history")
    ]
    newest = max(filter(None, entries), key=lambda entry: entry.history_date, default=None)
    return newest and Saving(at=newest.history_date, by=newest.history_user)


def _rows(thing: models.Model, parts: list[Part]) -> Iterator[models.QuerySet[Any]]:
    for model, owner in [(type(thing), _key(thing)), *parts]:
        # All hold them in one order, so that no two wait for each other.
        yield model._base_manager.filter(**{owner: thing.pk}).order_by("pk")


def _key(thing: models.Model) -> str:
    return thing._meta.pk.name


OTHERWISE = "By now something else would happen than what was foreseen."


def promise_of(foreseen: Any) -> str:
    """Return the promise of what is foreseen, given as plain data."""
    return hashlib.sha256(json.dumps(foreseen, sort_keys=True).encode()).hexdigest()
