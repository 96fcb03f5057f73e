"""A pasted list of names becomes members of a group: read, checked, and then applied as shown.

Nothing is written unless every name of the list is known.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers import changes
from registers.changes.locking import PLAN_CHANGED, batches, lock_one, plan_digest
from registers.imports.party_list import likely_organisations
from registers.models import Membership, Name, Organisation, Slug
from registers.models.keys import key_of, slug_of

MOST_LINES = 5_000
TOO_MANY = "Paste no more than {most:,} names at a time. There are {number:,}."
NO_NAMES = "Enter at least one name."
ENDS_BEFORE = "The last day must not be before the first day."


@dataclass(frozen=True, kw_only=True)
class UnknownLine:
    """A line that is no name of an organisation, its number, and organisations of a like name."""

    number: int
    text: str
    suggestions: list[Organisation]


@dataclass(frozen=True, kw_only=True)
class MemberPlan:
    """What a pasted list would do.

    `members` are to be added. `already` are memberships of the same time that are there,
    and stay. `repeated` are lines that name an organisation of an earlier line. `refused` are
    sentences; with one of these, or an unknown line, nothing can be applied.
    """

    group: Organisation
    from_day: datetime.date | None
    to_day: datetime.date | None
    source: str
    members: list[Organisation] = field(default_factory=list)
    already: list[Membership] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unknown: list[UnknownLine] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def is_possible(self) -> bool:
        """Whether it can be applied."""
        return bool(self.members) and not self.unknown and not self.refused

    @cached_property
    def digest(self) -> str:
        """The digest of what it would write, for a preview to carry."""
        days = [day and day.isoformat() for day in (self.from_day, self.to_day)]
        return plan_digest([self.group.pk, *days, self.source, [each.pk for each in self.members]])


def plan_members(
    group: Organisation,
    text: str,
    *,
    from_day: datetime.date | None = None,
    to_day: datetime.date | None = None,
    source: str = "",
) -> MemberPlan:
    """Return what pasting `text`, a name on each line, would do. Nothing is kept.

    A name is any of an organisation's names, or the end of its address. Raises
    ValidationError for no names or too many, and for days in the wrong order.
    """
    lines = {
        number: " ".join(line.split())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    }
    if not lines:
        raise ValidationError({"names": NO_NAMES})
    if len(lines) > MOST_LINES:
        raise ValidationError({"names": TOO_MANY.format(most=MOST_LINES, number=len(lines))})
    if from_day and to_day and to_day < from_day:
        raise ValidationError({"to_day": ENDS_BEFORE})
    plan = MemberPlan(group=group, from_day=from_day, to_day=to_day, source=source)
    found = _organisations(lines.values())
    there = _members_at(group, from_day, to_day)
    seen: set[int] = set()
    unknown = []
    for number, line in lines.items():
        organisation = found.get(line)
        if organisation is None:
            unknown.append((number, line))
        elif organisation.pk in seen:
            plan.repeated.append(line)
        elif organisation.pk in there:
            plan.already.append(there[organisation.pk])
        else:
            plan.refused.extend(_refusals(plan, organisation))
            plan.members.append(organisation)
        if organisation is not None:
            seen.add(organisation.pk)
    plan.unknown.extend(_with_suggestions(unknown))
    return plan


def add_members(
    plan: MemberPlan,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    expected_digest: str | None = None,
) -> int:
    """Add the members of a plan as one official change of the group; return how many.

    Raises ValidationError where it cannot be done, or where something else would happen
    than the plan with `expected_digest`; then nothing is kept.
    """
    group = plan.group
    with changes.record_change(group, at=at, by=by, why=why):
        locked = lock_one(group)
        there = _members_at(group, plan.from_day, plan.to_day)
        if (
            locked is None
            or any(each.pk in there for each in plan.members)
            or expected_digest not in {None, plan.digest}
        ):
            raise ValidationError(PLAN_CHANGED)
        days = {"from_day": plan.from_day, "to_day": plan.to_day, "source": plan.source}
        rows = [Membership(group=group, member=each, **days) for each in plan.members]
        changes.write_members(group, add=rows)
    return len(rows)


def _organisations(lines: Collection[str]) -> dict[str, Organisation]:
    """Return the organisation that each line names, where there is one."""
    by_key: dict[str, list[str]] = {}
    for line in lines:
        by_key.setdefault(key_of(line), []).append(line)
    found: dict[str, Organisation] = {}
    for some in batches(list(by_key)):
        names = Name.objects.filter(key__in=some).select_related("organisation").order_by()
        for name in names:
            found |= dict.fromkeys(by_key[name.key], name.organisation)
    by_slug: dict[str, list[str]] = {}
    for line in lines:
        if line not in found:
            by_slug.setdefault(slug_of(line), []).append(line)
    for some in batches(list(by_slug)):
        for slug in Slug.objects.filter(text__in=some).select_related("organisation"):
            found |= dict.fromkeys(by_slug[slug.text], slug.organisation)
    return found


def _members_at(
    group: Organisation, from_day: datetime.date | None, to_day: datetime.date | None
) -> dict[int, Membership]:
    """Return the memberships of some part of these days, by their members' keys."""
    rows = group.members.select_related("member").order_by("-from_day")
    return {
        row.member_id: row
        for row in rows
        if not (from_day and row.to_day and row.to_day < from_day)
        and not (to_day and row.from_day and row.from_day > to_day)
    }


def _refusals(plan: MemberPlan, member: Organisation) -> list[str]:
    """Return why `member` cannot be one of the group: only a group can stand in a ring."""
    if member.pk == plan.group.pk or member.kind == Organisation.Kind.GROUP:
        days = {"from_day": plan.from_day, "to_day": plan.to_day}
        row = Membership(group=plan.group, member=member, **days)
        try:
            row.clean()
            row.validate_constraints()
        except ValidationError as refusal:
            return [f"{member}: {sentence}" for sentence in refusal.messages]
    return []


def _with_suggestions(unknown: Sequence[tuple[int, str]]) -> list[UnknownLine]:
    """Return the unknown lines, the first of them with organisations of a like name."""
    likely = likely_organisations(text for _, text in unknown)
    return [
        UnknownLine(number=number, text=text, suggestions=likely.get(text, []))
        for number, text in unknown
    ]
