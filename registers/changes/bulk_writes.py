"""Create, update and delete many rows of one model at once: the one writer of many rows.

`save` and `remove` do this for one row. The values of a spreadsheet are checked here; the
steps of a merge, and a generated register, are right when they are made. Foreign keys and
unique constraints are left to the database: its own IntegrityError is raised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from registers.changes.locking import BATCH, batches
from registers.models.references import ReferenceKeyField

Row = TypeVar("Row", bound=models.Model)


def create_rows(rows: Sequence[Row], *, check: bool = False) -> None:
    """Store new rows of one model, and set their keys. With `check`, raises ValidationError."""
    if rows:
        if check:
            _check(rows)
        type(rows[0])._default_manager.bulk_create(rows, BATCH)


def insert_values(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    check: bool = False,
) -> None:
    """Store new rows whose keys nobody needs, given as the values of these columns.

    The others get what is their default. It takes a third of the time that `create_rows` does.
    With `check`, raises ValidationError.
    """
    if not rows:
        return
    fields = {f.attname: f for f in model._meta.concrete_fields}
    if check and not all(
        _are_clean(fields[column], values, model())
        for column, values in zip(columns, zip(*rows, strict=True), strict=False)
        if not fields[column].is_relation
    ):
        _check([model(**dict(zip(columns, row, strict=True))) for row in rows])
    defaults = {name: v for name, v in column_defaults(model).items() if name not in columns}
    into, others = [fields[name] for name in (*columns, *defaults)], [*defaults.values()]
    connection = connections[model._default_manager.db]
    size = min(BATCH, connection.ops.bulk_batch_size(into, rows))
    for start in range(0, len(rows), size):
        stored = [
            [f.get_db_prep_save(v, connection) for f, v in zip(into, (*row, *others), strict=True)]
            for row in rows[start : start + size]
        ]
        _insert(connection, model._meta.db_table, [str(f.column) for f in into], stored)


def _insert(
    connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], rows: list[list[Any]]
) -> None:
    """Store rows by one statement, and of PostgreSQL by COPY.

    There an INSERT costs psycopg and the server several times more: each value is written into
    its text, and read out of it again.
    """
    quote = connection.ops.quote_name
    into = f"{quote(table)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        holders = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
        cursor.execute(f"INSERT INTO {into} VALUES {holders}", [*chain.from_iterable(rows)])  # noqa: S608 (names of the model's)


def column_defaults(model: type[models.Model]) -> dict[str, Any]:
    """Return what a new row has in each column but a key that the database gives, by its name."""
    fields = (f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField))
    return {field.attname: field.get_default() for field in fields}


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
        _update(model, some, [f for f in model._meta.concrete_fields if f.attname in columns])


def _update(
    model: type[models.Model], rows: Sequence[models.Model], into: Sequence[models.Field[Any, Any]]
) -> None:
    """Update these columns of rows: bulk_update takes five times as long to write its query."""
    connection = connections[model._default_manager.db]
    quote, fields = connection.ops.quote_name, [*into, model._meta.pk]
    table, (*names, key) = quote(model._meta.db_table), [quote(str(f.column)) for f in fields]
    values = [
        [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields] for row in rows
    ]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql" or _is_order_seen(model, into):
            columns = ", ".join(f"{name} = %s" for name in names)
            cursor.executemany(f"UPDATE {table} SET {columns} WHERE {key} = %s", values)  # noqa: S608 (as above)
            return
        # Half the work of one statement a row. A cast to a type with a length would cut a text.
        types = [str(f.db_type(connection)).partition("(")[0] for f in fields]
        *said, this = [f"new.{n}::{t}" for n, t in zip([*names, key], types, strict=True)]
        columns = ", ".join(f"{n} = {value}" for n, value in zip(names, said, strict=True))
        holders = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
        new = f"(VALUES {holders}) AS new ({', '.join([*names, key])})"
        cursor.execute(
            f"UPDATE {table} SET {columns} FROM {new} WHERE {table}.{key} = {this}",  # noqa: S608 (as above)
            [*chain.from_iterable(values)],
        )


def _is_order_seen(model: type[models.Model], into: Sequence[models.Field[Any, Any]]) -> bool:
    """Return whether rows have to be updated one by one: something unique looks at a column."""
    unique = [each for each in model._meta.constraints if isinstance(each, models.UniqueConstraint)]
    conditions = [each.condition.referenced_base_fields for each in unique if each.condition]
    looked_at = set().union(*(each.fields for each in unique), *conditions)
    return any(field.unique or field.name in looked_at for field in into)


def delete_rows(rows: Sequence[Row]) -> None:
    """Delete stored rows of one model, to which nothing points."""
    for some in batches(rows):
        stored = type(some[0])._default_manager.filter(pk__in=[row.pk for row in some])
        # Not delete(), which would first look for rows that point here.
        stored._raw_delete(stored.db)


def _check(rows: Sequence[Row]) -> None:
    """Check each value by itself. Raises ValidationError, which names the row."""
    own = [f for f in type(rows[0])._meta.fields if not f.is_relation]
    if all(_are_clean(f, [getattr(row, f.attname) for row in rows], rows[0]) for f in own):
        return
    relations = {f.name for f in type(rows[0])._meta.fields if f.is_relation}
    for row in rows:
        try:
            row.clean_fields(exclude=relations)
        except ValidationError as refusal:
            said = [f"{row}: {sentence}" for sentence in refusal.messages]
            raise ValidationError(said) from refusal


def _are_clean(field: models.Field[Any, Any], values: Iterable[Any], row: models.Model) -> bool:
    """Return whether all of these can be stored as they are: most stand in many rows."""
    if isinstance(field, ReferenceKeyField):  # worked out when it is stored
        return True
    try:
        return all(
            (field.blank and value in field.empty_values) or field.clean(value, row) == value
            for value in set(values)
        )
    except ValidationError:
        return False
