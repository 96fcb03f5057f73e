"""An import of organisations is undone as a whole, while nothing of it was edited since."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.contrib.auth.models import User

from registers.changes.journal import apply_steps, read_steps
from registers.changes.locking import batches
from registers.changes.record import record_changes
from registers.changes.transaction import update_search_and_version
from registers.changes.undo_import import (
    ImportUndoPlan,
    edited_since,
    named_otherwise,
    some_of,
    subject_of,
)
from registers.models import ImportJob, Membership, Organisation

EDITED = (
    "This import cannot be undone as a whole, because this was edited after it: {}. Put right what"
    " is wrong on the pages of the organisations instead."
)
USED = "This import cannot be undone as a whole, because something else uses what is new: {}."


def plan_organisations_undo(job: ImportJob) -> ImportUndoPlan:
    """Say what undoing an import that was applied would do. Nothing is kept."""
    steps = [
        step for kept in job.steps.values_list("steps", flat=True) for step in read_steps(kept)
    ]
    made = [s.key for s in steps if s.table == "organisation" and s.before is None]
    steps = [s for s in steps if not (s.table == "organisation" and s.before is None)]
    touched = {int(subject_of(step)[1]) for step in steps} - {*made}
    plan = ImportUndoPlan(
        organisations=_names(made), restored=_names(sorted(touched)), named=touched, steps=steps
    )
    there = (
        dict.fromkeys((*made, *touched), "one that is gone") | plan.organisations | plan.restored
    )
    edited = edited_since(job, {("organisation", str(key)): name for key, name in there.items()})
    if edited:
        plan.refusals.append(EDITED.format(some_of(sorted(edited))))
    elif used := _used(plan):
        plan.refusals.append(USED.format(some_of(sorted(plan.organisations[key] for key in used))))
    return plan


def _names(keys: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in batches(keys):
        found |= dict(Organisation.objects.filter(pk__in=some).values_list("pk", "name"))
    return found


def _used(plan: ImportUndoPlan) -> set[int]:
    """Return the keys of new organisations that are named by what stays."""
    used = set[int]()
    ours = {step.key for step in plan.steps if step.table == "membership"}
    for some in batches(sorted(plan.organisations)):
        used |= named_otherwise(some, than=Membership)
        rows = Membership.objects.filter(member__in=some).order_by()
        for key, group, member in rows.values_list("pk", "group", "member"):
            if key not in ours and group not in plan.organisations:
                used.add(member)
    return used


def undo_organisations(
    _: ImportJob, plan: ImportUndoPlan, *, at: datetime.datetime, by: User | None, why: str
) -> Iterator[int]:
    """Do what `plan` says, and give after each step how many organisations are done.

    The caller has locked what it concerns, and updates search with what was touched.
    Within a transaction.
    """
    back = [step.back() for step in plan.steps]
    with update_search_and_version() as touched:
        touched.links = True
    with record_changes(Organisation, sorted(plan.restored), at=at, by=by, why=why):
        # First what makes room: names, identifiers and addresses are of one alone.
        for kind in ("removed", "altered", "made"):
            some = [step for step in back if step.kind == kind]
            apply_steps(sorted(some, key=lambda step: step.table))
    for keys in batches(sorted(plan.organisations)):
        Membership.objects.filter(group__in=keys).delete()
    yield len(plan.restored)
    for keys in batches(sorted(plan.organisations)):
        with record_changes(Organisation, keys, at=at, by=by, why=why):
            Organisation.objects.filter(pk__in=keys).delete()
    yield plan.total
