"""The journal of a merge, and of an import: what happens to each row, as JSON values.

A merge is previewed, done and stored as its steps: so what was shown is what
happens, and it can be undone row by row. So can an import, which notes them as it goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.apps import apps
from django.db import models

from registers.changes.bulk_writes import create_rows, delete_rows, update_rows
from registers.changes.locking import batches
from registers.history.snapshot import to_json

Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens to one row: updated, deleted (`after` is None) or created (`before` is None).

    An update names only the columns that it changes, and those by which undoing
    knows that the row is still where it was put. Values are JSON values.
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
        """Return it for JSON."""
        return [self.table, self.key, self.before, self.after]


def read_steps(kept: Iterable[Sequence[Any]]) -> list[Step]:
    """Return the steps that were stored with `to_json`."""
    return [Step(table=t, key=k, before=b, after=a) for t, k, b, a in kept]


def update_step(thing: models.Model, **values: Any) -> Step:
    """Return the step that updates the stored `thing` with these values, by column."""
    after = {name: to_json(value) for name, value in values.items()}
    before = {name: to_json(getattr(thing, name)) for name in after}
    return Step(table=_table(thing), key=thing.pk, before=before, after=after)


def create_step(thing: models.Model) -> Step:
    """Return the step that created the stored `thing`."""
    return Step(table=_table(thing), key=thing.pk, before=None, after=column_values(thing))


def delete_step(thing: models.Model) -> Step:
    """Return the step that deletes the stored `thing`."""
    return Step(table=_table(thing), key=thing.pk, before=column_values(thing), after=None)


def column_values(thing: models.Model) -> Values:
    """Return the values of a row by the names of its columns."""
    return {
        field.attname: to_json(getattr(thing, field.attname))
        for field in thing._meta.concrete_fields
    }


def matches_stored(step: Step, stored: models.Model | None) -> bool:
    """Return whether a row is as the step found it, in the columns that the step names."""
    if stored is None or step.before is None:
        return stored is None and step.before is None
    row = column_values(stored)
    return all(row[name] == value for name, value in step.before.items())


def apply_steps(steps: Iterable[Step]) -> None:
    """Apply the steps in their order, within a transaction."""
    for (_, kind), several in groupby(steps, key=lambda step: (step.table, step.kind)):
        alike = list(several)
        model, rows = alike[0].model, stored_rows(alike)
        if kind == "made":
            create_rows([model(**_values(model, step.after or {})) for step in alike])
        elif kind == "removed":
            delete_rows(list(rows.values()))
        else:
            update_rows(_altered(rows[step.key], step) for step in alike)


def _altered(row: models.Model, step: Step) -> tuple[models.Model, Collection[str]]:
    """Return the row with the values of the step, and the names of their columns."""
    values = _values(step.model, step.after or {})
    for name, value in values.items():
        setattr(row, name, value)
    return row, values.keys()


def stored_rows(steps: Sequence[Step]) -> dict[Any, models.Model]:
    """Return the rows that steps of one table are about, as they are now, by their keys."""
    manager = steps[0].model._default_manager
    keys = [step.key for step in steps]
    found: dict[Any, models.Model] = {}
    for some in batches(keys):
        found |= manager.in_bulk(some)
    return found


def _table(thing: models.Model) -> str:
    return str(thing._meta.model_name)


def _values(model: type[models.Model], kept: Values) -> Values:
    """Return plain values as the model has them."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in kept.items()}
