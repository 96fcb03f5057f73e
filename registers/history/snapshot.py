"""All that is recorded of a thing and is public, as plain data.

It is kept with each change: so what a thing said on a day can be shown, and an
earlier state put back. `statement` says the same in words, for readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from registers.models import (
    Approver,
    Document,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Succession,
)

# {"fields": {name: value}, "parts": {kind: [{name: value}, ...]}}. A value is text, a number,
# yes or no, a day as 2027-03-31, or for another thing its key, its words and its address's end.
Record = dict[str, Any]

# Notes for administrators are never public; keys follow from names.
UNRECORDED = {"admin_note", "key"}

# What stands in other tables and belongs to a thing, with the field that says whose it is.
PARTS: dict[type[models.Model], dict[str, tuple[type[models.Model], str]]] = {
    Protocol: {
        "parties": (Party, "protocol"),
        "overarching": (Overarching, "protocol"),
        "documents": (Document, "protocol"),
    },
    Organisation: {
        "names": (Name, "organisation"),
        "successions": (Succession, "organisation"),
        "approvers": (Approver, "organisation"),
    },
}


def record_of(thing: models.Model) -> Record | None:
    """Return what is recorded of the stored `thing`; None if it is not stored, or is a draft."""
    return records_of([thing]).get(thing.pk)


def records_of(things: Sequence[models.Model]) -> dict[Any, Record]:
    """Return what is recorded of each of several stored things of one kind, by their keys.

    It asks once for each kind of part, however many things there are. What
    says nothing in public is left out.
    """
    if not things:
        return {}
    model = type(things[0])
    keys = [thing.pk for thing in things]
    stored = model._default_manager.filter(pk__in=keys)
    relations = [field.name for field in model._meta.fields if field.is_relation]
    records: dict[Any, Record] = {
        thing.pk: {"fields": values_of(thing), "parts": {}}
        for thing in (stored.select_related(*relations) if relations else stored)
        if not (isinstance(thing, Protocol) and thing.status == Protocol.Status.DRAFT)
    }
    for kind, (_, owner) in PARTS.get(model, {}).items():
        for record in records.values():
            record["parts"][kind] = []
        for part in _parts_of_each(model, kind, list(records)):
            values = values_of(part, without=frozenset({owner}))
            records[getattr(part, f"{owner}_id")]["parts"][kind].append(values)
    return records


def _parts_of_each(
    whose: type[models.Model], kind: str, keys: Sequence[Any]
) -> models.QuerySet[Any]:
    model, owner = PARTS[whose][kind]
    parts = model._default_manager.filter(**{f"{owner}__in": keys})
    if model is Document:
        parts = parts.filter(taken_off=False)
    if model is Overarching:
        parts = parts.order_by("overarching")
    others = [
        field.name for field in model._meta.fields if field.is_relation and field.name != owner
    ]
    return parts.select_related(*others) if others else parts


def values_of(thing: models.Model, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the values of a thing's own fields by their names, but for those in `without`."""
    return {
        field.name: _plain(thing, field)
        for field in thing._meta.fields
        if field.name not in UNRECORDED | without
    }


def _plain(thing: models.Model, field: models.Field[Any, Any]) -> Any:
    value = getattr(thing, field.name)
    if isinstance(value, models.Model):
        other = {"key": value.pk, "says": str(value)}
        return other | ({"slug": value.slug} if hasattr(value, "slug") else {})
    if isinstance(field, models.FileField):
        return value.name or ""
    return plain(value)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: a day or a moment as text, all else as it is."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def value_for(field: models.Field[Any, Any], recorded: Any) -> Any:
    """Return what a recorded value is in Python; of another thing, its key."""
    return recorded["key"] if isinstance(recorded, dict) else field.to_python(recorded)
