"""Explanations of numbers that no protocol has: recorded, or cleared."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import User

from registers.changes.record import record_change
from registers.changes.transaction import update_search_and_version
from registers.changes.writes import remove, save
from registers.models import Gap


def explain_gaps(
    references: Iterable[str],
    *,
    fate: str,
    note: str = "",
    at: datetime.datetime,
    by: User | None = None,
) -> None:
    """Record for each of `references` what became of it, or for none.

    `fate` is a Gap.Fate, and `note` is public. Raises ValidationError, for
    example for a number that a protocol has.
    """
    with update_search_and_version():
        for reference in references:
            gap = Gap.objects.filter(pk=reference).first() or Gap(reference=reference)
            gap.fate, gap.note = fate, note
            with record_change(gap, at=at, by=by):
                save(gap)


def clear_gaps(references: Iterable[str], *, at: datetime.datetime, by: User | None = None) -> int:
    """Delete the explanations of `references`. Return how many there were."""
    gaps = list(Gap.objects.filter(pk__in=list(references)))
    with update_search_and_version():
        for gap in gaps:
            # Another object as the subject: Django clears the key of one that it deletes.
            with record_change(Gap(reference=gap.pk), at=at, by=by):
                remove(gap)
    return len(gaps)
