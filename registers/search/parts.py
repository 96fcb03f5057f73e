"""One organisation's part in protocols: what it leads, what it is a partner in, how many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from registers.models import Organisation, Party, Protocol
from registers.search.index import Chosen, Index
from registers.search.orders import urgency
from registers.search.rows import Found, Row, rows

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
