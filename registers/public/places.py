"""Who took, or will take, the places of the organisations that a protocol names."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registers.models import Organisation, Protocol, Succession, TakenOn
from registers.public.organisations import successions_with_parts
from registers.search.index import current_index


@dataclass(frozen=True, kw_only=True)
class Place:
    """What became of an organisation that a protocol names: who took its place, or will.

    `day` is that of all the successions, if it is one. After a split `taken_on` are those
    that are recorded to have taken the protocol on; `is_undecided` where nobody is.
    `in_place` are those at the end of a chain, where others than these stand in the place.
    """

    successions: list[Succession]
    day: datetime.date | None
    to_come: bool
    taken_on: list[Organisation]
    is_undecided: bool
    in_place: list[Organisation]


def add_places(protocol: Protocol, on: datetime.date) -> None:
    """Give each party of a protocol the attribute `places`, a list of Place, on the day `on`.

    One query; two if any of them has ended, one more if it was split, and one more if others
    than its first successors stand in its place.
    """
    named = {party.organisation_id for party in protocol.all_parties}
    by_organisation: dict[tuple[int, bool], list[Any]] = defaultdict(list)
    for each in successions_with_parts().filter(organisation__in=named):
        to_come = bool(each.happened_on and each.happened_on > on)
        by_organisation[each.organisation_id, to_come].append(each)
    taken_on: dict[int, list[Organisation]] = defaultdict(list)
    if any(each.parts > 1 for several in by_organisation.values() for each in several):
        decided = TakenOn.objects.in_force().filter(protocol=protocol.pk)
        for one in decided.select_related("successor"):
            taken_on[one.predecessor_id].append(one.successor)
    last = _ends_of_chains(protocol, by_organisation, taken_on, on)
    for party in protocol.all_parties:
        key = party.organisation_id
        party.places = [  # type: ignore[attr-defined] # for the template
            _place(
                by_organisation[key, to_come],
                taken_on[key],
                to_come=to_come,
                in_place=[] if to_come else last.get(key, []),
            )
            for to_come in (False, True)
            if (key, to_come) in by_organisation
        ]


def _ends_of_chains(
    protocol: Protocol,
    by_organisation: Mapping[tuple[int, bool], list[Any]],
    taken_on: Mapping[int, list[Organisation]],
    on: datetime.date,
) -> dict[int, list[Organisation]]:
    """Return who stands in each place on the day `on`, where the first successors do not."""
    standing: dict[int, set[int]] = {}
    links = current_index().links
    for (key, to_come), successions in by_organisation.items():
        if not to_come:
            keys = links.in_place_of(key, protocol.reference, on) - {key}
            decided = {each.pk for each in taken_on.get(key, ())}
            first = {each.successor_id for each in successions}
            if keys != (first & decided or first):
                standing[key] = keys
    keys = set[int]().union(*standing.values())
    known = list(Organisation.objects.filter(pk__in=keys).order_by("name")) if keys else []
    return {key: [each for each in known if each.pk in some] for key, some in standing.items()}


def _place(
    successions: list[Any],
    taken_on: list[Organisation],
    *,
    to_come: bool,
    in_place: list[Organisation],
) -> Place:
    days = {each.happened_on for each in successions}
    successors = {each.successor_id for each in successions}
    return Place(
        successions=successions,
        day=days.pop() if len(days) == 1 else None,
        to_come=to_come,
        taken_on=[each for each in taken_on if each.pk in successors],
        is_undecided=successions[0].parts > 1 and not taken_on,
        in_place=in_place,
    )
