"""Record which successors took protocols on after an organisation was split."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers.changes.bulk_writes import create_rows, delete_rows
from registers.changes.locking import batches, lock_rows
from registers.changes.record import record_changes
from registers.changes.transaction import update_search_and_version
from registers.models import Organisation, Protocol, TakenOn
from registers.models.links import NO_SUCCESSOR

ONLY_PUBLIC = "A draft binds nobody yet, so nobody takes it on: {reference}."


def record_taken_on(
    predecessor: Organisation,
    references: Sequence[str],
    successors: Collection[Organisation],
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
) -> int:
    """Let `successors` have taken the protocols on from `predecessor`, and no other one of its.

    With none of them, nobody decided. Each protocol that changes gets an official change.
    Returns how many protocols there are of `references`. Raises ValidationError where one is no
    successor, or a protocol is a draft; then nothing is kept.
    """
    with update_search_and_version(savepoint=True) as touched:
        touched.links = True
        stored = set[str]()
        for some in batches(sorted(set(references))):
            for protocol in lock_rows(Protocol.objects.filter(pk__in=some).only("pk", "status")):
                if protocol.status == Protocol.Status.DRAFT:
                    raise ValidationError(ONLY_PUBLIC.format(reference=protocol.pk))
                stored.add(protocol.pk)
        known = set(predecessor.successions.values_list("successor", flat=True))
        for successor in successors:
            if successor.pk not in known:
                raise ValidationError(
                    NO_SUCCESSOR.format(predecessor=predecessor, successor=successor)
                )
        with record_changes(Protocol, sorted(stored), at=at, by=by, why=why) as every:
            for some in batches(every):
                _write(predecessor, some, {each.pk for each in successors})
    return len(stored)


def _write(predecessor: Organisation, references: Sequence[str], successors: set[int]) -> None:
    there = TakenOn.objects.filter(predecessor=predecessor, protocol__in=references)
    rows = {(row.protocol_id, row.successor_id): row for row in there.order_by()}
    wanted = {(reference, key) for reference in references for key in successors}
    delete_rows([row for key, row in rows.items() if key not in wanted])
    create_rows(
        [
            TakenOn(protocol_id=reference, predecessor=predecessor, successor_id=key)
            for reference, key in sorted(wanted - rows.keys())
        ]
    )
