"""Create, update and delete many rows of one model at once: the one writer of many rows.

`save` and `remove` do this for one row. The values of a spreadsheet are checked here; the
steps of a merge, and a generated register, are right when they are made. Foreign keys and
unique constraints are left to the database: its own IntegrityError is raised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from registers.changes.locking import BATCH, batches

Row = TypeVar("Row", bound=models.Model)


def create_rows(rows: Sequence[Row], *, check: bool = False) -> None:
    """Store new rows of one model, and set their keys. With `check`, raises ValidationError."""
    if rows:
        if check:
            _check(rows)
        type(rows[0])._default_manager.bulk_create(rows, BATCH)


def update_rows(rows: Iterable[tuple[Row, Collection[str]]], *, check: bool = False) -> None:
    """Update stored rows of one model, each with the names of the columns that differ.

    They are updated in the order given. With `check`, raises ValidationError.
    """
    alike = defaultdict(list)
    for row, columns in rows:
        alike[tuple(sorted(columns))].append(row)
    for columns, some in alike.items():
        model = type(some[0])
        if check:
            _check(some)
        fields = [f.name for f in model._meta.concrete_fields if f.attname in columns]
        model._default_manager.bulk_update(some, fields, BATCH)


def delete_rows(rows: Sequence[Row]) -> None:
    """Delete stored rows of one model, to which nothing points."""
    for some in batches(rows):
        stored = type(some[0])._default_manager.filter(pk__in=[row.pk for row in some])
        # Not delete(), which would first look for rows that point here.
        stored._raw_delete(stored.db)


def _check(rows: Sequence[Row]) -> None:
    """Check each value by itself. Raises ValidationError, which names the row."""
    relations = {f.name for f in type(rows[0])._meta.fields if f.is_relation}
    for row in rows:
        try:
            row.clean_fields(exclude=relations)
        except ValidationError as refusal:
            said = [f"{row}: {sentence}" for sentence in refusal.messages]
            raise ValidationError(said) from refusal
