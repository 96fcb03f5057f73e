"""One organisation's part in protocols: what it leads, what it is a partner in, how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registers.finding.found import Found, urgency
from registers.finding.index import Index
from registers.models import Organisation, Party, Protocol


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The current protocols of an organisation by its role, the most urgent first, and counts.

    The lists may be cut short; the counts never are. `withdrawn` counts those
    no longer in force, whatever the role.
    """

    leads: list[Protocol]
    partner_in: list[Protocol]
    lead_count: int
    partner_count: int
    current: int
    withdrawn: int


def parts_of(index: Index, organisation: Organisation, *, most: int) -> Parts:
    """Return its parts, of the `most` most urgent protocols."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    named = index.of_organisations([organisation.pk])
    protocols = Found(index, named & current, urgency(index))[:most]

    def in_role(role: str) -> list[Protocol]:
        part = (organisation.pk, role)
        return [
            p for p in protocols if part in {(q.organisation_id, q.role) for q in p.parties.all()}
        ]

    def count(role: str) -> int:
        return int((index.of_organisations([organisation.pk], role) & current).sum())

    return Parts(
        leads=in_role(Party.Role.LEAD),
        partner_in=in_role(Party.Role.PARTNER),
        lead_count=count(Party.Role.LEAD),
        partner_count=count(Party.Role.PARTNER),
        current=int((named & current).sum()),
        withdrawn=int((named & index.in_status(Protocol.Status.WITHDRAWN)).sum()),
    )


def current_counts(index: Index) -> dict[int, int]:
    """Return the number of current protocols by the key of each organisation with a part in one."""
    numbers = index.by_organisation(index.in_status(Protocol.Status.PUBLISHED))
    return {int(key): int(numbers[key]) for key in np.flatnonzero(numbers)}
