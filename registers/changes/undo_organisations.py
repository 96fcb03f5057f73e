"""An import of organisations is undone as a whole, while nothing of it was edited since."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import models

from registers.changes.journal import Step, apply_steps, read_steps
from registers.changes.locking import batches, plan_digest
from registers.changes.record import record_changes
from registers.changes.transaction import update_search_and_version
from registers.changes.undo_import import edited_since, some_of, subject_of
from registers.models import ImportJob, Membership, Organisation

EDITED = (
    "This import cannot be undone as a whole, because this was edited after it: {}. Put right what"
    " is wrong on the pages of the organisations instead."
)
USED = "This import cannot be undone as a whole, because something else uses what is new: {}."


@dataclass(frozen=True, kw_only=True)
class OrganisationsUndoPlan:
    """What undoing would do, or why it is refused: organisations by their keys, with names.

    `new` ones go, and `changed` ones go back to what they said.
    """

    new: dict[int, str]
    changed: dict[int, str]
    steps: list[Step]
    refusals: list[str]

    @property
    def digest(self) -> str:
        """A short text that differs as soon as anything of what would happen differs."""
        return plan_digest([sorted(self.new.items()), sorted(self.changed.items())])


def plan_organisations_undo(job: ImportJob) -> OrganisationsUndoPlan:
    """Say what undoing an import that was applied would do. Nothing is kept."""
    steps = [
        step for kept in job.steps.values_list("steps", flat=True) for step in read_steps(kept)
    ]
    made = [s.key for s in steps if s.table == "organisation" and s.before is None]
    steps = [s for s in steps if not (s.table == "organisation" and s.before is None)]
    touched = {int(subject_of(step)[1]) for step in steps} - {*made}
    plan = OrganisationsUndoPlan(
        new=_names(made), changed=_names(sorted(touched)), steps=steps, refusals=[]
    )
    there = dict.fromkeys((*made, *touched), "one that is gone") | plan.new | plan.changed
    edited = edited_since(job, {("organisation", str(key)): name for key, name in there.items()})
    if edited:
        plan.refusals.append(EDITED.format(some_of(sorted(edited))))
    elif used := _used(plan):
        plan.refusals.append(USED.format(some_of(sorted(plan.new[key] for key in used))))
    return plan


def _names(keys: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in batches(keys):
        found |= dict(Organisation.objects.filter(pk__in=some).values_list("pk", "name"))
    return found


def _used(plan: OrganisationsUndoPlan) -> set[int]:
    """Return the keys of new organisations that are named by what stays."""
    used = set[int]()
    ours = {step.key for step in plan.steps if step.table == "membership"}
    for some in batches(sorted(plan.new)):
        for relation in Organisation._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel):
                continue
            if relation.on_delete is models.PROTECT:
                name = relation.field.name
                rows = relation.related_model._default_manager.filter(**{f"{name}__in": some})
                if relation.related_model is Membership:
                    rows = rows.exclude(pk__in=ours).exclude(group__in=plan.new)
                used.update(rows.order_by().values_list(name, flat=True))
    return used


def undo_organisations(
    plan: OrganisationsUndoPlan, *, at: datetime.datetime, by: User | None, why: str
) -> None:
    """Do what `plan` says. The caller has locked what it concerns. Within a transaction."""
    back = [step.back() for step in plan.steps]
    with update_search_and_version() as touched:
        touched.links = True
        with record_changes(Organisation, sorted(plan.changed), at=at, by=by, why=why):
            # First what makes room: names, identifiers and addresses are of one alone.
            for kind in ("removed", "altered", "made"):
                some = [step for step in back if step.kind == kind]
                apply_steps(sorted(some, key=lambda step: step.table))
        for keys in batches(sorted(plan.new)):
            Membership.objects.filter(group__in=keys).delete()
        for keys in batches(sorted(plan.new)):
            with record_changes(Organisation, keys, at=at, by=by, why=why):
                Organisation.objects.filter(pk__in=keys).delete()
