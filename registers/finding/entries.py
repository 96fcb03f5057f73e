"""The search entries of public protocols: written with each change, or all afresh."""

from __future__ import annotations

from collections.abc import Collection

from registers.models import Protocol, RegisterVersion, SearchEntry


def publish(*, protocols: Collection[str], organisations: Collection[int]) -> int:
    """Move the register's version, and bring what search knows in step with it.

    `protocols` are the references of those that changed, or whose parties did;
    `organisations` the keys of those whose names did. Within a transaction.
    Returns the version's number.
    """
    number = RegisterVersion.move()
    for reference in Protocol.public.filter(pk__in=protocols).values_list("pk", flat=True):
        SearchEntry.objects.update_or_create(protocol_id=reference, defaults={"changed_in": number})
    return number
