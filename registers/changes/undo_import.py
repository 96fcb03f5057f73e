"""An import is undone as a whole, while nothing of it was edited since."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.text import get_text_list

from registers.changes.bulk_writes import update_rows
from registers.changes.journal import Step, apply_steps, matches_stored, read_steps, stored_rows
from registers.changes.locking import batches, plan_digest
from registers.changes.publishing import withdrawn
from registers.changes.record import record_change, record_changes
from registers.changes.writes import remove
from registers.history.diff import differences
from registers.history.snapshot import Snapshot, snapshots_of
from registers.models import (
    Change,
    ImportJob,
    Organisation,
    Party,
    Protocol,
    Theme,
    UsedReference,
)
from registers.models.protocol_fields import MODEL_FIELDS

IMPORTED_BY_MISTAKE = "Imported by mistake"
EDITED = (
    "This import cannot be undone as a whole, because this was edited after it: {which}. Where"
    " a later import did that, undo it first. Else put right what is wrong on the pages of the"
    " protocols."
)
GONE = (
    "This import cannot be undone as a whole. Before it, these named an organisation or a theme"
    " that is not in this register any more: {which}."
)
NAME_STAYS = "The name ‘{name}’ of {organisation}: it was edited after the import."
USED = "{thing}: something that stays in the register names it."
MOST_NAMED = 10
WHOLE = {"protocol", "organisation", "theme"}  # what has a snapshot of its own
# What a change is about, as it names it: the name of its model, and its key as text.
Subject = tuple[str, str]


@dataclass(kw_only=True)
class ImportUndoPlan:
    """What undoing an import would do, and why it is refused, where it is.

    `drafts` and `withdrawn` are references of new protocols: of those that go, and of
    those that stay for ever. `changed` go back to what they said. `organisations` and
    `themes` that go are named by their keys; `names` go from the organisations `named`.
    `restored` are organisations that go back to what they said, with all of it.
    """

    drafts: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    organisations: dict[int, str] = field(default_factory=dict)
    themes: dict[int, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    named: set[int] = field(default_factory=set)
    restored: dict[int, str] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    # What is altered in organisations that stay: the rows of their names and addresses.
    steps: list[Step] = field(default_factory=list)

    @property
    def references(self) -> list[str]:
        """The protocols that it concerns."""
        return sorted([*self.drafts, *self.withdrawn, *self.changed])

    @property
    def total(self) -> int:
        """How many protocols it concerns, or organisations that are imported as such."""
        return len(self.references) or len(self.restored) + len(self.organisations)

    @property
    def digest(self) -> str:
        """A short text that differs as soon as anything of what would happen differs."""
        named = (self.organisations, self.themes, self.restored)
        goes = [*(sorted(each.items()) for each in named), self.names]
        return plan_digest([self.drafts, self.withdrawn, self.changed, *goes, self.stays])


class _Done:
    """What an import did, by the steps of its journal."""

    def __init__(self, job: ImportJob) -> None:
        self.new: dict[str, dict[object, str]] = {"protocol": {}, "organisation": {}, "theme": {}}
        self.changed: set[str] = set()
        self.moved: set[str] = set()  # to another theme
        self.parties: set[int] = set()  # new ones, of protocols that were there
        self.names: list[Step] = []
        # What protocols named before: those that point at each organisation, and theme.
        self.before: dict[type[models.Model], dict[int, set[str]]] = {Organisation: {}, Theme: {}}
        for steps in job.steps.values_list("steps", flat=True).iterator(chunk_size=1):
            for step in read_steps(steps):
                self._add(step)

    def _add(self, step: Step) -> None:
        if step.table in {"name", "slug"}:
            self.names.append(step)
        elif step.table in self.new and step.kind == "made":
            self.new[step.table][step.key] = str((step.after or {}).get("name", step.key))
        else:
            self._add_change(step, subject_of(step)[1], step.before or {})

    def _add_change(self, step: Step, reference: str, before: dict[str, object]) -> None:
        self.changed.add(reference)
        if "theme_id" in before:
            self.moved.add(reference)
        if step.kind == "made":
            self.parties.add(step.key)
        for model, name in ((Organisation, "organisation_id"), (Theme, "theme_id")):
            key = before.get(name)
            if isinstance(key, int):
                self.before[model].setdefault(key, set()).add(reference)


def plan_import_undo(job: ImportJob) -> ImportUndoPlan:
    """Say what undoing an import that was applied would do. Nothing is kept."""
    done, plan = _Done(job), ImportUndoPlan()
    for some in batches(sorted(map(str, done.new["protocol"]))):
        for key, status in Protocol.objects.filter(pk__in=some).values_list("pk", "status"):
            (plan.drafts if status == Protocol.Status.DRAFT else plan.withdrawn).append(key)
    plan.changed = sorted(done.changed)
    _plan_names(plan, done)
    plan.organisations = _unused(plan, Organisation, done, _organisations_used(plan, done))
    plan.themes = _unused(plan, Theme, done, _themes_used(plan, done))
    _refuse_edited(plan, job, done)
    _refuse_gone(plan, done)
    return plan


def _plan_names(plan: ImportUndoPlan, done: _Done) -> None:
    """Take the names and addresses that organisations got, but for those edited since."""
    called = Organisation.objects.in_bulk([(s.after or {})["organisation_id"] for s in done.names])
    for table in ("name", "slug"):
        steps = [step for step in done.names if step.table == table]
        rows = stored_rows(steps) if steps else {}
        for step in steps:
            values = step.after or {}
            organisation = called.get(values["organisation_id"])
            if organisation is None or step.key not in rows:
                continue  # it went since
            if matches_stored(step.back(), rows[step.key]):
                plan.steps.append(step.back())
                plan.named.add(organisation.pk)
                if table == "name":
                    plan.names.append(f"{values['text']} ({organisation})")
            else:
                name = {"name": values["text"], "organisation": organisation}
                plan.stays.append(NAME_STAYS.format(**name))


def _unused(
    plan: ImportUndoPlan, model: type[models.Model], done: _Done, used: Collection[int]
) -> dict[int, str]:
    """Return the new rows of `model` that nothing else uses, by their keys; tell of the others."""
    goes = {}
    for some in batches(sorted(_new(model, done))):
        for key, name in model._default_manager.filter(pk__in=some).values_list("pk", "name"):
            if key in used:
                plan.stays.append(USED.format(thing=name))
            else:
                goes[key] = name
    return goes


def _new(model: type[models.Model], done: _Done) -> list[int]:
    return [key for key in done.new[str(model._meta.model_name)] if isinstance(key, int)]


def _organisations_used(plan: ImportUndoPlan, done: _Done) -> set[int]:
    """Return the keys of new organisations that are named by what stays."""
    used, drafts = set[int](), set(plan.drafts)
    for some in batches(_new(Organisation, done)):
        parties = Party.objects.filter(organisation__in=some).order_by()
        for party, reference, key in parties.values_list("pk", "protocol", "organisation"):
            if party not in done.parties and reference not in drafts:
                used.add(key)
        used |= named_otherwise(some, than=Party)
    return used


def named_otherwise(keys: Collection[int], *, than: type[models.Model]) -> set[int]:
    """Return which organisations rows name that keep them, other `than` those of a model."""
    used = set[int]()
    for relation in Organisation._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.related_model is than:
            continue
        if relation.on_delete is models.PROTECT:
            name, other = relation.field.name, relation.related_model
            rows = other._default_manager.filter(**{f"{name}__in": keys}).order_by()
            used.update(rows.values_list(name, flat=True))
    return used


def _themes_used(plan: ImportUndoPlan, done: _Done) -> set[int]:
    """Return the keys of new themes that protocols have which stay under them."""
    leaves = {*plan.drafts, *done.moved}
    rows = Protocol.objects.filter(theme__in=_new(Theme, done)).values_list("pk", "theme")
    return {theme for reference, theme in rows.iterator() if reference not in leaves}


def _refuse_edited(plan: ImportUndoPlan, job: ImportJob, done: _Done) -> None:
    """Refuse where anything of it says something else than the import left."""
    ours = {("protocol", key): key for key in plan.references}
    for kind in ("organisation", "theme"):
        ours |= {(kind, str(key)): name for key, name in done.new[kind].items()}
    if edited := edited_since(job, ours):
        plan.refusals.append(EDITED.format(which=some_of(edited)))


def edited_since(job: ImportJob, ours: Mapping[Subject, str]) -> list[str]:
    """Return the names, of these subjects, of what is not as the import left it.

    What was altered later and put back, as by a later import and its undoing, is no edit: it
    is compared with its snapshot of then, and its parts with the rows that the journal says.
    """
    later = Change.objects.filter(pk__gt=job.last_change or 0).order_by("pk")
    named = later.values_list("subject_type", "subject_key").iterator()
    touched = [each for each in dict.fromkeys(named) if each in ours]
    edited = _moved(job, ours)
    for model in (Protocol, Organisation, Theme):
        name = str(model._meta.model_name)
        for some in batches([key for kind, key in touched if kind == name]):
            now = {str(key): each for key, each in snapshots_of(model, some).items()}
            then = _left(job, name, some)
            edited |= {
                (name, key) for key in some if not _are_alike(model, then.get(key), now.get(key))
            }
    return [name for subject, name in ours.items() if subject in edited]


def _are_alike(model: type[models.Model], then: Snapshot | None, now: Snapshot | None) -> bool:
    return then is not None and now is not None and not differences(model, then, now, private=True)


def _left(job: ImportJob, kind: str, keys: Sequence[str]) -> dict[str, Snapshot | None]:
    """Return the last snapshot of each subject when an import ended."""
    changes = Change.objects.filter(
        pk__lte=job.last_change, subject_type=kind, subject_key__in=keys
    )
    return dict(changes.order_by("pk").values_list("subject_key", "snapshot"))


def _moved(job: ImportJob, subjects: Collection[Subject]) -> set[Subject]:
    """Return those, of these subjects, of which a part is another row than the import left."""
    moved = set[Subject]()
    for kept in job.steps.values_list("steps", flat=True).iterator(chunk_size=1):
        parts: dict[str, list[Step]] = {}
        for step in read_steps(kept):
            if step.table not in WHOLE and subject_of(step) in subjects:
                parts.setdefault(step.table, []).append(step)
        for steps in parts.values():
            rows = stored_rows(steps)
            moved |= {
                subject_of(each)
                for each in steps
                if not matches_stored(each.back(), rows.get(each.key))
            }
    return moved


def subject_of(step: Step) -> Subject:
    """Return whose snapshot a step alters, as a change names it; no step of a theme is asked."""
    values = (step.before or {}) | (step.after or {})
    if step.table in {"protocol", "party"}:
        return "protocol", str(values.get("protocol_id", step.key))
    return "organisation", str(values.get("group_id") or values.get("organisation_id") or step.key)


def _refuse_gone(plan: ImportUndoPlan, done: _Done) -> None:
    """Refuse where a protocol cannot name again what it named before."""
    gone = set[str]()
    for model, pointing in done.before.items():
        there = set[int]()
        for some in batches(sorted(pointing)):
            there |= set(model._default_manager.filter(pk__in=some).values_list("pk", flat=True))
        for key in pointing.keys() - there:
            gone |= pointing[key]
    if gone:
        plan.refusals.append(GONE.format(which=some_of(sorted(gone))))


def some_of(names: list[str]) -> str:
    """Return names in words: the first ten, and how many more there are."""
    more = [f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
    return get_text_list([*names[:MOST_NAMED], *more], "and")


def undo_import(
    job: ImportJob, plan: ImportUndoPlan, *, at: datetime.datetime, by: User | None, why: str
) -> Iterator[int]:
    """Do what `plan` says, and give after each step how many protocols are done.

    The caller has locked what it concerns, and updates search with what was touched.
    Within a transaction.
    """
    drafts, public, number = set(plan.drafts), set(plan.withdrawn), 0
    for key in list(job.steps.order_by("-pk").values_list("pk", flat=True)):
        kept = read_steps(job.steps.values_list("steps", flat=True).get(pk=key))
        ours = [step for step in kept if step.table in {"protocol", "party"}]
        references = list(dict.fromkeys(subject_of(step)[1] for step in ours))
        with record_changes(Protocol, references, at=at, by=by, why=why):
            _put_back([step.back() for step in ours if step.before or step.table == "party"])
            _withdraw([each for each in references if each in public], at)
            _delete_drafts([each for each in references if each in drafts])
        number += len(references)
        yield number
    with record_changes(Organisation, sorted(plan.named), at=at, by=by, why=why):
        apply_steps(plan.steps)
    for some in batches(sorted(plan.organisations)):
        with record_changes(Organisation, some, at=at, by=by, why=why):
            Organisation.objects.filter(pk__in=some).delete()
    for theme in Theme.objects.filter(pk__in=plan.themes):
        with record_change(theme, at=at, by=by, why=why):
            remove(theme)


def _put_back(steps: list[Step]) -> None:
    """Put protocols that were there, and their parties, back to what they were."""
    made = [step for step in steps if step.kind == "made"]
    altered = [step for step in steps if step.kind == "altered"]
    leads = [step for step in altered if (step.after or {}).get("role") == Party.Role.LEAD]
    # First what makes room: a protocol has one lead at most.
    apply_steps(step for step in steps if step.kind == "removed")
    for some in ([step for step in altered if step not in leads], leads, made):
        apply_steps(sorted(some, key=lambda step: step.table))


def _withdraw(references: list[str], at: datetime.datetime) -> None:
    values = withdrawn(on=timezone.localdate(at), reason=IMPORTED_BY_MISTAKE)
    rows = list(Protocol.objects.filter(pk__in=references))
    for protocol in rows:
        for name, value in values.items():
            setattr(protocol, name, value)
    columns = [MODEL_FIELDS[name].attname for name in values]
    update_rows([(protocol, columns) for protocol in rows], check=True)


def _delete_drafts(references: list[str]) -> None:
    used = [UsedReference(reference=each) for each in references]
    UsedReference.objects.bulk_create(used, ignore_conflicts=True)
    Protocol.objects.filter(pk__in=references).delete()
