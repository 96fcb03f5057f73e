"""The number book: every reference from the first number to the last, and what became of it.

A register can hold a protocol 99999999. So the gaps are counted between the
numbers that are used, and never laid out one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import models
from django.db.models.functions import Cast
from numpy.typing import NDArray

from registers.models import Gap, Protocol
from registers.models.keys import LAST, SHORTEST, all_spellings, spellings_of


class Shown(models.TextChoices):
    """Which lines of the book are asked for."""

    ALL = "all", "All numbers"
    GAPS = "gaps", "Gaps"  # no protocol here has the number
    UNEXPLAINED = "unexplained", "Unexplained gaps"  # and nothing is said of it


@dataclass(frozen=True, kw_only=True)
class Line:
    """One number: its protocol, or what is said of the gap; neither for an unexplained gap."""

    reference: str
    protocol: Protocol | None = None
    gap: Gap | None = None
    was_draft: bool = False  # a draft had it, and was deleted


def highest_reference() -> str | None:
    """Return the reference with the highest number that was ever used, or None.

    A draft that was deleted used its number too, and so does a gap of which something is said.
    """
    ever: tuple[Any, ...] = (Protocol.objects, Protocol.history, Gap.objects)
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
    """Return the reference to offer a new protocol: the next number, as long as the last one's.

    Empty when there is no higher number.
    """
    highest = highest_reference()
    if highest is None:
        return "1".zfill(SHORTEST)
    return "" if int(highest) == LAST else str(int(highest) + 1).zfill(len(highest))


def unexplained_gaps() -> int:
    """Return how many unexplained gaps the book has, counted without reading its numbers."""
    highest = highest_reference()
    if highest is None:
        return 0
    number = Cast("reference", models.BigIntegerField())
    used = Protocol.objects.order_by().annotate(number=number).values("number").distinct()
    told = Gap.objects.order_by().annotate(number=number).values("number").distinct()
    first = 0 if used.filter(number=0).exists() else 1
    explained = told.filter(number__gte=first).exclude(number__in=used)
    return int(highest) - first + 1 - used.count() - explained.count()


class Numbers:
    """Numbers in their order, computed when they are looked at."""

    def __init__(self, first: int, last: int, without: NDArray[np.int64]) -> None:
        """Hold those from `first` to `last`, `without` some: sorted, each once, all within."""
        self._first = first
        self._length = last - first + 1 - len(without)
        # How many are left before each that is not.
        self._before = without - first - np.arange(len(without))

    def __len__(self) -> int:
        return self._length

    def at(self, places: range) -> list[int]:
        """Return the numbers that stand at `places`, counted from 0."""
        wanted = np.array(places, np.int64)
        passed = np.searchsorted(self._before, wanted, side="right")
        found: list[int] = (wanted + passed + self._first).tolist()
        return found


class NumberBook:
    """The book as it is now. It is read with a few queries, however long it is."""

    def __init__(self) -> None:
        used = _numbers(Protocol.objects.all())
        self._explained = _numbers(Gap.objects.all())
        highest = highest_reference()
        self.width = len(highest) if highest else SHORTEST
        self.last = int(highest) if highest else 0
        # No register numbers from 0000; but one that did would have it here.
        self.first = min([1, *used[:1].tolist()])
        self.protocols = len(used)
        self._used = used

    def numbers(self, shown: Shown = Shown.ALL) -> Numbers:
        """Return the numbers that are asked for."""
        without = {
            Shown.ALL: np.empty(0, np.int64),
            Shown.GAPS: self._used,
            Shown.UNEXPLAINED: np.union1d(self._used, self._explained),
        }
        return Numbers(self.first, self.last, without[shown])

    def is_gap(self, reference: str) -> bool:
        """Say whether `reference` is of this book, and no protocol has its number."""
        if not (reference.isascii() and reference.isdigit()):
            return False
        number = int(reference)
        return self.first <= number <= self.last and number not in self._used

    def lines(self, numbers: Sequence[int]) -> list[Line]:
        """Return the line of each of `numbers`, with three queries."""
        ways = all_spellings(numbers)
        protocols = _by_number(Protocol.objects.filter(pk__in=ways).only("title", "status"))
        gaps = _by_number(Gap.objects.filter(pk__in=ways))
        history = Protocol.history.filter(reference__in=ways).values_list("reference", flat=True)
        once = {int(reference) for reference in history}
        return [
            Line(
                reference=self._written(number, protocols, gaps),
                protocol=protocols.get(number),
                gap=None if number in protocols else gaps.get(number),
                was_draft=number in once and number not in protocols,
            )
            for number in numbers
        ]

    def _written(self, number: int, *held: dict[int, Any]) -> str:
        """Return the number as it is written where it is held, or as the last one is."""
        return next(
            (str(by[number].pk) for by in held if number in by), str(number).zfill(self.width)
        )


def gap_of(reference: str) -> Gap | None:
    """Return what is said of the number of `reference`, however long it is written."""
    return Gap.objects.filter(pk__in=[reference, *spellings_of(reference)]).first()


def _numbers(things: models.QuerySet[Any]) -> NDArray[np.int64]:
    """Return the numbers of these, sorted, each once."""
    references = things.order_by().values_list("pk", flat=True)
    return np.unique(np.fromiter(map(int, references.iterator(chunk_size=20_000)), np.int64))


def _by_number(things: models.QuerySet[Any]) -> dict[int, Any]:
    return {int(thing.pk): thing for thing in things}
