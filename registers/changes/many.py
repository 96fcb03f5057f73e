"""Official changes of many protocols whose parties move at once, as `official_change` makes one.

A merge may touch thousands of protocols. Their parties are all that changes in
them: so what they say before and after is read for many at once.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.utils import timezone
from simple_history.utils import bulk_update_with_history

from registers.changes.official import published_at_its_end
from registers.formats.record import Record, records_of
from registers.formats.statement import Statement, parties_said, what_changed
from registers.models import Change, Party, Protocol

BATCH = 500


@contextmanager
def parties_change(
    references: Sequence[str], *, at: datetime.datetime, by: User | None, why: str
) -> Iterator[None]:
    """Tell what changes within in the parties of these protocols: a change for each, or nothing.

    A draft is told of to nobody. Within a transaction.
    """
    with published_at_its_end() as touched:
        touched.protocols.update(references)
        before = _said(references)
        _record_first_states(references)
        yield
        for start in range(0, len(references), BATCH):
            _tell(references[start : start + BATCH], before, at=at, by=by, why=why)


def _said(references: Sequence[str]) -> dict[str, Statement]:
    """Return what each public protocol says of its parties."""
    said: dict[str, Statement] = {}
    for start in range(0, len(references), BATCH):
        some = references[start : start + BATCH]
        parties = defaultdict(list)
        of_these = Party.objects.filter(protocol__in=some).select_related("organisation")
        for party in of_these:
            parties[party.protocol_id].append(party)
        public = Protocol.public.filter(pk__in=some).values_list("pk", flat=True)
        said |= {reference: parties_said(parties[reference]) for reference in public}
    return said


def _record_first_states(references: Sequence[str]) -> None:
    """Keep what each says before, with a last change that kept no record."""
    for start in range(0, len(references), BATCH):
        some = references[start : start + BATCH]
        # The oldest first, so that the last of each is what stays.
        changes = Change.objects.filter(protocol__in=some).order_by("made_at", "pk")
        last = dict(changes.values_list("protocol", "pk"))
        bare = list(Change.objects.filter(pk__in=last.values(), record__isnull=True))
        records = _records([str(change.protocol_id) for change in bare])
        for change in bare:
            change.record = records.get(str(change.protocol_id))
        Change.objects.bulk_update(bare, ["record"], batch_size=BATCH)


def _records(references: Sequence[str]) -> dict[str, Record]:
    return records_of(list(Protocol.objects.filter(pk__in=references).only("pk")))


def _tell(
    references: Sequence[str],
    before: dict[str, Statement],
    *,
    at: datetime.datetime,
    by: User | None,
    why: str,
) -> None:
    after = _said(references)
    differ = [each for each in references if after.get(each) != before.get(each)]
    protocols = list(Protocol.objects.filter(pk__in=differ))
    for protocol in protocols:
        protocol.updated_on = timezone.localdate(at)
    bulk_update_with_history(
        protocols,
        Protocol,
        ["updated_on"],
        batch_size=BATCH,
        default_user=by,
        manager=Protocol.objects,
    )
    records = _records(differ)
    Change.objects.bulk_create(
        [
            Change(
                made_at=at,
                protocol_id=each,
                what=what_changed(before[each], after[each]),
                why=why,
                by=by,
                record=records[each],
            )
            for each in differ
        ],
        BATCH,
    )
