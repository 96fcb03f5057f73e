"""Two organisations that are one become one; a name that was joined by mistake is split off."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers.changes.journal import Step, apply_steps, update_step
from registers.changes.locking import PLAN_CHANGED, lock_organisations, plan_digest
from registers.changes.merge_plan import MergeSteps
from registers.changes.record import record_change, record_changes
from registers.changes.transaction import update_search_and_version
from registers.changes.writes import free_slug
from registers.models import Apart, Merge, Name, Organisation, Party, Protocol, Slug
from registers.models.keys import slug_of

ITSELF = "An organisation cannot be merged into itself."
NOT_HERE = "One of the two is not in this register any more. Somebody may have merged it."
# What the official name of the one that goes can become.
KINDS_OF_NAME = [one for one in Name.Kind if one != Name.Kind.OFFICIAL]


@dataclass(frozen=True, kw_only=True)
class MergePlan:
    """What a merge would do, row by row, and sentences that warn of what is not obvious."""

    stays: Organisation
    goes: Organisation
    kind_of_name: str
    steps: list[Step]
    warnings: list[str]

    @property
    def digest(self) -> str:
        """The digest of the plan, for a preview to carry."""
        return steps_digest([self.stays.pk, self.goes.pk], self.steps)


def plan_merge(
    stays: Organisation, goes: Organisation, *, kind_of_name: str = Name.Kind.ALIAS
) -> MergePlan:
    """Say what merging `goes` into `stays` would do. Nothing is kept.

    `kind_of_name` is what the official name of `goes` becomes among the names
    of `stays`. Raises ValidationError, by field, where it cannot be done.
    """
    if stays.pk == goes.pk:
        raise ValidationError({"other": ITSELF})
    if kind_of_name not in KINDS_OF_NAME:
        raise ValidationError(
            {"kind_of_name": "Select what the other organisation’s name becomes."}
        )
    warnings = []
    if stays.kind != goes.kind:
        warnings.append(
            f"{goes} is {_kind(goes)}, and {stays} is {_kind(stays)}. Are they the same?"
        )
    moving = MergeSteps(stays=stays, goes=goes, kind_of_name=kind_of_name)
    steps = list(moving.steps())
    return MergePlan(
        stays=stays,
        goes=goes,
        kind_of_name=kind_of_name,
        steps=steps,
        warnings=[*warnings, *moving.notes],
    )


def merge(
    stays: Organisation,
    goes: Organisation,
    *,
    kind_of_name: str = Name.Kind.ALIAS,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    expected_digest: str | None = None,
) -> Merge:
    """Merge `goes` into `stays`, and return what is kept of it.

    All that belongs to `goes` moves: parties, names, addresses, approvers,
    contact, successions, members and groups, reminders, changes. Then its row is gone.
    Each public protocol and organisation whose parts change gets an official change, and so
    does `stays`.
    Raises ValidationError where it cannot be done, or where something else
    would happen than the plan with `expected_digest`; then nothing is kept.
    """
    if stays.pk == goes.pk:
        raise ValidationError({"other": ITSELF})
    with update_search_and_version() as touched:
        held = lock_organisations([stays.pk, goes.pk])
        if len(held) < 2:  # noqa: PLR2004 (the two)
            raise ValidationError(NOT_HERE)
        stays, goes = held[stays.pk], held[goes.pk]
        plan = plan_merge(stays, goes, kind_of_name=kind_of_name)
        if expected_digest not in {None, plan.digest}:
            raise ValidationError(PLAN_CHANGED)
        name, key = goes.name, goes.pk
        touched.organisations.update([stays.pk, key])
        touched.links = True
        touched.succeeded.add(stays.pk)
        touched.groups.add(stays.pk)
        reason = reason_with(
            f"{name} was merged with {stays.name}: they are one organisation.", why
        )
        event = f"Merged with {name}: they are one organisation."
        others = others_of(plan.steps, stays.pk, key)
        with (
            record_change(goes, at=at, by=by, why=why, official=False),
            record_change(stays, at=at, by=by, why=why, event=event) as recorded,
            record_changes(Organisation, others, at=at, by=by, why=reason),
            record_changes(Protocol, protocols_of(plan.steps), at=at, by=by, why=reason),
        ):
            apply_steps(plan.steps)
        return Merge.objects.create(
            stays_key=stays.pk,
            gone_key=key,
            gone_name=name,
            moved={"steps": [step.to_json() for step in plan.steps]},
            change=recorded.change,
        )


def protocols_of(steps: Iterable[Step]) -> list[str]:
    """Return the references of the protocols whose parts the steps touch, in order."""
    tables = {"party", "takenon"}
    rows = (step.after or step.before or {} for step in steps if step.table in tables)
    return sorted({row["protocol_id"] for row in rows})


def others_of(steps: Iterable[Step], *but: int | None) -> list[int]:
    """Return the keys of the organisations, other than `but`, whose parts the steps touch."""
    owners = {"succession": "organisation_id", "membership": "group_id"}
    found = {
        values[owners[step.table]]
        for step in steps
        if step.table in owners
        for values in (step.before, step.after)
        if values and owners[step.table] in values
    }
    return sorted(found.difference(but))


def reason_with(reason: str, why: str) -> str:
    """Return a reason followed by what an officer wrote."""
    return f"{reason} {why}".strip()


def steps_digest(about: Sequence[object], steps: Iterable[Step], more: Iterable[str] = ()) -> str:
    """Return the digest of steps, with what they are `about` and `more` that is shown."""
    return plan_digest([*about, [step.to_json() for step in steps], *more])


def _kind(organisation: Organisation) -> str:
    return organisation.get_kind_display().lower()


OFFICIAL_STAYS = (
    "This is the official name. Select another of its names, or rename the organisation."
)
NOT_ITS_NAME = "Choose one of the names of this organisation."
NOT_ITS_PARTS = "Choose among the parts of this organisation."
NEW = 0  # stands for the key that the new organisation is given when it is stored


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """What splitting a name off would do: the organisation that it becomes, and what moves."""

    organisation: Organisation
    new: Organisation
    parties: list[Party]
    steps: list[Step]

    @property
    def digest(self) -> str:
        """The digest of the plan, for a preview to carry."""
        said = [self.organisation.pk, self.new.name, self.new.slug, self.new.kind]
        return steps_digest(said, self.steps)


def plan_split(name: Name, parties: Collection[int]) -> SplitPlan:
    """Say what splitting `name` off would do, with the parts that have these keys.

    Nothing is kept. Raises ValidationError, by field, where it cannot be done.
    """
    organisation = name.organisation
    if name.kind == Name.Kind.OFFICIAL:
        raise ValidationError({"name": OFFICIAL_STAYS})
    moving = list(
        Party.objects.filter(organisation=organisation, pk__in=parties)
        .select_related("protocol")
        .order_by("protocol", "pk")
    )
    if len(moving) < len(set(parties)):
        raise ValidationError({"parties": NOT_ITS_PARTS})
    new = Organisation(name=name.text, kind=organisation.kind)
    slug = Slug.objects.filter(organisation=organisation, text=slug_of(name.text)).first()
    if slug is not None and slug.text == organisation.slug:
        slug = None
    new.slug = slug.text if slug else free_slug(new)
    steps = list(_steps(name, slug, moving))
    return SplitPlan(organisation=organisation, new=new, parties=moving, steps=steps)


def split(
    name: Name,
    *,
    parties: Collection[int] = (),
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    expected_digest: str | None = None,
) -> Organisation:
    """Make an organisation of `name`, with its address and the parts of these keys; return it.

    It is not suggested as a likely duplicate of the one that it came from.
    Raises ValidationError where it cannot be done, or where something else
    would happen than the plan with `expected_digest`; then nothing is kept.
    """
    with update_search_and_version() as touched:
        lock_organisations([name.organisation_id])
        stored = Name.objects.select_related("organisation").filter(pk=name.pk).first()
        if stored is None or stored.organisation_id != name.organisation_id:
            raise ValidationError({"name": NOT_ITS_NAME})
        plan = plan_split(stored, parties)
        if expected_digest not in {None, plan.digest}:
            raise ValidationError(PLAN_CHANGED)
        old, new = plan.organisation, plan.new
        reason = f"{new.name} was split off from {old.name}: they are two organisations."
        event = f"Split off from {old.name}: they are two organisations."
        with (
            record_change(old, at=at, by=by, why=why, event=reason),
            record_change(new, at=at, by=by, why=why, event=event),
            record_changes(
                Protocol, protocols_of(plan.steps), at=at, by=by, why=reason_with(reason, why)
            ),
        ):
            new.full_clean()
            new.save()
            apply_steps([_named(step, new.pk) for step in plan.steps])
            Slug.objects.get_or_create(text=new.slug, defaults={"organisation": new})
            Apart.objects.create(one=old, other=new)
        touched.organisations.update([old.pk, new.pk])
        touched.links = True
        return new


def _steps(name: Name, slug: Slug | None, parties: list[Party]) -> Iterator[Step]:
    official = Name.Kind.OFFICIAL
    yield update_step(name, organisation_id=NEW, kind=official, text=name.text)
    if slug:
        yield update_step(slug, organisation_id=NEW, text=slug.text)
    for party in parties:
        yield update_step(party, protocol_id=party.protocol_id, organisation_id=NEW)


def _named(step: Step, key: int) -> Step:
    """Return the step with the key of the organisation, now that it has one."""
    after = {**(step.after or {}), "organisation_id": key}
    return Step(table=step.table, key=step.key, before=step.before, after=after)


SAME_ORGANISATION = "These are the same organisation. Select two different ones."


def mark_not_duplicate(one: Organisation, other: Organisation) -> None:
    """Record that two organisations are not duplicates, so that they are not suggested again.

    It can be repeated. It is for editors alone, and no official change. Raises
    ValidationError for an organisation and itself.
    """
    if one.pk == other.pk:
        raise ValidationError(SAME_ORGANISATION)
    first, last = sorted([one, other], key=lambda each: each.pk)
    Apart.objects.get_or_create(one=first, other=last)


def unmark_not_duplicate(apart: Apart) -> None:
    """Delete the record: if they look alike, they are suggested again."""
    apart.delete()
