"""The reference log: every reference, with the gaps where their numbers run on.

Where the references of the partnership are numbers, or have one number and no year, the log
runs from the first number to the last. A register can contain a protocol 99999999, so gaps
are counted between the numbers that are used, and never listed one by one; and where more
than LONGEST_GAP numbers in a row are unused, none of them counts as a gap. All other
references are listed behind them, and where there is no such number the log is only these.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from django.db import models
from django.db.models import F, Window
from django.db.models.functions import Cast, Lag
from numpy.typing import NDArray

from registers.models import Gap, Protocol, UsedReference
from registers.models.references import keys_of, own_form, reference_key
from weisf.reference_form import MAX_DIGITS, MAX_LENGTH, Written

FIRST = "0001"  # where nothing says how references look
LAST = 10**MAX_DIGITS - 1
# More unused numbers in a row were never issued: one reference was mistyped, or a series begins.
LONGEST_GAP = 100
_LAST_NUMBER = re.compile(r"\A(.*?)([0-9]+)([^0-9]*)\Z")


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


def highest_reference(year: int | None = None) -> str | None:
    """Return the reference of this partnership's form with the highest number, or None.

    Where the form has a year, only those of `year`. Deleted drafts and explained gaps count too.
    """
    found = _highest(1, reference__iregex=own_form().sql_pattern(year))
    return found[0] if found else None


def _highest(count: int, **conditions: str) -> list[str]:
    """Return the last references that were ever used, the last first."""
    ever: tuple[Any, ...] = (Protocol.objects, UsedReference.objects, Gap.objects)
    some = {
        key: reference
        for things in ever
        for key, reference in things.filter(**conditions)
        .order_by("-reference_key")
        .values_list("reference_key", "reference")[:count]
    }
    return [some[key] for key in sorted(some, reverse=True)[:count]]


def next_reference(on: datetime.date) -> str:
    """Return the reference to suggest for a new protocol on the day `on`.

    It is the next number, with as many digits as the last; the first of the year where the form
    has a year. Where no form is known, it is as `next_of_any` says. Empty where nothing says how
    it goes on, and where there is no higher number.
    """
    shape = own_form()
    if shape.is_any:
        return next_of_any(_highest(2))
    highest = highest_reference(on.year)
    return following(highest) if highest else shape.write(Written(number=1, year=on.year))


def next_of_any(last_two: Sequence[str]) -> str:
    """Return how references of no known form go on after the last ones, the last first.

    The last two must differ in nothing but their last number; one alone must be a number. Where
    there is none at all, it is the first number. Empty where nothing says how it goes on.
    """
    if not last_two:
        return FIRST
    around = {(before.lower(), behind.lower()) for before, _, behind in map(_parts, last_two)}
    is_sure = len(last_two) > 1 or last_two[0].isdigit()
    return following(last_two[0]) if is_sure and len(around) == 1 else ""


def following(reference: str) -> str:
    """Return the reference with the next number, as many digits, and all else alike.

    Empty where there is no higher number.
    """
    shape = own_form()
    if said := shape.read(reference):
        higher = Written(number=said.number + 1, year=said.year)
        width = max(shape.width, shape.digits(reference))
        return shape.write(higher, width=width) if said.number < LAST else ""
    before, number, behind = _parts(reference)
    text = f"{before}{int(number) + 1:0{len(number)}}{behind}"
    return text if len(text) <= MAX_LENGTH else ""


def _parts(reference: str) -> tuple[str, str, str]:
    """Return what stands before the last number of a reference, the number, and what follows."""
    ((before, number, behind),) = _LAST_NUMBER.findall(reference)
    return before, number, behind


def unexplained_gaps() -> int:
    """Return the number of unexplained gaps; where references are numbers, by the database."""
    if not own_form().is_number:
        return len(ReferenceLog().lines(LogFilter.UNEXPLAINED))
    highest = highest_reference()
    if highest is None:
        return 0
    numbers = {"reference__regex": "^[0-9]{1,8}$"}
    used = Protocol.objects.order_by().filter(**numbers)
    first = 0 if used.filter(reference_key=reference_key("0")).exists() else 1
    explained = Gap.objects.filter(**numbers).exclude(
        reference_key__in=Protocol.objects.order_by().values("reference_key")
    )
    if first:
        explained = explained.exclude(reference_key=reference_key("0"))
    unused = int(highest) - first + 1 - used.count() - explained.count()
    deleted = UsedReference.objects.order_by().filter(**numbers).values_list("pk", flat=True)
    ever = explained.order_by().values_list("pk", flat=True).union(deleted)
    return unused - _left_out(used, ever, first, int(highest)) if unused else 0


def _left_out(used: Any, ever: Iterable[str], first: int, highest: int) -> int:
    """Return how many numbers are in breaks, which lie where no protocol is for so long.

    `ever` are the references of gaps that are explained, and of drafts that were deleted.
    """
    number = Cast("reference", models.IntegerField())
    before = Window(Lag(number, default=first - 1), order_by=F("reference_key").asc())
    wide = used.annotate(number=number, before=before).filter(
        number__gt=F("before") + LONGEST_GAP + 1
    )
    last = used.order_by("-reference_key").values_list("pk", flat=True).first()
    holes = [*wide.values_list("before", "number"), (int(last or first - 1), highest)]
    points = np.unique(np.array(list(ever), np.int64))
    return sum(
        len(Breaks(low + 1, np.append(points[(points > low) & (points < high)], high)))
        for low, high in holes
    )


class Breaks:
    """Where more than LONGEST_GAP numbers in a row are unused, from `first` to the last used."""

    def __init__(self, first: int, used: NDArray[np.int64]) -> None:
        """Find the breaks. `used` is sorted, without duplicates, and not below `first`."""
        before = np.concatenate(([first - 1], used[:-1]))[: len(used)]
        unused = used - before - 1
        # The number before each break, and how many are left out up to each.
        self._starts = before[unused > LONGEST_GAP]
        self._left_out = np.concatenate(([0], np.cumsum(unused[unused > LONGEST_GAP])))

    def __len__(self) -> int:
        """Return how many numbers are left out."""
        return int(self._left_out[-1])

    def close(self, numbers: Any) -> NDArray[np.int64]:
        """Return what `numbers`, none of which is left out, would be without the breaks."""
        closed: NDArray[np.int64] = numbers - self._left_out[np.searchsorted(self._starts, numbers)]
        return closed

    def open(self, closed: Any) -> NDArray[np.int64]:
        """Return the numbers that `close` makes `closed` of."""
        passed = np.searchsorted(self.close(self._starts), closed)
        numbers: NDArray[np.int64] = closed + self._left_out[passed]
        return numbers


class NumberRange:
    """The numbers from a first to a last without some, computed when they are read."""

    def __init__(self, first: int, last: int, excluded: NDArray[np.int64], breaks: Breaks) -> None:
        """`excluded` is sorted, without duplicates, and between `first` and `last`."""
        self._first = first
        self._breaks = breaks
        self._length = last - first + 1 - len(excluded) - len(breaks)
        # How many numbers are left before each that is excluded.
        self._before = breaks.close(excluded) - first - np.arange(len(excluded))

    def __len__(self) -> int:
        return self._length

    def at(self, positions: range) -> list[int]:
        """Return the numbers at `positions`, counted from 0."""
        wanted = np.array(positions, np.int64)
        passed = np.searchsorted(self._before, wanted, side="right")
        found: list[int] = self._breaks.open(wanted + passed + self._first).tolist()
        return found


class Lines:
    """The lines of the log: the numbers of `numbers`, and behind them `others`, as references."""

    def __init__(self, numbers: NumberRange, others: Sequence[str]) -> None:
        self.numbers = numbers
        self.others = others

    def __len__(self) -> int:
        return len(self.numbers) + len(self.others)

    def at(self, positions: range) -> list[int | str]:
        """Return the numbers, and then the references, at `positions`, counted from 0."""
        count = len(self.numbers)
        of_numbers = range(min(positions.start, count), min(positions.stop, count))
        others = self.others[max(positions.start - count, 0) : max(positions.stop - count, 0)]
        return [*self.numbers.at(of_numbers), *others]


class ReferenceLog:
    """The reference log as it is now, read with a few queries whatever its length."""

    longest_gap = LONGEST_GAP

    def __init__(self) -> None:
        shape = own_form()
        self.has_numbers = not (shape.is_any or shape.has_year)
        used, self._other_protocols = self._divided(Protocol.objects)
        self._explained, self._other_gaps = self._divided(Gap.objects)
        highest = highest_reference() if self.has_numbers else None
        self.width = max(shape.width, shape.digits(highest) if highest else 0)
        self.last = self._number(highest) or 0 if highest else 0
        # Most registers number from 0001, but 0000 is possible.
        self.first = min([1, *used[:1].tolist()])
        self.protocols = len(used) + len(self._other_protocols)
        # How many references stand behind the numbers.
        self.others = len(self._other_protocols) + len(self._other_gaps)
        self._used = used
        deleted, _ = self._divided(UsedReference.objects)  # of drafts
        points = np.unique(np.concatenate([used, self._explained, deleted]))
        self._breaks = Breaks(self.first, points[points >= self.first])
        self.left_out = len(self._breaks)

    def lines(self, shown: LogFilter = LogFilter.ALL) -> Lines:
        """Return what to list."""
        excluded = {
            LogFilter.ALL: np.empty(0, np.int64),
            LogFilter.GAPS: self._used,
            LogFilter.UNEXPLAINED: np.union1d(self._used, self._explained),
        }
        others = {
            LogFilter.ALL: [*self._other_protocols, *self._other_gaps],
            LogFilter.GAPS: self._other_gaps,
            LogFilter.UNEXPLAINED: [],
        }
        return Lines(
            NumberRange(self.first, self.last, excluded[shown], self._breaks),
            sorted(others[shown], key=reference_key),
        )

    def position(self, number: int) -> int:
        """Return where `number`, or else the next listed one, stands among all the numbers."""
        numbers = self.lines().numbers
        return bisect_left(
            range(len(numbers)), number, key=lambda at: numbers.at(range(at, at + 1))[0]
        )

    def is_gap(self, reference: str) -> bool:
        """Return whether `reference` is within the log, and no protocol has it."""
        number = self._number(reference)
        if number is None:
            return reference in self._other_gaps
        return self.first <= number <= self.last and number not in self._used

    def numbers_between(self, first: str, last: str) -> range | None:
        """Return the numbers from one reference to another; None unless both are in the log."""
        ends = [self._number(each.strip()) for each in (first, last)]
        if any(each is None or not self.first <= each <= self.last for each in ends):
            return None
        return range(cast(int, ends[0]), cast(int, ends[1]) + 1)

    def entries(self, lines: Sequence[int | str]) -> list[LogEntry]:
        """Return the entry of each of `lines`: three queries."""
        keys = [key for line in lines for key in self._keys(line)]
        protocols = self._by_line(
            Protocol.objects.filter(reference_key__in=keys).only("title", "status")
        )
        gaps = self._by_line(Gap.objects.filter(reference_key__in=keys))
        deleted = UsedReference.objects.filter(reference_key__in=keys)
        ever_used = self._by_line(deleted)
        return [
            LogEntry(
                reference=self._written(line, protocols, gaps),
                protocol=protocols.get(line),
                gap=None if line in protocols else gaps.get(line),
                was_draft=line in ever_used and line not in protocols,
            )
            for line in lines
        ]

    def _number(self, reference: str) -> int | None:
        """Return the number of a reference that has its place among the numbers."""
        said = own_form().read(reference) if self.has_numbers else None
        return said.number if said else None

    def _divided(self, things: models.Manager[Any]) -> tuple[NDArray[np.int64], list[str]]:
        """Return the numbers of `things`, sorted and each once, and the references without one."""
        numbers, others = list[int](), list[str]()
        for reference in things.order_by().values_list("pk", flat=True).iterator(chunk_size=20_000):
            number = self._number(reference)
            if number is None:
                others.append(reference)
            else:
                numbers.append(number)
        return np.unique(np.array(numbers, np.int64)), others

    def _by_line(self, things: Iterable[Any]) -> dict[int | str, Any]:
        """Return things by what stands for them in `lines`."""
        numbers = ((self._number(thing.pk), thing) for thing in things)
        return {thing.pk if number is None else number: thing for number, thing in numbers}

    def _keys(self, line: int | str) -> Iterator[str]:
        """Give the keys that a protocol of the line can have: with any zeros before its number."""
        if isinstance(line, str):
            yield reference_key(line)
            return
        shape, said = own_form(), Written(number=line)
        yield from {
            reference_key(shape.write(said, width=width)) for width in range(1, MAX_DIGITS + 1)
        }

    def _written(self, line: int | str, *by_line: dict[int | str, Any]) -> str:
        """Return the reference as written where it is used, or with as many digits as the last."""
        if isinstance(line, str):
            return line
        return next(
            (str(each[line].pk) for each in by_line if line in each),
            own_form().write(Written(number=line), width=self.width),
        )


def gap_of(reference: str) -> Gap | None:
    """Return the gap that is meant by `reference`, in any spelling."""
    return Gap.objects.filter(reference_key__in=keys_of(reference)).first()
