"""Organisations A to Z, the protocols of one, and who shares with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from registers.models import Identifier, Name, Organisation, Party, Protocol, Succession
from registers.search.index import NO_MONTH, Index, Mask
from registers.search.rows import ProtocolList, Row, earliest_review_first, make_rows

KINDS = Name.Kind.values


@dataclass(frozen=True, kw_only=True)
class OrganisationRow:
    """One organisation of a list. `names` are all but the official one, by kind.

    `source` is that of the official name.
    """

    organisation: Organisation
    source: str
    names: list[Name]
    identifiers: list[Identifier]
    counts: RoleCounts
    became: list[Succession]


def official_names(letter: str = "") -> QuerySet[Name]:
    """Return the official names of organisations with any name beginning with `letter`, A to Z."""
    names = Name.objects.filter(key__startswith=letter.lower())
    return (
        Name.objects.filter(kind=Name.Kind.OFFICIAL, organisation__in=names.values("organisation"))
        .select_related("organisation")
        .order_by("key")
    )


def organisation_rows(official: QuerySet[Name], index: Index) -> Iterator[OrganisationRow]:
    """Yield a row for each of the official names: four queries in all."""
    keys = official.values("organisation")
    names: dict[int, list[Name]] = defaultdict(list)
    for name in Name.objects.filter(organisation__in=keys).exclude(kind=Name.Kind.OFFICIAL):
        names[name.organisation_id].append(name)
    identifiers: dict[int, list[Identifier]] = defaultdict(list)
    for identifier in Identifier.objects.filter(organisation__in=keys):
        identifiers[identifier.organisation_id].append(identifier)
    became: dict[int, list[Succession]] = defaultdict(list)
    for each in Succession.objects.filter(organisation__in=keys).select_related("successor"):
        became[each.organisation_id].append(each)
    counts = counts_by_role(index)
    for name in official:
        key = name.organisation_id
        yield OrganisationRow(
            organisation=name.organisation,
            source=name.source,
            identifiers=identifiers[key],
            names=sorted(names[key], key=lambda other: KINDS.index(other.kind)),
            counts=counts(key),
            became=became[key],
        )


LEADS_FIRST = (Party.Role.LEAD, Party.Role.PARTNER)


@dataclass(frozen=True, kw_only=True)
class OrganisationProtocols:
    """The current protocols of an organisation by role, and counts.

    A protocol in which it has both roles is in both lists. `withdrawn` is the number
    of withdrawn protocols in any role.
    """

    leads: UrgentProtocols
    partner_in: UrgentProtocols
    current: int
    withdrawn: int


@dataclass(frozen=True, kw_only=True)
class RoleCounts:
    """The number of current protocols of an organisation by role, and in any role."""

    leads: int
    partner_in: int
    protocols: int


@dataclass(frozen=True, kw_only=True)
class UrgentProtocols:
    """Protocols, the most urgent first. The rows may be cut short; the count is complete."""

    rows: list[Row]
    count: int


def most_urgent(index: Index, *several: Mask, most: int) -> list[UrgentProtocols]:
    """Return the `most` most urgent protocols of each mask. All are fetched at once."""
    found = [ProtocolList(index, chosen, earliest_review_first(index)) for chosen in several]
    shown = make_rows(index, *(each.positions(0, most) for each in found))
    return [
        UrgentProtocols(rows=lines, count=len(each))
        for each, lines in zip(found, shown, strict=True)
    ]


def protocols_of(index: Index, organisation: Organisation, *, most: int) -> OrganisationProtocols:
    """Return the protocols of an organisation: the `most` most urgent ones in each role."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    named = index.of_organisations([organisation.pk])

    leads, partner_in = most_urgent(
        index,
        *(index.of_organisations([organisation.pk], role) & current for role in LEADS_FIRST),
        most=most,
    )
    return OrganisationProtocols(
        leads=leads,
        partner_in=partner_in,
        current=int((named & current).sum()),
        withdrawn=int((named & index.in_status(Protocol.Status.WITHDRAWN)).sum()),
    )


def current_counts(index: Index) -> dict[int, int]:
    """Return the number of current protocols by organisation id, without zeros."""
    numbers = index.count_by_organisation(index.in_status(Protocol.Status.PUBLISHED))
    return {int(key): int(numbers[key]) for key in np.flatnonzero(numbers)}


def counts_by_role(index: Index) -> Callable[[int], RoleCounts]:
    """Return a function from an organisation's id to its counts."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    numbers = [index.count_by_organisation(current, role) for role in (*LEADS_FIRST, "")]

    def of(key: int) -> RoleCounts:
        leads, partner_in, protocols = (int(n[key]) if key < len(n) else 0 for n in numbers)
        return RoleCounts(leads=leads, partner_in=partner_in, protocols=protocols)

    return of


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The protocols that name two organisations, those in force first, then by urgency.

    `current` is the number in force, `withdrawn` that of the others.
    """

    protocols: ProtocolList
    current: int
    withdrawn: int


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """The organisations that share with one, the most protocols first; `count` is of all of them.

    Each has an attribute `shared`, the number of protocols in force that name both.
    """

    organisations: list[Organisation]
    count: int


def shared_by(index: Index, one: Organisation, other: Organisation) -> Shared:
    """Return the public protocols that name both."""
    both = index.of_organisations([one.pk]) & index.of_organisations([other.pk]) & index.public
    withdrawn = index.in_status(Protocol.Status.WITHDRAWN)
    key = withdrawn * (NO_MONTH + 1) + earliest_review_first(index)
    return Shared(
        protocols=ProtocolList(index, both, key),
        current=int((both & ~withdrawn).sum()),
        withdrawn=int((both & withdrawn).sum()),
    )


def sharing_with(index: Index, organisation: Organisation, *, most: int) -> Sharing:
    """Return the `most` organisations that share with `organisation` in protocols in force."""
    current = index.of_organisations([organisation.pk]) & index.in_status(Protocol.Status.PUBLISHED)
    numbers = index.count_by_organisation(current)
    if organisation.pk < len(numbers):
        numbers[organisation.pk] = 0
    largest = np.argsort(-numbers, kind="stable")[:most]
    shared = {int(key): int(numbers[key]) for key in largest if numbers[key]}
    organisations = list(Organisation.objects.filter(pk__in=shared))
    for other in organisations:
        other.shared = shared[other.pk]  # type: ignore[attr-defined] # for the template
    return Sharing(
        organisations=sorted(organisations, key=lambda each: (-shared[each.pk], each.name.lower())),
        count=int(np.count_nonzero(numbers)),
    )
