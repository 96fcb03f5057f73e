"""Snapshots: everything that an editor can store of a row and its parts, as JSON values.

A change keeps one, so that changes can be described, a past day can be shown
and an earlier state restored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models

from registers.models import (
    Approver,
    Contact,
    Document,
    Identifier,
    Membership,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Review,
    Succession,
    TakenOn,
)

# {"fields": {name: value}, "parts": {kind: [{name: value}, ...]}}. A value is text, a number,
# yes or no, a day as 2027-03-31, or for another thing its key, its words and its address's end.
Snapshot = dict[str, Any]
Values = dict[str, Any]

# Keys follow from names and references; a user is named on the change itself.
EXCLUDED_FIELDS = {"key", "reference_key", "by"}

# What stands in other tables and belongs to a thing, with the field that says whose it is.
PARTS: dict[type[models.Model], dict[str, tuple[type[models.Model], str]]] = {
    Protocol: {
        "parties": (Party, "protocol"),
        "overarching": (Overarching, "protocol"),
        "taken_on": (TakenOn, "protocol"),
        "documents": (Document, "protocol"),
        "reviews": (Review, "protocol"),
    },
    Organisation: {
        "names": (Name, "organisation"),
        "identifiers": (Identifier, "organisation"),
        "successions": (Succession, "organisation"),
        "members": (Membership, "group"),
        "approvers": (Approver, "organisation"),
        "contact": (Contact, "organisation"),
    },
}


def snapshot_of(thing: models.Model) -> Snapshot | None:
    """Return the snapshot of the stored `thing`; None if it is not stored."""
    return snapshots_of(type(thing), [thing.pk]).get(thing.pk)


def snapshots_of(
    model: type[models.Model], keys: Sequence[Any], *, lock: bool = False
) -> dict[Any, Snapshot]:
    """Return the snapshots of several stored rows of one model, by primary key.

    It takes one query for each kind of part, however many rows there are. What
    is not stored is left out. With `lock` the rows are locked until the transaction ends.
    """
    keys = [key for key in keys if key is not None]
    if not keys:
        return {}
    stored = model._default_manager.filter(pk__in=keys)
    if lock:
        stored = stored.select_for_update(no_key=True, of=("self",)).order_by("pk")
    relations = [field.name for field in model._meta.fields if field.is_relation]
    found: dict[Any, Snapshot] = {
        thing.pk: {"fields": field_values(thing), "parts": {}}
        for thing in (stored.select_related(*relations) if relations else stored)
    }
    for kind in PARTS.get(model, {}) if found else ():
        for snapshot in found.values():
            snapshot["parts"][kind] = []
        # Most organisations are one body, which has no members: no query for those.
        owners = [key for key, each in found.items() if kind != "members" or _is_group(each)]
        for key, values in _parts_of_each(model, kind, owners) if owners else ():
            found[key]["parts"][kind].append(values)
    return found


def _is_group(snapshot: Snapshot) -> bool:
    return bool(snapshot["fields"]["kind"] == Organisation.Kind.GROUP)


def blank_snapshot(model: type[models.Model]) -> Snapshot:
    """Return the snapshot of a row of `model` of which nothing is recorded."""
    fields = {each.name: None for each in model._meta.fields if each.name not in EXCLUDED_FIELDS}
    return {"fields": fields, "parts": {kind: [] for kind in PARTS.get(model, {})}}


def is_public(snapshot: Snapshot | None) -> bool:
    """Return whether the public reads a thing in this state: it is stored, and no draft."""
    return snapshot is not None and snapshot["fields"].get("status") != Protocol.Status.DRAFT


def _parts_of_each(
    whose: type[models.Model], kind: str, keys: Sequence[Any]
) -> Iterator[tuple[Any, Values]]:
    """Give the values of each part of the things with these keys, with the key of its own."""
    model, owner = PARTS[whose][kind]
    parts = model._default_manager.filter(**{f"{owner}__in": keys})
    if model is Document:
        parts = parts.filter(taken_off=False)
    if model is Overarching:
        parts = parts.order_by("overarching")
    fields = [f for f in model._meta.fields if f.name not in {owner, *EXCLUDED_FIELDS}]
    others = [field.name for field in fields if field.is_relation]
    if len(keys) == 1:
        for part in parts.select_related(*others) if others else parts:
            yield keys[0], field_values(part, without=frozenset({owner}))
        return
    # Of many things the parts name the same others again and again: each of these is read once.
    rows = list(parts.values_list(f"{owner}_id", *(field.attname for field in fields)))
    named = {
        field: _named(field.related_model, {row[at] for row in rows} - {None})
        for at, field in enumerate(fields, 1)
        if field.is_relation
    }
    for key, *row in rows:
        values = zip(fields, row, strict=True)
        yield key, {f.name: named[f].get(v) if f in named else to_json(v) for f, v in values}


def _named(model: Any, keys: set[Any]) -> dict[Any, Values]:
    """Return what a snapshot says of the things with these keys that something points at."""
    return {key: _other(other) for key, other in model._base_manager.in_bulk(keys).items()}


def field_values(thing: models.Model, *, without: frozenset[str] = frozenset()) -> Values:
    """Return the values of a thing's own fields by their names, but for those in `without`."""
    return {
        field.name: _json_value(thing, field)
        for field in thing._meta.fields
        if field.name not in EXCLUDED_FIELDS | without
    }


def _json_value(thing: models.Model, field: models.Field[Any, Any]) -> Any:
    value = getattr(thing, field.name)
    if isinstance(value, models.Model):
        return _other(value)
    if isinstance(field, models.FileField):
        return value.name or ""
    return to_json(value)


def _other(thing: models.Model) -> Values:
    slug = {"slug": thing.slug} if hasattr(thing, "slug") else {}
    return {"key": thing.pk, "says": str(thing)} | slug


def to_json(value: Any) -> Any:
    """Return a value for JSON: a date or a time as ISO 8601 text, all else as it is."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def to_python(field: models.Field[Any, Any], recorded: Any) -> Any:
    """Return a snapshot's value as the field has it in Python; of a relation, the key."""
    return recorded["key"] if isinstance(recorded, dict) else field.to_python(recorded)


def comparable_value(value: Any) -> Any:
    """Return a value for comparison: of a relation its key, of an empty text None."""
    value = value.get("key") if isinstance(value, dict) else value
    return None if value == "" else value
