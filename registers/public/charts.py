"""The charts of the review dashboard: the position of each bar, and the list that it links to.

Lengths of horizontal bars are percentages; those of the calendar are in units of the
SVG image. There are hundreds of bars, so they are prepared for a fast template: as
tuples of strings that need no escaping.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from registers.models.review_dates import ReviewStatus
from registers.search.review_breakdowns import Breakdown
from registers.search.reviews import Calendar, Month, QueryCount, Year

MONTHS = "JFMAMJJASOND"
MONTH_WIDTH, BAR_WIDTH = 25, 17  # of a month, and of its bar
MAX_HEIGHT = 72
DIGIT_WIDTH = 7.5
MAX_HORIZONTAL_DIGITS = 3  # longer numbers are rotated to fit above a bar
LABEL_HEIGHT = 17
MIN_HEIGHT = 2.5  # so that one among thousands is visible


@dataclass(frozen=True, kw_only=True)
class LinkedCount:
    """A count, and the URL of the list that it counts; '' if there is none.

    The URL is escaped for HTML, once for all its uses on the page.
    """

    count: int
    href: SafeString


NO_COUNT = LinkedCount(count=0, href=SafeString())
Link = Callable[[QueryCount], LinkedCount]


class MonthBar(NamedTuple):
    """The bar of the reviews of one month with one status: an SVG path and a label.

    Where a month has several bars, the topmost has the total of the month as its
    label, and the others have none.
    """

    name: str
    status: ReviewStatus
    status_label: str
    number: LinkedCount
    href: SafeString
    path: SafeString
    label: SafeString
    label_transform: SafeString


class BreakdownBar(NamedTuple):
    """One segment of a stacked bar: its start and its length."""

    status: ReviewStatus
    href: SafeString
    start: SafeString
    size: SafeString


@dataclass(frozen=True, kw_only=True)
class YearChart:
    """One year: the bars of its months, and the initials of all months shown.

    `until` names the last month shown, where it is not December; `now` is the position
    of the marker of the current month, if that is shown.
    """

    name: str
    number: LinkedCount
    bars: list[MonthBar]
    letters: str
    until: str
    now: str


@dataclass(frozen=True, kw_only=True)
class CalendarChart:
    """The years, all on one scale; `ground` is the y position of the base line."""

    years: list[YearChart]
    ground: int
    rotated: bool
    earlier: LinkedCount
    later: LinkedCount
    ahead: LinkedCount
    busiest: Month | None

    width = MONTH_WIDTH * 12
    middles = " ".join(f"{MONTH_WIDTH * (month + 0.5)}" for month in range(12))

    @property
    def letters(self) -> int:
        """The y position of the initials of the months."""
        return self.ground + 15

    @property
    def height(self) -> int:
        """The height of the image, with the marker below the initials."""
        return self.letters + 14


@dataclass(frozen=True, kw_only=True)
class BreakdownRow:
    """One row: its label, its stacked bar, and its counts by status."""

    label: str
    href: str
    whole: LinkedCount
    bars: list[BreakdownBar]
    numbers: list[tuple[str, LinkedCount]]


def calendar_chart(calendar: Calendar, link: Link, *, on: datetime.date) -> CalendarChart:
    """Return the chart of the months, with a marker at that of the day `on`."""
    busiest = calendar.busiest
    most = busiest.count if busiest else 1
    digits = len(str(most))
    rotated = digits > MAX_HORIZONTAL_DIGITS
    ground = MAX_HEIGHT + (round(digits * DIGIT_WIDTH) + 6 if rotated else LABEL_HEIGHT)

    def bars(month: Month) -> list[MonthBar]:
        return _bars(month, link, most=most, ground=ground, rotated=rotated)

    return CalendarChart(
        years=[_year(year, bars, link, on=on) for year in calendar.years],
        ground=ground,
        rotated=rotated,
        earlier=link(calendar.earlier),
        later=link(calendar.later),
        ahead=link(calendar.ahead),
        busiest=busiest,
    )


def breakdown_chart(
    breakdowns: Iterable[Breakdown],
    link: Link,
    *,
    shown: Iterable[ReviewStatus],
    narrow: Callable[[Breakdown], str],
) -> list[BreakdownRow]:
    """Return the chart of `breakdowns`, with a count for each status in `shown`.

    `narrow` returns the URL of the same page for one breakdown.
    """
    breakdowns = list(breakdowns)
    most = max((each.whole.count for each in breakdowns), default=0)
    return [
        BreakdownRow(
            label=str(each.subject),
            href=narrow(each),
            whole=link(each.whole),
            **_counts_and_bars([(status, link(each.by_status[status])) for status in shown], most),
        )
        for each in breakdowns
    ]


def overdue_chart(counts: Mapping[str, QueryCount], link: Link) -> list[BreakdownRow]:
    """Return the chart of how many are overdue for how long, a row for each time."""
    most = max(figure.count for figure in counts.values())
    return [
        BreakdownRow(
            label=words,
            href="",
            whole=link(figure),
            **_counts_and_bars([(ReviewStatus.OVERDUE, link(figure))], most),
        )
        for words, figure in counts.items()
    ]


def _year(
    year: Year, bars: Callable[[Month], list[MonthBar]], link: Link, *, on: datetime.date
) -> YearChart:
    last = len(year.months)
    return YearChart(
        name=str(year.number),
        number=link(year.whole),
        bars=[bar for month in year.months if month.by_status for bar in bars(month)],
        letters=MONTHS[:last],
        until=f"{year.months[-1].first_day:%B}" if last < len(MONTHS) else "",
        now=f"{MONTH_WIDTH * (on.month - 0.5)}" if year.number == on.year else "",
    )


@lru_cache(maxsize=1_000)
def _name(month: datetime.date) -> str:
    return f"{month:%B %Y}"


def _bars(month: Month, link: Link, *, most: int, ground: int, rotated: bool) -> list[MonthBar]:
    """Return the bars of a month, from the base line up."""
    middle = (month.number % 12 + 0.5) * MONTH_WIDTH
    name, topmost = _name(month.first_day), list(month.by_status)[-1]
    bars, top = [], float(ground)
    for status, count in month.by_status.items():
        size = max(MIN_HEIGHT, MAX_HEIGHT * count.count / most)
        top -= size
        number, transform = link(count), f"translate({middle} {top - 4:.1f})"
        bars.append(
            MonthBar(
                name=name,
                status=status,
                status_label=str(status.label),
                number=number,
                href=number.href,
                path=SafeString(
                    f"M{middle - BAR_WIDTH / 2} {top:.1f}h{BAR_WIDTH}v{size:.1f}h-{BAR_WIDTH}z"
                ),
                label=SafeString(month.count if status == topmost else ""),
                label_transform=SafeString(f"{transform}rotate(-90)" if rotated else transform),
            )
        )
    return bars


def _counts_and_bars(numbers: list[tuple[ReviewStatus, LinkedCount]], most: int) -> dict[str, Any]:
    """Return the counts and the bar of a row: `most` is the full length."""
    bars, before = [], 0
    for status, number in numbers:
        if number.count:
            start, size = (
                SafeString(f"{100 * part / most:.2f}%") for part in (before, number.count)
            )
            bars.append(BreakdownBar(status=status, href=number.href, start=start, size=size))
            before += number.count
    return {"bars": bars, "numbers": [(str(status.label), number) for status, number in numbers]}
