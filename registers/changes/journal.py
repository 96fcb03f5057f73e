"""Steps: what becomes of single rows, written down as plain data before it is done.

What a merge will do is shown as its steps, done as its steps, and kept as its
steps: so what was shown is what happens, and it can be undone row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from registers.history.snapshot import to_json

BATCH = 500
Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of one row: altered, removed (`after` is None) or made (`before` is None).

    Of a row that is altered only the columns are named by which it is known to
    stand where it was put. Values are plain, as JSON has them.
    """

    table: str
    key: Any
    before: Values | None
    after: Values | None

    @property
    def model(self) -> type[models.Model]:
        """The model of the row."""
        return apps.get_model("registers", self.table)

    @property
    def kind(self) -> str:
        """What is done: made, removed or altered."""
        return "made" if self.before is None else "removed" if self.after is None else "altered"

    def back(self) -> Step:
        """Return the step that undoes this one."""
        return Step(table=self.table, key=self.key, before=self.after, after=self.before)

    def to_json(self) -> list[Any]:
        """Return it as JSON keeps it."""
        return [self.table, self.key, self.before, self.after]


def read_steps(kept: Iterable[Sequence[Any]]) -> list[Step]:
    """Return the steps that were kept with `plain`."""
    return [Step(table=t, key=k, before=b, after=a) for t, k, b, a in kept]


def altered(thing: models.Model, **values: Any) -> Step:
    """Return the step that gives the stored `thing` these values, by the names of its columns."""
    row = row_of(thing)
    after = {name: to_json(value) for name, value in values.items()}
    before = {name: row[name] for name in after}
    return Step(table=_table(thing), key=thing.pk, before=before, after=after)


def removed(thing: models.Model) -> Step:
    """Return the step that removes the stored `thing`."""
    return Step(table=_table(thing), key=thing.pk, before=row_of(thing), after=None)


def row_of(thing: models.Model) -> Values:
    """Return the values of a row by the names of its columns."""
    return {
        field.attname: to_json(getattr(thing, field.attname))
        for field in thing._meta.concrete_fields
    }


def stands(step: Step, stored: models.Model | None) -> bool:
    """Say whether a row is as the step found it, in the columns that the step names."""
    if stored is None or step.before is None:
        return stored is None and step.before is None
    row = row_of(stored)
    return all(row[name] == value for name, value in step.before.items())


def do(steps: Iterable[Step], *, by: User | None) -> None:
    """Do the steps in their order, within a transaction; each row's history is kept."""
    for _, several in groupby(steps, key=lambda step: (step.table, step.kind)):
        alike = list(several)
        {"made": _make, "removed": _remove, "altered": _alter}[alike[0].kind](alike, by)


def _make(steps: list[Step], by: User | None) -> None:
    model = steps[0].model
    things = [model(**_values(model, step.after or {})) for step in steps]
    if hasattr(model, "history"):
        bulk_create_with_history(things, model, batch_size=BATCH, default_user=by)
    else:
        model._default_manager.bulk_create(things, BATCH)


def _remove(steps: list[Step], by: User | None) -> None:
    for thing in stored_rows(steps).values():
        thing._history_user = by  # type: ignore[attr-defined]
        thing.delete()


def _alter(steps: list[Step], by: User | None) -> None:
    model, things = steps[0].model, stored_rows(steps)
    columns: set[str] = set()
    for step in steps:
        for name, value in _values(model, step.after or {}).items():
            setattr(things[step.key], name, value)
            columns.add(name)
    rows = list(things.values())
    fields = [field.name for field in model._meta.concrete_fields if field.attname in columns]
    if hasattr(model, "history"):
        bulk_update_with_history(rows, model, fields, batch_size=BATCH, default_user=by)
    else:
        model._default_manager.bulk_update(rows, fields, batch_size=BATCH)


def stored_rows(steps: Sequence[Step]) -> dict[Any, models.Model]:
    """Return the rows that steps of one table are about, as they are now, by their keys."""
    manager = steps[0].model._default_manager
    keys = [step.key for step in steps]
    found: dict[Any, models.Model] = {}
    for start in range(0, len(keys), BATCH):
        found |= manager.in_bulk(keys[start : start + BATCH])
    return found


def _table(thing: models.Model) -> str:
    return str(thing._meta.model_name)


def _values(model: type[models.Model], kept: Values) -> Values:
    """Return plain values as the model has them."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in kept.items()}
