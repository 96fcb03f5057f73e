"""Who shares with whom."""

from __future__ import annotations

from django.db.models import Count
from django.db.models.functions import Lower

from registers.models import Organisation, Protocol
from registers.models.protocol_queryset import URGENCY, ProtocolQuerySet


def shared_by(one: Organisation, other: Organisation) -> ProtocolQuerySet:
    """Return the public protocols that name both, those in force first, then by urgency."""
    return Protocol.public.get_queryset().shared_by(one, other).order_by("status", URGENCY, "pk")


def sharing_with(organisation: Organisation) -> list[Organisation]:
    """Return those that stand in a current protocol with `organisation`, the most first.

    Each carries `shared`, the number of those protocols.
    """
    current = Protocol.public.current().of_organisations([organisation])
    return list(
        Organisation.objects.exclude(pk=organisation.pk)
        .filter(parties__protocol__in=current)
        .annotate(shared=Count("parties__protocol", distinct=True))
        .order_by("-shared", Lower("name"))
    )
