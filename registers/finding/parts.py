"""One organisation's part in protocols: what it leads, what it is a partner in, how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registers.finding.found import Found, Row, rows
from registers.finding.index import Index
from registers.finding.orders import urgency
from registers.models import Organisation, Party, Protocol


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


def parts_of(index: Index, organisation: Organisation, *, most: int) -> Parts:
    """Return its parts, with the `most` most urgent protocols in each role."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    named = index.of_organisations([organisation.pk])

    def in_role(role: str) -> Found:
        chosen = index.of_organisations([organisation.pk], role) & current
        return Found(index, chosen, urgency(index))

    leads, partner_in = in_role(Party.Role.LEAD), in_role(Party.Role.PARTNER)
    leads_rows, partner_rows = rows(index, leads.places(0, most), partner_in.places(0, most))
    return Parts(
        leads=leads_rows,
        partner_in=partner_rows,
        lead_count=len(leads),
        partner_count=len(partner_in),
        current=int((named & current).sum()),
        withdrawn=int((named & index.in_status(Protocol.Status.WITHDRAWN)).sum()),
    )


def current_counts(index: Index) -> dict[int, int]:
    """Return the number of current protocols by the key of each organisation with a part in one."""
    numbers = index.by_organisation(index.in_status(Protocol.Status.PUBLISHED))
    return {int(key): int(numbers[key]) for key in np.flatnonzero(numbers)}
