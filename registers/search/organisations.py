"""Organisations A to Z, one organisation's part in protocols, and who shares with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from registers.models import Name, Organisation, Party, Protocol, Succession
from registers.search.index import NO_MONTH, Chosen, Index
from registers.search.rows import Found, Row, rows, urgency

KINDS = Name.Kind.values


@dataclass(frozen=True, kw_only=True)
class Line:
    """One organisation of a list. `names` are those that are not the official one, by kind."""

    organisation: Organisation
    names: list[Name]
    counts: Counts
    became: list[Succession]


def official_names(letter: str = "") -> QuerySet[Name]:
    """Return the official name of each that has any name beginning with `letter`, A to Z."""
    names = Name.objects.filter(key__startswith=letter.lower())
    return (
        Name.objects.filter(kind=Name.Kind.OFFICIAL, organisation__in=names.values("organisation"))
        .select_related("organisation")
        .order_by("key")
    )


def lines(official: QuerySet[Name], index: Index) -> Iterator[Line]:
    """Give a line for each of the official names: three queries, whatever their number."""
    keys = official.values("organisation")
    names: dict[int, list[Name]] = defaultdict(list)
    for name in Name.objects.filter(organisation__in=keys).exclude(kind=Name.Kind.OFFICIAL):
        names[name.organisation_id].append(name)
    became: dict[int, list[Succession]] = defaultdict(list)
    for each in Succession.objects.filter(organisation__in=keys).select_related("successor"):
        became[each.organisation_id].append(each)
    counts = counts_by_role(index)
    for name in official:
        key = name.organisation_id
        yield Line(
            organisation=name.organisation,
            names=sorted(names[key], key=lambda other: KINDS.index(other.kind)),
            counts=counts(key),
            became=became[key],
        )


LEADS_FIRST = (Party.Role.LEAD, Party.Role.PARTNER)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The current protocols of an organisation by its role, the most urgent first, and counts.

    A protocol in which it is both stands in both lists. The lists may be cut
    short; the counts never are. `withdrawn` counts those
    no longer in force, whatever the role.
    """

    leads: list[Row]
    partner_in: list[Row]
    lead_count: int
    partner_count: int
    current: int
    withdrawn: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """In how many current protocols an organisation has each part, and in how many any."""

    leads: int
    partner_in: int
    protocols: int


@dataclass(frozen=True, kw_only=True)
class Urgent:
    """Protocols in the order of urgency. The rows may be cut short; the count never is."""

    rows: list[Row]
    count: int


def most_urgent(index: Index, *several: Chosen, most: int) -> list[Urgent]:
    """Return the `most` most urgent of each choice. They are of one page, so brought at once."""
    found = [Found(index, chosen, urgency(index)) for chosen in several]
    shown = rows(index, *(each.places(0, most) for each in found))
    return [Urgent(rows=lines, count=len(each)) for each, lines in zip(found, shown, strict=True)]


def parts_of(index: Index, organisation: Organisation, *, most: int) -> Parts:
    """Return its parts, with the `most` most urgent protocols in each role."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    named = index.of_organisations([organisation.pk])

    leads, partner_in = most_urgent(
        index,
        *(index.of_organisations([organisation.pk], role) & current for role in LEADS_FIRST),
        most=most,
    )
    return Parts(
        leads=leads.rows,
        partner_in=partner_in.rows,
        lead_count=leads.count,
        partner_count=partner_in.count,
        current=int((named & current).sum()),
        withdrawn=int((named & index.in_status(Protocol.Status.WITHDRAWN)).sum()),
    )


def current_counts(index: Index) -> dict[int, int]:
    """Return the number of current protocols by the key of each organisation with a part in one."""
    numbers = index.by_organisation(index.in_status(Protocol.Status.PUBLISHED))
    return {int(key): int(numbers[key]) for key in np.flatnonzero(numbers)}


def counts_by_role(index: Index) -> Callable[[int], Counts]:
    """Return what gives, by the key of any organisation, what `parts_of` counts of it."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    numbers = [index.by_organisation(current, role) for role in (*LEADS_FIRST, "")]

    def of(key: int) -> Counts:
        leads, partner_in, protocols = (int(n[key]) if key < len(n) else 0 for n in numbers)
        return Counts(leads=leads, partner_in=partner_in, protocols=protocols)

    return of


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The protocols that name two organisations, those in force first, then by urgency.

    `current` counts those in force, `withdrawn` the others.
    """

    protocols: Found
    current: int
    withdrawn: int


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Those that share with an organisation, the most first; `count` is of all of them.

    Each carries `shared`, the number of protocols in force that name both.
    """

    organisations: list[Organisation]
    count: int


def shared_by(index: Index, one: Organisation, other: Organisation) -> Shared:
    """Return the public protocols that name both."""
    both = index.of_organisations([one.pk]) & index.of_organisations([other.pk]) & index.public
    withdrawn = index.in_status(Protocol.Status.WITHDRAWN)
    key = withdrawn * (NO_MONTH + 1) + urgency(index)
    return Shared(
        protocols=Found(index, both, key),
        current=int((both & ~withdrawn).sum()),
        withdrawn=int((both & withdrawn).sum()),
    )


def sharing_with(index: Index, organisation: Organisation, *, most: int) -> Sharing:
    """Return the `most` organisations that share with `organisation` in protocols in force."""
    current = index.of_organisations([organisation.pk]) & index.in_status(Protocol.Status.PUBLISHED)
    numbers = index.by_organisation(current)
    if organisation.pk < len(numbers):
        numbers[organisation.pk] = 0
    largest = np.argsort(-numbers, kind="stable")[:most]
    shared = {int(key): int(numbers[key]) for key in largest if numbers[key]}
    organisations = list(Organisation.objects.filter(pk__in=shared))
    for other in organisations:
        other.shared = shared[other.pk]  # type: ignore[attr-defined] # for the page alone
    return Sharing(
        organisations=sorted(organisations, key=lambda each: (-shared[each.pk], each.name.lower())),
        count=int(np.count_nonzero(numbers)),
    )
