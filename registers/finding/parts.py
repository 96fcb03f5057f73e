"""One organisation's part in protocols: what it leads, what it is a partner in, how many."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from registers.models import Organisation, Party, Protocol
from registers.models.protocol_queryset import URGENCY


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


def parts_of(organisation: Organisation, *, most: int) -> Parts:
    """Return its parts, of the `most` most urgent protocols: three queries."""
    protocols = list(
        Protocol.public.current()
        .of_organisations([organisation])
        .select_related("theme")
        .with_parties()
        .order_by(URGENCY, "reference")[:most]
    )

    def in_role(role: str) -> list[Protocol]:
        part = (organisation.pk, role)
        return [
            p for p in protocols if part in {(q.organisation_id, q.role) for q in p.parties.all()}
        ]

    published = Q(protocol__status=Protocol.Status.PUBLISHED)
    withdrawn = Q(protocol__status=Protocol.Status.WITHDRAWN)
    return Parts(
        leads=in_role(Party.Role.LEAD),
        partner_in=in_role(Party.Role.PARTNER),
        **Party.objects.filter(organisation=organisation).aggregate(
            lead_count=Count("protocol", filter=published & Q(role=Party.Role.LEAD)),
            partner_count=Count("protocol", filter=published & Q(role=Party.Role.PARTNER)),
            current=Count("protocol", filter=published, distinct=True),
            withdrawn=Count("protocol", filter=withdrawn, distinct=True),
        ),
    )
