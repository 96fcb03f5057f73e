"""The reference log: every reference from the first number to the last, with the gaps.

A register can contain a protocol 99999999. So gaps are counted between the
numbers that are used, and never listed one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import models
from django.db.models.functions import Cast
from numpy.typing import NDArray

from registers.models import Gap, Protocol, UsedReference
from registers.models.keys import LAST, SHORTEST, all_spellings, spellings_of


class LogFilter(models.TextChoices):
    """Which references to list."""

    ALL = "all", "All numbers"
    GAPS = "gaps", "Gaps"  # no protocol has the number
    UNEXPLAINED = "unexplained", "Unexplained gaps"  # and nobody has explained why


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One reference: its protocol, or the explained gap; neither for an unexplained gap."""

    reference: str
    protocol: Protocol | None = None
    gap: Gap | None = None
    was_draft: bool = False  # of a draft that was deleted


def highest_reference() -> str | None:
    """Return the reference with the highest number that was ever used, or None.

    Deleted drafts and explained gaps count too.
    """
    ever: tuple[Any, ...] = (Protocol.objects, UsedReference.objects, Gap.objects)
    highest = [
        things.annotate(number=Cast("reference", models.BigIntegerField()))
        .order_by("-number")
        .values_list("number", "reference")
        .first()
        for things in ever
    ]
    found = [each for each in highest if each]
    return max(found)[1] if found else None


def next_reference() -> str:
    """Return the reference to suggest for a new protocol: the next number, with as many digits.

    Empty when there is no higher number.
    """
    highest = highest_reference()
    if highest is None:
        return "1".zfill(SHORTEST)
    return "" if int(highest) == LAST else str(int(highest) + 1).zfill(len(highest))


def unexplained_gaps() -> int:
    """Return the number of unexplained gaps, counted by the database."""
    highest = highest_reference()
    if highest is None:
        return 0
    number = Cast("reference", models.BigIntegerField())
    used = Protocol.objects.order_by().annotate(number=number).values("number").distinct()
    explained_gaps = Gap.objects.order_by().annotate(number=number).values("number").distinct()
    first = 0 if used.filter(number=0).exists() else 1
    explained = explained_gaps.filter(number__gte=first).exclude(number__in=used)
    return int(highest) - first + 1 - used.count() - explained.count()


class NumberRange:
    """The numbers from a first to a last without some, computed when they are read."""

    def __init__(self, first: int, last: int, excluded: NDArray[np.int64]) -> None:
        """`excluded` is sorted, without duplicates, and between `first` and `last`."""
        self._first = first
        self._length = last - first + 1 - len(excluded)
        # How many numbers are left before each that is excluded.
        self._before = excluded - first - np.arange(len(excluded))

    def __len__(self) -> int:
        return self._length

    def at(self, positions: range) -> list[int]:
        """Return the numbers at `positions`, counted from 0."""
        wanted = np.array(positions, np.int64)
        passed = np.searchsorted(self._before, wanted, side="right")
        found: list[int] = (wanted + passed + self._first).tolist()
        return found


class ReferenceLog:
    """The reference log as it is now, read with a few queries whatever its length."""

    def __init__(self) -> None:
        used = _numbers(Protocol.objects.all())
        self._explained = _numbers(Gap.objects.all())
        highest = highest_reference()
        self.width = len(highest) if highest else SHORTEST
        self.last = int(highest) if highest else 0
        # Most registers number from 0001, but 0000 is possible.
        self.first = min([1, *used[:1].tolist()])
        self.protocols = len(used)
        self._used = used

    def numbers(self, shown: LogFilter = LogFilter.ALL) -> NumberRange:
        """Return the numbers to list."""
        excluded = {
            LogFilter.ALL: np.empty(0, np.int64),
            LogFilter.GAPS: self._used,
            LogFilter.UNEXPLAINED: np.union1d(self._used, self._explained),
        }
        return NumberRange(self.first, self.last, excluded[shown])

    def is_gap(self, reference: str) -> bool:
        """Return whether `reference` is within the log, and no protocol has its number."""
        if not (reference.isascii() and reference.isdigit()):
            return False
        number = int(reference)
        return self.first <= number <= self.last and number not in self._used

    def entries(self, numbers: Sequence[int]) -> list[LogEntry]:
        """Return the entry of each of `numbers`: three queries."""
        references = all_spellings(numbers)
        protocols = _by_number(Protocol.objects.filter(pk__in=references).only("title", "status"))
        gaps = _by_number(Gap.objects.filter(pk__in=references))
        deleted = UsedReference.objects.filter(pk__in=references).values_list("pk", flat=True)
        ever_used = {int(reference) for reference in deleted}
        return [
            LogEntry(
                reference=self._written(number, protocols, gaps),
                protocol=protocols.get(number),
                gap=None if number in protocols else gaps.get(number),
                was_draft=number in ever_used and number not in protocols,
            )
            for number in numbers
        ]

    def _written(self, number: int, *by_number: dict[int, Any]) -> str:
        """Return the number as written where it is used, or with as many digits as the last."""
        return next(
            (str(each[number].pk) for each in by_number if number in each),
            str(number).zfill(self.width),
        )


def gap_of(reference: str) -> Gap | None:
    """Return the gap with the number of `reference`, however many zeros it is written with."""
    return Gap.objects.filter(pk__in=[reference, *spellings_of(reference)]).first()


def _numbers(things: models.QuerySet[Any]) -> NDArray[np.int64]:
    """Return the numbers of `things`, sorted and without duplicates."""
    references = things.order_by().values_list("pk", flat=True)
    return np.unique(np.fromiter(map(int, references.iterator(chunk_size=20_000)), np.int64))


def _by_number(things: models.QuerySet[Any]) -> dict[int, Any]:
    return {int(thing.pk): thing for thing in things}
