"""Who belongs to which group, who took whose place, and who took what on, in a fictional county.

It is made after the protocols, so that nobody signs after its end, and draws from a
source of its own, so that nothing else depends on it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db.models import Q
from django.utils.text import slugify

from demo.organisations import WORDS, Cast, Parties
from demo.seed import New
from registers.models import Membership, Organisation, Party, Protocol, Succession, TakenOn

MOST_MEMBERS = 1_500
# One organisation for so many has one or several successors.
ORGANISATIONS_A_SUCCESSION = 24
# Of memberships: one of so many has a first day, has ended, or is to end.
HAS_BEGUN, HAS_ENDED, IS_TO_END = 4, 15, 40
YEARS = 6
FIRST_SPLIT, FIRST_TO_COME, FIRST_CHAIN = 0, 1, 5  # of each ten successions
TEN = 10
SOURCE = "The Exampleshire (Structural Changes) (Fictional) Order"
ENOUGH = 6  # protocols of the body that is split first, for some to be decided
ONE_DAY = datetime.timedelta(1)


def memberships(
    random: Random, cast: Cast, *, on: datetime.date, at: datetime.datetime
) -> Iterator[New]:
    """Give the members of each group: bodies of its kinds, and the smaller groups of them."""
    everybody = [*cast.regular, *cast.seldom]
    groups = [each for each in everybody if each.kind == Organisation.Kind.GROUP]
    county = [each for each in groups if each.name in dict(WORDS["groups"])]
    for rank, group in enumerate([*county, *(each for each in groups if each not in county)]):
        kinds = set(WORDS["members"][cast.kind(group)])
        fitting = [
            each
            for each in everybody
            if cast.kind(each) in kinds
            and (each.kind == Organisation.Kind.BODY or (group in county and each not in county))
        ]
        most = int(MOST_MEMBERS / (max(1, rank - len(county) + 1)) ** 0.5)
        for member in random.sample(fitting, min(most, len(fitting))):
            yield New(subject=_membership(random, group, member, on), at=at)


def _membership(
    random: Random, group: Organisation, member: Organisation, on: datetime.date
) -> Membership:
    row = Membership(group=group, member=member)
    begun = on - datetime.timedelta(random.randint(400, YEARS * 365))
    if not random.randrange(HAS_BEGUN):
        row.from_day = begun
    if not random.randrange(HAS_ENDED):
        row.to_day = on - datetime.timedelta(random.randint(1, 300))
    elif not random.randrange(IS_TO_END):
        row.to_day = on + datetime.timedelta(random.randint(30, 500))
    return row


@dataclass(frozen=True, kw_only=True)
class Later:
    """Successions of some bodies, and the new bodies that these were, or will be, split into."""

    new: list[New]
    successions: list[New]


def later_successions(
    random: Random, cast: Cast, parties: Parties, *, on: datetime.date, at: datetime.datetime
) -> Later:
    """Return successions of some of the bodies: splits, chains, and some on a day to come.

    The county council is to be split, and one that takes part in several protocols was.
    """
    known = {name for each in WORDS["became"] for name in (each["old"][0], each["new"])}
    bodies = [
        each
        for each in [*cast.regular, *cast.seldom]
        if each.kind == Organisation.Kind.BODY and each.name not in known
    ]
    wanted = max(3, len(bodies) // ORGANISATIONS_A_SUCCESSION)
    usual = [each for each in bodies[1:] if parties.times[each.name] >= ENOUGH]
    first = [min(usual, key=lambda each: parties.last_day[each.name])] if usual else []
    seldom = [each for each in cast.seldom if each in bodies and each not in first]
    going = [*first, bodies[0], *random.sample(seldom, min(wanted, len(seldom) // 2))]
    staying = [each for each in bodies if each not in going]
    gone: defaultdict[str, list[tuple[Organisation, datetime.date]]] = defaultdict(list)
    later = Later(new=[], successions=[])
    for number, organisation in enumerate(going):
        place = number % TEN
        day = _after(random, parties, organisation, on)
        if place == FIRST_TO_COME:
            day = on + datetime.timedelta(random.randint(90, 800))
        alike = [each for each in staying if cast.kind(each) == cast.kind(organisation)]
        if place in {FIRST_SPLIT, FIRST_TO_COME}:
            chosen = [_part_of(organisation, point) for point in ("North", "South")]
            later.new.extend(New(subject=each, at=at) for each in chosen)
        else:
            ended = [each for each, its in gone[cast.kind(organisation)] if its > day]
            alike = ended if ended and place == FIRST_CHAIN else alike
            chosen = random.sample(alike, min(1, len(alike)))
            gone[cast.kind(organisation)].append((organisation, day))
        for successor in chosen:
            row = Succession(organisation=organisation, successor=successor, happened_on=day)
            row.source = SOURCE if day > on else f"{SOURCE} {day.year}"
            later.successions.append(New(subject=row, at=at))
    return later


def _part_of(organisation: Organisation, point: str) -> Organisation:
    """Return a new body for a part of what another does."""
    name = f"{point} {organisation.name}"
    return Organisation(name=name, slug=slugify(name))


def _after(
    random: Random, parties: Parties, organisation: Organisation, on: datetime.date
) -> datetime.date:
    """Return a day after all that it took part in: in the past if there is one."""
    last = parties.last_day.get(organisation.name, on - datetime.timedelta(YEARS * 365))
    first = last + ONE_DAY
    days = (on - ONE_DAY - first).days
    return first + datetime.timedelta(random.randint(0, days)) if days > 0 else on + 30 * ONE_DAY


def memberships_of_parts(later: Later, at: datetime.datetime) -> Iterator[New]:
    """Give the new bodies their places in the groups of what was split; all else is stored."""
    new = {each.subject.pk for each in later.new}
    for each in later.successions:
        row: Any = each.subject
        if row.successor_id in new:
            day = row.happened_on
            belonged = Membership.objects.filter(
                Q(from_day=None) | Q(from_day__lt=day),
                Q(to_day=None) | Q(to_day__gte=day),
                member=row.organisation_id,
            )
            for had in belonged.order_by("pk"):
                part = Membership(group_id=had.group_id, member_id=row.successor_id)
                part.from_day, part.to_day = day, had.to_day
                yield New(subject=part, at=at)


def decisions(at: datetime.datetime) -> Iterator[New]:
    """Give who took on one of the protocols of each split body; all is stored.

    Those of a body that has only one stay undecided.
    """
    splits: dict[int, list[Succession]] = {}
    for row in Succession.objects.order_by("pk"):
        splits.setdefault(row.organisation_id, []).append(row)
    for key, rows in splits.items():
        if len(rows) > 1:
            parts = Party.objects.filter(
                organisation=key, protocol__status=Protocol.Status.PUBLISHED
            )
            for party in parts.order_by("protocol")[1:2]:
                row = TakenOn(
                    protocol_id=party.protocol_id,
                    predecessor_id=key,
                    successor_id=rows[0].successor_id,
                )
                yield New(subject=row, at=at)
