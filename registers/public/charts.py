"""The charts of the review dashboard: the position of each bar, and the list that it links to.

Lengths of horizontal bars are percentages; those of the calendar are in units of the
SVG image. There are hundreds of bars, so they are prepared for a fast template: as
tuples of strings that need no escaping.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from django.utils.text import get_text_list

from registers.models.review_dates import ReviewStatus, last_day, months_overdue, review_status
from registers.search.listed import ListedProtocol
from registers.search.review_breakdowns import Breakdown
from registers.search.reviews import Calendar, Month, QueryCount, Year
from registers.search.rows import Row

MONTHS = "JFMAMJJASOND"
MAX_BARS = 24  # more of them are folded, and the years are shown by their totals
MAX_NAMED_MONTHS = 2  # in the heading of a year
MONTH_WIDTH, BAR_WIDTH = 25, 17  # of a month, and of its bar
MAX_HEIGHT = 72
DIGIT_WIDTH = 7.5
MAX_HORIZONTAL_DIGITS = 3  # longer numbers are rotated to fit above a bar
LABEL_HEIGHT = 17
MIN_SCALE = 4  # so that a bar of one is not as high as the chart
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
    """One year with a review: the bars of its months, and the initials of all months shown.

    `months` says which have a review; `until` names the last month shown, where it is not
    December; `now` is the position of the marker of the current month, if that is shown.
    """

    name: str
    number: LinkedCount
    months: str
    bars: list[MonthBar]
    letters: str
    until: str
    now: str


@dataclass(frozen=True, kw_only=True)
class CalendarChart:
    """The years with a review, all on one scale; `ground` is the y position of the base line.

    `without` names the years in which no review is due, in words. `totals` are the years
    as rows, where the months have too many bars to be seen at a glance.
    """

    years: list[YearChart]
    first_year: int
    without: str
    totals: list[BreakdownRow]
    statuses: list[ReviewStatus]
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
    most = max(busiest.count if busiest else 0, MIN_SCALE)
    digits = len(str(most))
    rotated = digits > MAX_HORIZONTAL_DIGITS
    highest = round(MAX_HEIGHT * (busiest.count if busiest else 0) / most)
    ground = highest + (round(digits * DIGIT_WIDTH) + 6 if rotated else LABEL_HEIGHT)

    def bars(month: Month) -> list[MonthBar]:
        return _bars(month, link, most=most, ground=ground, rotated=rotated)

    full = [year for year in calendar.years if year.whole.count]
    number = sum(len(month.by_status) for year in full for month in year.months)
    found = {status for year in full for month in year.months for status in month.by_status}
    statuses = [status for status in ReviewStatus if status in found]
    return CalendarChart(
        years=[_year(year, bars, link, on=on) for year in full],
        first_year=calendar.years[0].number,
        without=years_without(calendar),
        totals=_year_totals(full, link, statuses) if number > MAX_BARS else [],
        statuses=statuses,
        ground=ground,
        rotated=rotated,
        earlier=link(calendar.earlier),
        later=link(calendar.later),
        ahead=link(calendar.ahead),
        busiest=busiest,
    )


def years_without(calendar: Calendar) -> str:
    """Return the shown years in which no review is due, such as '2021 or after 2022'."""
    if not any(year.whole.count for year in calendar.years):
        return ""
    parts = []
    last = calendar.years[-1]
    for is_full, some in groupby(calendar.years, key=lambda year: bool(year.whole.count)):
        years = list(some)
        if is_full:
            continue
        if years[-1] is last and not calendar.later.count:
            parts.append(f"after {years[0].number - 1}")
            continue
        names = [str(year.number) for year in years]
        if years[-1] is last and len(last.months) < len(MONTHS):
            names[-1] = _name(last.months[-1].first_day)
        parts.append(names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}")
    return get_text_list([part if part[0] == "a" else f"in {part}" for part in parts], "or")


def _year_totals(
    years: Iterable[Year], link: Link, statuses: Sequence[ReviewStatus]
) -> list[BreakdownRow]:
    """Return a row for each year: its reviews by status."""
    years = list(years)
    most = max(year.whole.count for year in years)
    return [
        BreakdownRow(
            label=str(year.number),
            href="",
            whole=link(year.whole),
            **_counts_and_bars(
                [(status, link(year.with_status(status))) for status in statuses], most
            ),
        )
        for year in years
    ]


@dataclass(frozen=True, kw_only=True)
class ReviewLine:
    """A protocol of a list by urgency: when its review is due, and its bar on one scale.

    `overdue` says for how long it is overdue; the bar is its length, and '' without one.
    """

    row: Row
    protocol: ListedProtocol
    due: datetime.date | None
    status: ReviewStatus
    overdue: str
    size: SafeString


def review_lines(rows: Iterable[Row], *, on: datetime.date) -> list[ReviewLine]:
    """Return the lines of a list, with bars from 0 to the months of the longest overdue."""
    protocols = [(row, row.listed) for row in rows if row.listed]
    most = max((months_overdue(each.review_date, on) for _, each in protocols), default=0)
    return [_review_line(row, protocol, most, on) for row, protocol in protocols]


def _review_line(row: Row, protocol: ListedProtocol, most: int, on: datetime.date) -> ReviewLine:
    month = protocol.review_date
    months, status = months_overdue(month, on), review_status(month, on)
    is_overdue = status == ReviewStatus.OVERDUE
    return ReviewLine(
        row=row,
        protocol=protocol,
        due=last_day(month) if month else None,
        status=status,
        overdue=months_in_words(months) if is_overdue else "",
        size=SafeString(f"{100 * months / most:.1f}%" if is_overdue and months else ""),
    )


def months_in_words(months: int, *, units: int = 2) -> str:
    """Return months as '7 years 2 months', in one unit as '7 years'; or 'under a month'."""
    words = [
        f"{number} {unit}{'' if number == 1 else 's'}"
        for number, unit in zip(divmod(months, 12), ("year", "month"), strict=True)
        if number
    ]
    return " ".join(words[:units]) or "under a month"


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
    """Return the chart of how many are overdue for how long, a row for each time that has any."""
    most = max(figure.count for figure in counts.values())
    return [
        BreakdownRow(
            label=words,
            href="",
            whole=link(figure),
            **_counts_and_bars([(ReviewStatus.OVERDUE, link(figure))], most),
        )
        for words, figure in counts.items()
        if figure.count
    ]


def _year(
    year: Year, bars: Callable[[Month], list[MonthBar]], link: Link, *, on: datetime.date
) -> YearChart:
    last = len(year.months)
    full = [f"{month.first_day:%B}" for month in year.months if month.by_status]
    return YearChart(
        name=str(year.number),
        number=link(year.whole),
        months=get_text_list(full, "and")
        if len(full) <= MAX_NAMED_MONTHS
        else f"{len(full)} months",
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
