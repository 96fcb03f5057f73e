"""Organisations A to Z, the protocols that bind one, and who is named together with whom.

What binds an organisation includes what does so through others. Counts agree with the
lists of `organisation` and `with` in the query string.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.db.models import QuerySet

from registers.models import Identifier, Name, Organisation, Party, Protocol, Succession
from registers.search.binding import ANY, OWN, Binding, Explanation
from registers.search.index import NO_MONTH, Index, Mask
from registers.search.reviews import OVERDUE, STATUSES, statuses_on
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


def organisation_rows(
    official: QuerySet[Name], index: Index, *, on: datetime.date
) -> Iterator[OrganisationRow]:
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
    counts = counts_by_role(index, on=on)
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


ANOTHER = "another"  # narrows what binds an organisation to what does so through another


@dataclass(frozen=True, kw_only=True)
class OrganisationProtocols:
    """What binds an organisation: numbers of protocols in force, and the list that is shown.

    `own` are those that name it itself, of which it leads `leads` and is a partner in
    `partner_in`; `another` are the rest of `current`. `overdue` is how many of `current` are
    overdue for review, `usual` the review status that most of them have, and `withdrawn` the
    number of all that are not in force.
    """

    current: int
    overdue: int
    usual: str
    own: int
    leads: int
    partner_in: int
    another: int
    withdrawn: int
    index: Index
    found: ProtocolList
    explanation: Explanation | None

    def rows(self, first: int, last: int) -> list[Row]:
        """Return the rows from `first` to before `last`, the most urgent review first."""
        positions = self.found.positions(first, last)
        (made,) = make_rows(self.index, positions, explanations=[self.explanation])
        return made


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


def most_urgent(
    index: Index, *several: Mask, most: int, explanations: Sequence[Explanation | None] = ()
) -> list[UrgentProtocols]:
    """Return the `most` most urgent protocols of each mask. All are fetched at once."""
    found = [ProtocolList(index, chosen, earliest_review_first(index)) for chosen in several]
    positions = (each.positions(0, most) for each in found)
    shown = make_rows(index, *positions, explanations=explanations)
    return [
        UrgentProtocols(rows=lines, count=len(each))
        for each, lines in zip(found, shown, strict=True)
    ]


def protocols_of(
    index: Index, organisation: Organisation, *, on: datetime.date, through: str = ANY
) -> OrganisationProtocols:
    """Return what binds an organisation on the day `on`. Each row says through what.

    The list is narrowed by `through`: 'own' to what names it itself, 'another' to the rest.
    Where all rows are in its own name, none says so.
    """
    binding = Binding(index, organisation.pk, on=on)
    current = index.in_status(Protocol.Status.PUBLISHED)
    leads, partner_in, own = (
        index.of_organisations([organisation.pk], role) & current for role in (*LEADS_FIRST, "")
    )
    bound = binding.mask() & current
    listed = {ANY: bound, OWN: own, ANOTHER: bound & ~own}
    statuses = np.bincount(statuses_on(index, on)[bound], minlength=len(STATUSES))
    return OrganisationProtocols(
        current=int(bound.sum()),
        overdue=int(statuses[OVERDUE]),
        usual=STATUSES[int(statuses.argmax())].value,
        own=int(own.sum()),
        leads=int(leads.sum()),
        partner_in=int(partner_in.sum()),
        another=int(listed[ANOTHER].sum()),
        withdrawn=int((binding.mask() & index.in_status(Protocol.Status.WITHDRAWN)).sum()),
        index=index,
        found=ProtocolList(index, listed[through], earliest_review_first(index)),
        explanation=None
        if np.array_equal(listed[through], own)
        else Explanation([binding], [organisation]),
    )


def number_named(index: Index) -> int:
    """Return how many organisations protocols in force name themselves."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    return int(np.count_nonzero(index.count_by_organisation(current)))


def counts_by_role(index: Index, *, on: datetime.date) -> Callable[[int], RoleCounts]:
    """Return a function from an organisation's id to its counts on the day `on`.

    The members of 200 groups can be 12,000: see `_BoundGroups`.
    """
    current = index.in_status(Protocol.Status.PUBLISHED)
    numbers = [index.count_by_organisation(current, role) for role in (*LEADS_FIRST, "")]
    groups = cache(lambda: _BoundGroups(index, current, on))  # not made for one outside groups

    def of(key: int) -> RoleCounts:
        if not index.links.are_known_of(key):
            leads, partner_in, protocols = (int(n[key]) if key < len(n) else 0 for n in numbers)
        elif key in index.links.predecessors:
            binding = Binding(index, key, on=on)
            led, taken = (binding.mask(role) & current for role in LEADS_FIRST)
            leads, partner_in, protocols = (
                int(np.count_nonzero(mask)) for mask in (led, taken, led | taken)
            )
        else:
            leads, partner_in, protocols = groups().counts(key)
        return RoleCounts(leads=leads, partner_in=partner_in, protocols=protocols)

    return of


class _BoundGroups:
    """What binds the members of groups on a day, among the protocols of the mask `current`.

    Most protocols bind the same few sets of groups, so they are counted set by set.
    """

    def __init__(self, index: Index, current: Mask, on: datetime.date) -> None:
        self.index, self.current, self.on = index, current, on
        self.columns = {int(key): turn for turn, key in enumerate(np.unique(index.links.group))}
        # A row of bits for each position: which groups its protocol binds.
        bits = np.zeros((index.size, len(self.columns) // 8 + 1), np.uint8)
        for key, column in self.columns.items():
            for part in Binding(index, key, on=on).parts():
                bits[part.positions, column // 8] |= 128 >> column % 8
        bits[~current] = 0
        rows, self.set_of, self.sizes = np.unique(
            bits.view(f"V{bits.shape[1]}").ravel(), return_inverse=True, return_counts=True
        )
        self.has = np.unpackbits(rows.view(np.uint8).reshape(len(rows), -1), axis=1).astype(bool)

    def counts(self, key: int) -> tuple[int, int, int]:
        """Return the counts of one that took nobody's place: leads, partner in, all."""
        columns = [
            self.columns[key] for key in self.index.links.groups_of(key, self.on.toordinal())
        ]
        through = self.has[:, columns].any(axis=1)
        several = int(self.sizes[through].sum())
        own = (self.index.positions_of(key, role) for role in LEADS_FIRST)
        led, taken = (each[self.current[each]] for each in own)
        new_led, new_taken = (each[~through[self.set_of[each]]] for each in (led, taken))
        new = len(np.union1d(new_led, new_taken))
        return len(led), several + len(new_taken), several + new


@dataclass(frozen=True, kw_only=True)
class Together:
    """What names two organisations as two parties, those in force first, then by urgency.

    `current` is the number in force, `withdrawn` that of the others; `bound` is how many in
    force bind each of the two, with whomever; `leads` is how many
    of those in force each of the two leads, without those that a group of it leads.
    `bound_alike` are protocols that bind both and do not count: through one party that they
    have in common, or through a split that nobody decided. `explanation.of(protocol)` says
    how one of either binds each of them.
    """

    protocols: ProtocolList
    current: int
    withdrawn: int
    bound: list[int]
    leads: list[int]
    bound_alike: ProtocolList
    explanation: Explanation


def named_together(
    index: Index, one: Organisation, other: Organisation, *, on: datetime.date
) -> Together:
    """Return the public protocols that two organisations are named in together on the day `on`."""
    bindings = [Binding(index, each.pk, on=on) for each in (one, other)]
    first, second = bindings
    named = first.named_with(second) & index.public
    alike = first.mask() & second.mask() & index.public & ~named
    in_force, withdrawn = (
        index.in_status(status) for status in (Protocol.Status.PUBLISHED, Protocol.Status.WITHDRAWN)
    )
    key = withdrawn * (NO_MONTH + 1) + earliest_review_first(index)
    return Together(
        protocols=ProtocolList(index, named, key),
        current=int((named & in_force).sum()),
        withdrawn=int((named & withdrawn).sum()),
        bound=[int((each.mask() & in_force).sum()) for each in bindings],
        leads=[int((each.mask(Party.Role.LEAD) & named & in_force).sum()) for each in bindings],
        bound_alike=ProtocolList(index, alike, key),
        explanation=Explanation(bindings, [one, other]),
    )


@dataclass(frozen=True, kw_only=True)
class NamedWith:
    """The organisations named together with one, the most protocols first; `count` is of all.

    Each has an attribute `shared`, the number of protocols in force that bind both as two
    parties, on whichever side through another. Who is named itself is among them, and who took
    the place of one that is; members of a group that is named are not. `own` is the number of
    those that it is named with in its own name: the length of its list of pairs. `is_plain`:
    each of the protocols counted names both.
    """

    organisations: list[Organisation]
    count: int
    own: int
    is_plain: bool

    @property
    def is_whole(self) -> bool:
        """Whether `organisations` are all that there are."""
        return self.count == len(self.organisations)


def named_with(
    index: Index, organisation: Organisation, *, on: datetime.date, most: int
) -> NamedWith:
    """Return the `most` organisations that protocols in force name together with this one.

    One that took another's place is on the list of those it is named with, and they on its own.
    """
    current = index.in_status(Protocol.Status.PUBLISHED)
    binding = Binding(index, organisation.pk, on=on)
    named = index.count_by_organisation(binding.decided() & current)
    # At most as many: exact where no link leads anywhere.
    numbers = index.links.limits(named).astype(int)
    numbers[organisation.pk : organisation.pk + 1] = 0
    own = index.count_by_organisation(index.of_organisations([organisation.pk]) & current)
    own[organisation.pk : organisation.pk + 1] = 0

    def exact(key: int) -> int:
        other = Binding(index, key, on=on)
        if not (binding.is_linked or other.is_linked):
            return int(numbers[key])
        return int((binding.named_with(other) & current).sum())

    # It is not named together with a source through which alone it is bound, and what nobody
    # decided after a split binds no heir for certain.
    for key in binding.sources() | set(index.links.predecessors):
        if key < len(numbers) and numbers[key]:
            numbers[key] = exact(key)
    largest = np.argsort(-numbers, kind="stable")[:most]
    shared = {int(key): exact(int(key)) for key in largest if numbers[key]}
    organisations = list(Organisation.objects.filter(pk__in=shared))
    for other in organisations:
        other.shared = shared[other.pk]  # type: ignore[attr-defined] # for the template
    return NamedWith(
        organisations=sorted(organisations, key=lambda each: (-shared[each.pk], each.name.lower())),
        count=int(np.count_nonzero(numbers)),
        own=int(np.count_nonzero(own)),
        is_plain=not any(map(index.links.are_known_of, (organisation.pk, *shared))),
    )
