"""Create, update and delete many rows of one table at once.

As `save` does for one, but foreign keys and unique constraints are left to the
database: its own IntegrityError is raised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models

Row = TypeVar("Row", bound=models.Model)


def create_rows(things: Sequence[Row]) -> None:
    """Check and store new rows of one model, and set their keys. Raises ValidationError."""
    if things:
        model = type(things[0])
        _check(things)
        model._default_manager.bulk_create(things)


def update_rows(altered: Iterable[tuple[Row, Collection[str]]]) -> None:
    """Check and update rows of one model, each with the names of the columns that differ.

    They are updated in the order given. Raises ValidationError.
    """
    alike = defaultdict(list)
    for thing, columns in altered:
        alike[tuple(sorted(columns))].append(thing)
    for columns, things in alike.items():
        model = type(things[0])
        _check(things)
        fields = [f.name for f in model._meta.concrete_fields if f.attname in columns]
        model._default_manager.bulk_update(things, fields)


def delete_rows(things: Sequence[Row]) -> None:
    """Delete stored rows of one model, to which nothing points."""
    if things:
        rows = type(things[0])._default_manager.filter(pk__in=[thing.pk for thing in things])
        # Not delete(), which would first look for rows that point here.
        rows._raw_delete(rows.db)


def _check(things: Sequence[Row]) -> None:
    """Check each value by itself. Raises ValidationError, which names the thing."""
    relations = {f.name for f in type(things[0])._meta.fields if f.is_relation}
    for thing in things:
        try:
            thing.clean_fields(exclude=relations)
        except ValidationError as refusal:
            said = [f"{thing}: {sentence}" for sentence in refusal.messages]
            raise ValidationError(said) from refusal
