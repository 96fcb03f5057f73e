"""Many rows of one table made, altered or removed at once, with an entry in the history for each.

As with `save`, but for what is asked of the database for each thing alone: that
what it points at is there, and that it is the only one of its kind. Of that the
database's own refusal is raised, as it is.
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


def make_rows(things: Sequence[Row], *, by: User | None) -> None:
    """Check and store new things of one kind, and give them their keys. Raises ValidationError."""
    if things:
        model = type(things[0])
        _check(things)
        model._default_manager.bulk_create(things)
        keep_history(things, "+", by=by)


def alter_rows(altered: Iterable[tuple[Row, Collection[str]]], *, by: User | None) -> None:
    """Check and store things of one kind again, each with the names of its columns that differ.

    They are stored in the order given. Raises ValidationError.
    """
    alike = defaultdict(list)
    for thing, columns in altered:
        alike[tuple(sorted(columns))].append(thing)
    for columns, things in alike.items():
        model = type(things[0])
        _check(things)
        fields = [f.name for f in model._meta.concrete_fields if f.attname in columns]
        model._default_manager.bulk_update(things, fields)
        keep_history(things, "~", by=by)


def remove_rows(things: Sequence[Row], *, by: User | None) -> None:
    """Remove stored things of one kind, to which nothing points."""
    if things:
        keep_history(things, "-", by=by)
        rows = type(things[0])._default_manager.filter(pk__in=[thing.pk for thing in things])
        # Not delete(), which would write the history one by one, and know of no user.
        rows._raw_delete(rows.db)


def keep_history(things: Sequence[models.Model], kind: str, *, by: User | None) -> None:
    """Write an entry in the history of each of several things of one kind, as they are stored.

    `kind` is history's own mark: + for new, ~ for altered, - for those that go.
    The database copies the rows: to make them here took three times as long as all else.
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
