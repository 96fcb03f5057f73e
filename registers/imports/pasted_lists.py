"""Pasted lists of names: the partners as they signed, and the members of a group.

A list is read as a cell of a spreadsheet is, so the same names lead to the same organisations.
Members are checked first, then added as shown: nothing is written unless every name is known.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers import changes
from registers.changes.locking import PLAN_CHANGED, batches, lock_one, plan_digest
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.matching import Organisations, nearest_to
from registers.imports.spreadsheet.plan import Whom
from registers.imports.spreadsheet.public_text import LONGEST, TOO_LONG
from registers.imports.spreadsheet.split_names import (
    MOST_PIECES,
    Known,
    NameList,
    TooMany,
    TwoWays,
    as_in_cell,
    split_names,
)
from registers.models import ImportName, Membership, Organisation
from registers.models.keys import key_of

NOTHING = "Paste the list first: the names of the organisations, as they stand in the protocol."
BOTH = (
    "‘{}’ can be read as one organisation or as several. Write each on a line of its own, or the"
    " one by another of its names."
)
TOO_MANY = f"The list names more than {MOST_PIECES:,} organisations. Name a group of them instead."
SEPARATE = "‘{}…’: {} Write each name on a line of its own."
MOST_SUGGESTED = 50
SHOWN = 200  # characters of what is refused
LONGEST_NAME = LONGEST[ImportName.Kind.ORGANISATION]


@dataclass(frozen=True, kw_only=True)
class NamedParty:
    """One organisation of a list: as it is written, its note, and who it is.

    `whom` is the primary key of an organisation of the register, or else the name's key;
    `official` is the official name, or empty.
    """

    written: str
    note: str
    whom: Whom
    official: str = ""


@dataclass(frozen=True, kw_only=True)
class PartyList:
    """The organisations of a list, none twice, and what was named once more.

    `wrapped` are names that nobody knows, in two lines that were read as one. `has_more` says
    whether others take part too, by the words at its end.
    """

    parties: list[NamedParty]
    repeated: list[str]
    wrapped: list[str]
    has_more: bool


def read_party_list(text: str, organisations: Organisations) -> PartyList:
    """Return who is named in `text`. Of one named twice, both notes are kept.

    Raises ValidationError for a list without names, for words that can be read in two
    ways, and for what is too long.
    """
    text = "\n".join(text.splitlines())
    found = _split(text, organisations.is_known)
    if not found.pieces:
        raise ValidationError(NOTHING)
    by_whom: dict[Whom, NamedParty] = {}
    repeated = []
    for piece in found.pieces:
        # A name that goes on in the next line is one all the same.
        written, note = " ".join(piece.written.split()), " ".join(piece.note.split())
        if len(written) > LONGEST_NAME:
            raise ValidationError(SEPARATE.format(written[:60], TOO_LONG.format(LONGEST_NAME)))
        match = organisations.match(written)
        whom = match.whom if match.whom is not None else key_of(written)
        party = NamedParty(written=written, note=note, whom=whom, official=match.becomes)
        if before := by_whom.get(whom):
            repeated.append(written)
            notes = dict.fromkeys(filter(None, (before.note, note)))
            party = replace(before, note="; ".join(notes))
        by_whom[whom] = party
    parties = list(by_whom.values())
    unknown = [each.written for each in parties if not each.official]
    wrapped = [each for each in unknown if "\n" in as_in_cell(each, text)]
    return PartyList(parties=parties, repeated=repeated, wrapped=wrapped, has_more=found.has_more)


def likely_organisations(written: Iterable[str]) -> dict[str, list[Organisation]]:
    """Return organisations of a like name, the likest first, by what is written.

    None beyond the first names, since looking takes long in a large register.
    """
    first = dict.fromkeys(islice(written, MOST_SUGGESTED))
    if not first:
        return {}
    nearest = nearest_to(ImportName.Kind.ORGANISATION)
    names = {each: nearest(each) for each in first}
    found = Organisation.objects.filter(name__in={name for some in names.values() for name in some})
    by_name = {each.name: each for each in found}
    return {
        each: [by_name[name] for name in some if name in by_name] for each, some in names.items()
    }


def read_all() -> Organisations:
    """Return every name by which an organisation is known."""
    return Organisations(Choices())


def _split(text: str, known: Known) -> NameList:
    try:
        return split_names(text, own=False, known=known)
    except TooMany:
        raise ValidationError(TOO_MANY) from None
    except TwoWays:
        raise ValidationError(BOTH.format(_in_two_ways(text, known)[:SHOWN])) from None


def _in_two_ways(text: str, known: Known) -> str:
    """Return the first line that can be read in two ways, or the whole text."""
    for line in text.splitlines():
        try:
            split_names(line, own=False, known=known)
        except TwoWays:
            return line.strip()
    return text.strip()


MOST_LINES = 5_000
TOO_MANY_LINES = "Paste no more than {most:,} names at a time. There are {number:,}."
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

    Each is matched as a name in a spreadsheet is. Raises ValidationError for no names or too
    many, and for days in the wrong order.
    """
    lines = {
        number: " ".join(line.split())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    }
    if not lines:
        raise ValidationError({"names": NO_NAMES})
    if len(lines) > MOST_LINES:
        raise ValidationError({"names": TOO_MANY_LINES.format(most=MOST_LINES, number=len(lines))})
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
    known = read_all()
    whom = {line: known.match(line).whom for line in set(lines)}
    found: dict[Any, Organisation] = {}
    for some in batches([key for key in whom.values() if isinstance(key, int)]):
        found |= Organisation.objects.in_bulk(some)
    return {line: found[key] for line, key in whom.items() if key in found}


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
