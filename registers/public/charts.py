"""Pictures of numbers: where each bar of a drawing stands, and the list that it leads to.

Lengths along a line are in hundredths of the room that there is; those of a
year's months are in units of its drawing, whose size is given here. There are
hundreds of bars, so they are made for a template that has little time: plain
tuples of texts that need no escaping.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from registers.models.review_dates import ReviewStatus
from registers.search.reviews import Breakdown, Calendar, Month, QueryCount, Year

MONTHS = "JFMAMJJASOND"
SLOT, BAR = 25, 17  # the room of a month, and its bar's part of it
TALLEST = 72
DIGIT = 7.5
LEVEL_DIGITS = 3  # longer numbers are turned, to fit over a bar
LEVEL_ROOM = 17
LEAST = 2.5  # so that one among thousands can be seen


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number on a page, and the address of the list that it counts; '' if it is of nothing.

    The address is written as HTML has it, once for all its places on the page.
    """

    count: int
    href: SafeString


NOTHING = Number(count=0, href=SafeString())
Link = Callable[[QueryCount], Number]


class MonthBar(NamedTuple):
    """The reviews of one month that have one status: a path, and above it a label somewhere.

    Where a month has several, the label of the topmost is the month's number,
    and the others have none.
    """

    name: str
    status: ReviewStatus
    words: str
    number: Number
    href: SafeString
    path: SafeString
    label: SafeString
    place: SafeString


class LineBar(NamedTuple):
    """A part of a line, from where and how long."""

    status: ReviewStatus
    href: SafeString
    start: SafeString
    size: SafeString


@dataclass(frozen=True, kw_only=True)
class YearDrawn:
    """One year: the bars of its months, and the letters of all that are shown.

    `until` names the last month shown, where it is not December; `now` is
    where the mark of the day's month stands, if it is one of them.
    """

    name: str
    number: Number
    bars: list[MonthBar]
    letters: str
    until: str
    now: str


@dataclass(frozen=True, kw_only=True)
class CalendarDrawn:
    """The years, all drawn to one scale; `ground` is the height of the line that bars stand on."""

    years: list[YearDrawn]
    ground: int
    turned: bool
    earlier: Number
    later: Number
    ahead: Number
    busiest: Month | None

    width = SLOT * 12
    middles = " ".join(f"{SLOT * (month + 0.5)}" for month in range(12))

    @property
    def letters(self) -> int:
        """The line that the letters of the months stand on."""
        return self.ground + 15

    @property
    def height(self) -> int:
        """The whole, with the mark under the letter of one month."""
        return self.letters + 14


@dataclass(frozen=True, kw_only=True)
class LineDrawn:
    """One line: what it is of, its bars side by side, and its numbers by status."""

    label: str
    href: str
    whole: Number
    bars: list[LineBar]
    numbers: list[tuple[str, Number]]


def calendar_drawn(calendar: Calendar, link: Link, *, on: datetime.date) -> CalendarDrawn:
    """Return the drawing of the months, with a mark at that of the day `on`."""
    busiest = calendar.busiest
    most = busiest.count if busiest else 1
    digits = len(str(most))
    turned = digits > LEVEL_DIGITS
    ground = TALLEST + (round(digits * DIGIT) + 6 if turned else LEVEL_ROOM)

    def bars(month: Month) -> list[MonthBar]:
        return _bars(month, link, most=most, ground=ground, turned=turned)

    return CalendarDrawn(
        years=[_year(year, bars, link, on=on) for year in calendar.years],
        ground=ground,
        turned=turned,
        earlier=link(calendar.earlier),
        later=link(calendar.later),
        ahead=link(calendar.ahead),
        busiest=busiest,
    )


def lines_drawn(
    lines: Iterable[Breakdown],
    link: Link,
    *,
    shown: Iterable[ReviewStatus],
    narrow: Callable[[Breakdown], str],
) -> list[LineDrawn]:
    """Return the drawing of lines, with a number for each status in `shown`.

    `narrow` gives the address of the same page about one line alone.
    """
    lines = list(lines)
    most = max((line.whole.count for line in lines), default=0)
    return [
        LineDrawn(
            label=str(line.subject),
            href=narrow(line),
            whole=link(line.whole),
            **_numbered([(status, link(line.by_status[status])) for status in shown], most),
        )
        for line in lines
    ]


def lengths_drawn(lengths: Mapping[str, QueryCount], link: Link) -> list[LineDrawn]:
    """Return the drawing of how many are overdue for how long, a line a length."""
    most = max(figure.count for figure in lengths.values())
    return [
        LineDrawn(
            label=words,
            href="",
            whole=link(figure),
            **_numbered([(ReviewStatus.OVERDUE, link(figure))], most),
        )
        for words, figure in lengths.items()
    ]


def _year(
    year: Year, bars: Callable[[Month], list[MonthBar]], link: Link, *, on: datetime.date
) -> YearDrawn:
    last = len(year.months)
    return YearDrawn(
        name=str(year.number),
        number=link(year.whole),
        bars=[bar for month in year.months if month.by_status for bar in bars(month)],
        letters=MONTHS[:last],
        until=f"{year.months[-1].first_day:%B}" if last < len(MONTHS) else "",
        now=f"{SLOT * (on.month - 0.5)}" if year.number == on.year else "",
    )


@lru_cache(maxsize=1_000)
def _name(month: datetime.date) -> str:
    return f"{month:%B %Y}"


def _bars(month: Month, link: Link, *, most: int, ground: int, turned: bool) -> list[MonthBar]:
    """Return the bars of a month, from the ground up."""
    middle = (month.number % 12 + 0.5) * SLOT
    name, topmost = _name(month.first_day), list(month.by_status)[-1]
    bars, top = [], float(ground)
    for status, figure in month.by_status.items():
        size = max(LEAST, TALLEST * figure.count / most)
        top -= size
        number, place = link(figure), f"translate({middle} {top - 4:.1f})"
        bars.append(
            MonthBar(
                name=name,
                status=status,
                words=str(status.label),
                number=number,
                href=number.href,
                path=SafeString(f"M{middle - BAR / 2} {top:.1f}h{BAR}v{size:.1f}h-{BAR}z"),
                label=SafeString(month.count if status == topmost else ""),
                place=SafeString(f"{place}rotate(-90)" if turned else place),
            )
        )
    return bars


def _numbered(numbers: list[tuple[ReviewStatus, Number]], most: int) -> dict[str, Any]:
    """Return a line's numbers, and its bars: `most` is as long as there is room."""
    bars, before = [], 0
    for status, number in numbers:
        if number.count:
            start, size = (
                SafeString(f"{100 * part / most:.2f}%") for part in (before, number.count)
            )
            bars.append(LineBar(status=status, href=number.href, start=start, size=size))
            before += number.count
    return {"bars": bars, "numbers": [(str(status.label), number) for status, number in numbers]}
