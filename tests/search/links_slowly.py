"""What binds an organisation, worked out slowly and plainly: every way is walked, one by one.

Links are plain lists: successions (who, by whom, day or None), members (group,
member, first day or None, last day or None), and who took on which reference
(reference, who was split, by whom).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from registers.models import Membership, Succession, TakenOn

Links = dict[str, list[tuple[Any, ...]]]
DAY = datetime.timedelta(days=1)


def read_links() -> Links:
    """Every link, by slug."""
    return {
        "successions": list(
            Succession.objects.values_list("organisation__slug", "successor__slug", "happened_on")
        ),
        "members": list(
            Membership.objects.values_list("group__slug", "member__slug", "from_day", "to_day")
        ),
        "taken": list(
            TakenOn.objects.values_list("protocol", "predecessor__slug", "successor__slug")
        ),
    }


def sources(links: Links, organisation: Any, on: datetime.date, reference: str) -> dict[Any, bool]:
    """Each organisation whose part in the protocol binds this one; True: nobody decided it."""
    found: dict[Any, bool] = {}
    for source, undecided, _ in ways(links, reference, organisation, on, on, seen=()):
        found[source] = found.get(source, True) and undecided
    return found


def places_taken(links: Links, organisation: Any, on: datetime.date, reference: str) -> set[Any]:
    """Itself, and every body whose place in the protocol it took without doubt."""
    return {
        source
        for source, undecided, grouped in ways(links, reference, organisation, on, on, seen=())
        if not (undecided or grouped)
    }


def ways(
    links: Links,
    reference: str,
    organisation: Any,
    member_on: datetime.date,
    until: datetime.date,
    *,
    seen: tuple[Any, ...],
) -> Iterator[tuple[Any, bool, bool]]:
    """Every way from an organisation to what binds it, without going in a ring.

    Each says whether something on it is undecided, and whether it leads through a group.
    It belongs to its groups on `member_on`. What took place later among those groups
    does not count where it was gone by then: `until` is the last day of successions.
    """
    here = (organisation, member_on, until)
    if here in seen:
        return
    seen = (*seen, here)
    yield organisation, False, False
    for predecessor, successor, day in links["successions"]:
        if successor != organisation or (day and day > until):
            continue
        others = {by for who, by, _ in links["successions"] if who == predecessor}
        took = {
            by
            for which, who, by in links["taken"]
            if (which, who) == (reference, predecessor) and by in others
        }
        if len(others) > 1 and took and organisation not in took:
            continue
        undecided = len(others) > 1 and not took
        before = day - DAY if day else member_on
        for source, *of in ways(links, reference, predecessor, before, until, seen=seen):
            yield source, of[0] or undecided, of[1]
    for group, member, first, last in links["members"]:
        belongs = (not first or first <= member_on) and (not last or last >= member_on)
        if member == organisation and belongs:
            for source, doubt, _ in ways(links, reference, group, member_on, member_on, seen=seen):
                yield source, doubt, True


def binding(
    links: Links,
    protocol: dict[str, Any],
    organisation: Any,
    on: datetime.date,
    *,
    role: str = "",
    own: bool = False,
    decided: bool = False,
) -> set[Any]:
    """The sources through which one protocol binds an organisation, in a role or any.

    What a group leads, or a body whose place nobody knows who took, the others do not lead.
    """
    asked = links, organisation, on, protocol["reference"]
    through = {organisation: False} if own else sources(*asked)
    itself = {organisation} if own else places_taken(*asked)
    return {
        slug
        for slug, held in protocol["parts"]
        if slug in through and not (decided and through[slug])
        if not role or role == (held if slug in itself else "partner")
    }


def are_two_parties(one: set[Any], other: set[Any]) -> bool:
    """Whether two organisations, bound through these, are two different parties."""
    return bool(one) and bool(other) and len(one | other) > 1
