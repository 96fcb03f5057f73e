"""A name that was joined to an organisation by mistake becomes an organisation of its own."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from registers.changes.many import official_changes
from registers.changes.merging import (
    because,
    hold,
    promise_of_steps,
    protocols_of,
    say_first,
)
from registers.changes.official import free_slug, official_change, published_at_its_end
from registers.changes.promises import OTHERWISE
from registers.changes.steps import Step, altered, do
from registers.models import Apart, Name, Organisation, Party, Protocol, Slug

OFFICIAL_STAYS = "This is the official name. Choose another of its names, or rename it."
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
    def promise(self) -> str:
        """A short text that differs as soon as anything of what would happen differs."""
        said = [self.organisation.pk, self.new.name, self.new.slug, self.new.kind]
        return promise_of_steps(said, self.steps)


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
    slug = Slug.objects.filter(organisation=organisation, text=slugify(name.text)).first()
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
    promised: str | None = None,
) -> Organisation:
    """Make an organisation of `name`, with its address and the parts of these keys; return it.

    It is not suggested as a likely duplicate of the one that it came from.
    Raises ValidationError where it cannot be done, or where something else
    would happen than what the `promised` plan said; then nothing is kept.
    """
    with published_at_its_end() as touched:
        hold([name.organisation_id])
        stored = Name.objects.select_related("organisation").filter(pk=name.pk).first()
        if stored is None or stored.organisation_id != name.organisation_id:
            raise ValidationError({"name": NOT_ITS_NAME})
        plan = plan_split(stored, parties)
        if promised not in {None, plan.promise}:
            raise ValidationError(OTHERWISE)
        old, new = plan.organisation, plan.new
        reason = f"{new.name} was split off from {old.name}: they are two organisations."
        with (
            official_change(old, at=at, by=by, why=why),
            official_change(new, at=at, by=by, why=why),
            official_changes(
                Protocol, protocols_of(plan.steps), at=at, by=by, why=because(reason, why)
            ),
        ):
            new.full_clean()
            new.save()
            do([_named(step, new.pk) for step in plan.steps], by=by)
            Slug.objects.get_or_create(text=new.slug, defaults={"organisation": new})
            Apart.objects.create(one=old, other=new)
        touched.organisations.update([old.pk, new.pk])
        say_first(old, reason)
        say_first(new, f"Split off from {old.name}: they are two organisations.", alone=True)
        return new


def _steps(name: Name, slug: Slug | None, parties: list[Party]) -> Iterator[Step]:
    official = Name.Kind.OFFICIAL
    yield altered(name, organisation_id=NEW, kind=official, text=name.text)
    if slug:
        yield altered(slug, organisation_id=NEW, text=slug.text)
    for party in parties:
        yield altered(party, protocol_id=party.protocol_id, organisation_id=NEW)


def _named(step: Step, key: int) -> Step:
    """Return the step with the key of the organisation, now that it has one."""
    after = {**(step.after or {}), "organisation_id": key}
    return Step(table=step.table, key=step.key, before=step.before, after=after)
