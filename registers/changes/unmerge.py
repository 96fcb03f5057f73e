"""A merge is undone: the one that was gone comes back, with what is still where it was put."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from registers.changes.journal import (
    Step,
    apply_steps,
    matches_stored,
    read_steps,
    stored_rows,
    update_step,
)
from registers.changes.locking import PLAN_CHANGED, lock_organisations, lock_rows
from registers.changes.merge import (
    others_of,
    protocols_of,
    reason_with,
    steps_digest,
)
from registers.changes.record import record_change, record_changes
from registers.changes.transaction import update_search_and_version
from registers.models import Merge, Name, Organisation, Party, Protocol, Slug
from registers.models.keys import key_of

UNDONE = "This merge was undone already."
GONE_TOO = "The organisation that stayed is not in this register any more."
LATER = "{merge} later, into the same organisation. Undo that one first."
NAME_TAKEN = "{holder} has the name '{name}' now. Give it another official name first."
NAME_ELSEWHERE = "{holder} now has the name '{name}'. Remove it there first."
ADDRESS_TAKEN = "The address /organisations/{slug}/ now leads to {holder}."

# What is left as it is, by its table, and the column that says which it is.
LEFT = {
    "party": ("Its part in", "protocol_id"),
    "name": ("The name", "text"),
    "slug": ("The address", "text"),
    "identifier": ("The identifier", "value"),
    "approver": ("The approver", "job_title"),
    "succession": ("What became of an organisation", ""),
    "membership": ("That an organisation belongs to a group", ""),
    "takenon": ("Who took on", "protocol_id"),
    "contact": ("The contact for reminders", ""),
    "reminder": ("The reminder of", "day"),
    "reminded": ("A line of a reminder", ""),
    "change": ("An earlier change", ""),
    "apart": ("That it is not another organisation", ""),
    "organisation": ("The notes", ""),
}


@dataclass(frozen=True, kw_only=True)
class UndoPlan:
    """What undoing a merge would do, row by row, and what it would leave, in sentences."""

    merge: Merge
    stays: Organisation
    returns: Organisation
    steps: list[Step]
    left: list[str]

    @property
    def digest(self) -> str:
        """A short text that differs as soon as anything of what would happen differs."""
        return steps_digest([self.merge.pk], self.steps, self.left)


def plan_undo(merge: Merge) -> UndoPlan:
    """Say what undoing `merge` would do. Nothing is kept.

    What was altered since the merge is left as it is, and said so. Raises
    ValidationError where it cannot be undone.
    """
    stays = _still_there(merge)
    kept = read_steps(merge.moved["steps"])
    steps, left = [], []
    official = next(step for step in kept if _is_official(step))
    official_back = _official_name_back(official.back(), stays)
    stored = _stored(kept)
    there = _there(kept)
    for step in reversed(kept):
        back, row = step.back(), stored[step.table].get(step.key)
        if step is official:
            steps.append(official_back)
        elif _is_own_slug(step, kept[-1]):
            steps.append(_own_slug_back(back, row, stays))
        elif matches_stored(back, row) and _fits(back, stays, there, stored):
            steps.append(back)
        else:
            left.append(_left(step))
    returns = Organisation(**(kept[-1].before or {}))
    return UndoPlan(merge=merge, stays=stays, returns=returns, steps=steps, left=left)


def undo_merge(
    merge: Merge,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    expected_digest: str | None = None,
) -> Organisation:
    """Undo a merge, and return the organisation that comes back.

    Raises ValidationError where it cannot be undone, or where something else
    would happen than what the `expected_digest` plan said; then nothing is kept.
    """
    with update_search_and_version() as touched:
        lock_organisations([merge.stays_key])
        (merge,) = lock_rows(Merge.objects.filter(pk=merge.pk))
        plan = plan_undo(merge)
        if expected_digest not in {None, plan.digest}:
            raise ValidationError(PLAN_CHANGED)
        stays, returns = plan.stays, plan.returns
        touched.organisations.update([stays.pk, returns.pk])
        touched.links = True
        undone = f"The merge of {returns.name} with {stays.name} was undone."
        event = f"{undone} It is an organisation of its own again."
        reason, others = reason_with(undone, why), others_of(plan.steps, stays.pk, returns.pk)
        with (
            record_change(stays, at=at, by=by, why=why, event=undone),
            record_change(returns, at=at, by=by, why=why, event=event),
            record_changes(Organisation, others, at=at, by=by, why=reason),
            record_changes(Protocol, protocols_of(plan.steps), at=at, by=by, why=reason),
        ):
            apply_steps(plan.steps)
        merge.undone_at = at
        merge.save(update_fields=["undone_at"])
        return Organisation.objects.get(pk=returns.pk)


def _still_there(merge: Merge) -> Organisation:
    """Return the one that stayed. Raises ValidationError where the merge cannot be undone."""
    if merge.undone_at:
        raise ValidationError(UNDONE)
    same = models.Q(stays_key=merge.stays_key) | models.Q(gone_key=merge.stays_key)
    later = Merge.objects.filter(same, undone_at=None, pk__gt=merge.pk).order_by("-pk").first()
    if later:
        raise ValidationError(LATER.format(merge=f"{later.gone_name} was merged"))
    stays = Organisation.objects.filter(pk=merge.stays_key).first()
    if stays is None:
        raise ValidationError(GONE_TOO)
    return stays


def _stored(steps: Iterable[Step]) -> dict[str, dict[Any, models.Model]]:
    """Return the rows that the steps are about, as they are now, by table and key."""
    tables = defaultdict(list)
    for step in steps:
        tables[step.table].append(step)
    return {table: stored_rows(several) for table, several in tables.items()}


def _there(kept: list[Step]) -> dict[type[models.Model], set[Any]]:
    """Return the keys of those things that the rows pointed at and that are there, or again."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for step in kept:
        for model, key in _points_at(step.model, step.before or {}):
            wanted[model].add(key)
    there = {
        model: set(model._default_manager.in_bulk(list(keys))) for model, keys in wanted.items()
    }
    for step in kept:
        if step.kind == "removed":
            there.setdefault(step.model, set()).add(step.key)
    return there


def _points_at(
    model: type[models.Model], values: dict[str, Any]
) -> Iterable[tuple[type[models.Model], Any]]:
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and values.get(field.attname) is not None:
            other = field.related_model
            if isinstance(other, type) and other._meta.app_label == "registers":
                yield other, values[field.attname]


def _fits(
    back: Step,
    stays: Organisation,
    there: dict[type[models.Model], set[Any]],
    stored: dict[str, dict[Any, models.Model]],
) -> bool:
    """Say whether a row can go back: what it points at is there, and nothing stands in its way."""
    values = back.after or {}
    if any(key not in there[model] for model, key in _points_at(back.model, values)):
        return False
    if back.table == "slug":
        return bool(values["text"] != stays.slug)
    if back.table == "party" and back.kind == "made":
        # One row spoke for both. Where an officer took that out, neither takes part any more.
        part = Party.objects.filter(organisation=stays, protocol=values["protocol_id"])
        return part.filter(role=values["role"]).exists()
    return True


def _is_official(step: Step) -> bool:
    return step.table == "name" and (step.before or {})["kind"] == Name.Kind.OFFICIAL


def _is_own_slug(step: Step, organisation: Step) -> bool:
    return (
        step.table == "slug" and (step.before or {})["text"] == (organisation.before or {})["slug"]
    )


def _official_name_back(back: Step, stays: Organisation) -> Step:
    """Return the step that gives it its official name, wherever that is. Raises ValidationError."""
    values = back.after or {}
    text = values["text"]
    name = Name.objects.filter(key=key_of(text)).select_related("organisation").first()
    if name is None:
        return Step(table="name", key=None, before=None, after=values | {"key": key_of(text)})
    if name.organisation_id != stays.pk:
        raise ValidationError(NAME_ELSEWHERE.format(holder=name.organisation, name=text))
    if name.kind == Name.Kind.OFFICIAL:
        raise ValidationError(NAME_TAKEN.format(holder=stays, name=text))
    return update_step(name, **values)


def _own_slug_back(back: Step, row: Any, stays: Organisation) -> Step:
    """Return the step that gives it its own address. Raises ValidationError."""
    text = (back.after or {})["text"]
    holder = Slug.objects.select_related("organisation").get(text=text).organisation
    if holder.pk != stays.pk or stays.slug == text:
        raise ValidationError(ADDRESS_TAKEN.format(slug=text, holder=holder))
    return back


def _left(step: Step) -> str:
    what, column = LEFT.get(step.table, (capfirst(str(step.model._meta.verbose_name)), ""))
    values = (step.before or {}) | (step.after or {})
    which = f" ‘{values[column]}’" if column else ""
    return f"{what}{which}: altered since the merge. It stays as it is."
