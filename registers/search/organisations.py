"""Organisations in the order of the alphabet, each with its names, its counts, what it became."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from registers.models import Name, Organisation, Succession
from registers.search.index import Index
from registers.search.parts import Counts, counts_by_role

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
