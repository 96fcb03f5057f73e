"""Which protocols do these words find? A plain match: every word must occur somewhere."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, Value, When

from registers.models import Party
from registers.models.protocol_queryset import ProtocolQuerySet
from registers.models.words import key_of


def search(protocols: ProtocolQuerySet, words: str) -> ProtocolQuerySet:
    """Keep the protocols in which each of `words` occurs, without regard to case.

    It may occur in the reference, the title, the purpose, any name of any
    party's organisation, or the name as published.
    """
    for word in words.split():
        named = Party.objects.filter(
            Q(organisation__names__key__contains=key_of(word))
            | Q(name_as_published__icontains=word)
        )
        protocols = protocols.filter(
            Q(reference__contains=word)
            | Q(title__icontains=word)
            | Q(purpose__icontains=word)
            | Q(pk__in=named.values("protocol"))
        )
    return protocols


def by_relevance(protocols: ProtocolQuerySet, words: str) -> ProtocolQuerySet:
    """Order by where `words` were found: reference, then title, then anywhere else."""
    rank = Case(
        When(reference=words.strip(), then=Value(0)),
        When(title__icontains=words.strip(), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return protocols.order_by(rank, "reference")
