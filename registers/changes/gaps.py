"""What is said of numbers that no protocol has becomes official, or is taken back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import User

from registers.changes.record import official_change, published_at_its_end, remove, save
from registers.models import Gap


def explain_gaps(
    references: Iterable[str],
    *,
    fate: str,
    note: str = "",
    at: datetime.datetime,
    by: User | None = None,
) -> None:
    """Say of every one of `references` what became of it, or of none.

    `fate` is a Gap.Fate, and `note` is public. Raises ValidationError for what
    cannot be said, such as of a number that a protocol has.
    """
    with published_at_its_end():
        for reference in references:
            gap = Gap.objects.filter(pk=reference).first() or Gap(reference=reference)
            gap.fate, gap.note = fate, note
            with official_change(gap, at=at, by=by):
                save(gap)


def take_gaps_back(
    references: Iterable[str], *, at: datetime.datetime, by: User | None = None
) -> int:
    """Take back what was said of `references`. Return of how many something was said."""
    gaps = list(Gap.objects.filter(pk__in=list(references)))
    with published_at_its_end():
        for gap in gaps:
            # Told of by another object: Django takes the key of one that it deleted.
            with official_change(Gap(reference=gap.pk), at=at, by=by):
                remove(gap)
    return len(gaps)
