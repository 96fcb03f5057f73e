"""Create, update and delete many rows of one table at once, with a history row for each.

As `save` does for one, but foreign keys and unique constraints are left to the
database: its own IntegrityError is raised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils import timezone

Row = TypeVar("Row", bound=models.Model)


def create_rows(things: Sequence[Row], *, by: User | None) -> None:
    """Check and store new rows of one model, and set their keys. Raises ValidationError."""
    if things:
        model = type(things[0])
        _check(things)
        model._default_manager.bulk_create(things)
        write_history(things, "+", by=by)


def update_rows(altered: Iterable[tuple[Row, Collection[str]]], *, by: User | None) -> None:
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
        write_history(things, "~", by=by)


def delete_rows(things: Sequence[Row], *, by: User | None) -> None:
    """Delete stored rows of one model, to which nothing points."""
    if things:
        write_history(things, "-", by=by)
        rows = type(things[0])._default_manager.filter(pk__in=[thing.pk for thing in things])
        # Not delete(), which would write the history one by one, and know of no user.
        rows._raw_delete(rows.db)


def write_history(things: Sequence[models.Model], kind: str, *, by: User | None) -> None:
    """Write a history row for each of several rows of one model, as they are stored.

    `kind` is django-simple-history's: + for created, ~ for updated, - for deleted.
    The database copies the rows: making them in Python took three times as long as all else.
    """
    if not things:
        return
    model = type(things[0])
    history = _history(model).model
    columns = [field.column for field in history.tracked_fields]
    about = {
        "history_date": timezone.now(),
        "history_user": by.pk if by else None,
        "history_type": kind,
        "history_change_reason": None,
    }
    fields = [history._meta.get_field(name) for name in about]
    quote = connection.ops.quote_name
    into = ", ".join(quote(name) for name in (*columns, *(field.column for field in fields)))
    copied = ", ".join(map(quote, columns))
    key = quote(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(history._meta.db_table)} ({into})"
            f" SELECT {copied}, %s, %s, %s, %s FROM {quote(model._meta.db_table)}"
            f" WHERE {key} IN ({', '.join(['%s'] * len(things))}) ORDER BY {key}",
            [
                *(f.get_db_prep_save(about[f.name], connection) for f in fields),
                *(thing.pk for thing in things),
            ],
        )


def _check(things: Sequence[Row]) -> None:
    """Check each value by itself. Raises ValidationError, which names the thing."""
    relations = {f.name for f in type(things[0])._meta.fields if f.is_relation}
    for thing in things:
        try:
            thing.clean_fields(exclude=relations)
        except ValidationError as refusal:
            said = [f"{thing}: {sentence}" for sentence in refusal.messages]
            raise ValidationError(said) from refusal


def _history(model: type[models.Model]) -> Any:
    return model.history  # type: ignore[attr-defined]  # simple_history's
