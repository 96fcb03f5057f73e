"""Where the bars of a drawing stand."""

from __future__ import annotations

import datetime

import pytest
from django.utils.safestring import SafeString

from registers.models.review_dates import ReviewStatus
from registers.public.charts import (
    MAX_HEIGHT,
    MIN_HEIGHT,
    LinkedCount,
    calendar_chart,
    overdue_chart,
)
from registers.search.reviews import Calendar, Month, QueryCount, Year

DAY = datetime.date(2026, 11, 22)
NONE = QueryCount(count=0, query={})


def link(figure: QueryCount) -> LinkedCount:
    return LinkedCount(count=figure.count, href=SafeString("/?list" if figure.count else ""))


def drawn(**by_status: int):
    """A year in which one month alone has reviews: March."""
    statuses = {ReviewStatus[n]: QueryCount(count=c, query={}) for n, c in by_status.items()}
    months = [
        Month(number=2026 * 12 + place, by_status=statuses if place == 2 else {})
        for place in range(12)
    ]
    whole = QueryCount(count=months[2].count, query={})
    year = Year(number=2026, whole=whole, months=months)
    return calendar_chart(
        Calendar(years=[year], earlier=NONE, later=NONE, ahead=NONE), link, on=DAY
    )


def test_bars_of_a_month_stand_on_each_other():
    # A month has one status; were it otherwise, the picture would still be right.
    first, second = drawn(OVERDUE=3, DUE_SOON=1).years[0].bars
    ground = MAX_HEIGHT + 17
    assert first.path == f"M54.0 {ground - MAX_HEIGHT * 3 / 4:.1f}h17v{MAX_HEIGHT * 3 / 4:.1f}h-17z"
    assert second.path == f"M54.0 {ground - MAX_HEIGHT:.1f}h17v{MAX_HEIGHT / 4:.1f}h-17z"
    assert (first.label, second.label) == ("", "4")
    assert second.label_transform == "translate(62.5 13.0)"
    assert (first.status_label, first.name) == ("Overdue", "March 2026")


def test_one_among_thousands_can_be_seen():
    calendar = drawn(OVERDUE=5000, DUE_SOON=1)
    assert f"v{MIN_HEIGHT}h" in calendar.years[0].bars[1].path
    assert calendar.years[0].bars[1].label_transform.endswith("rotate(-90)")
    # There is room for the long number over the bar.
    assert calendar.ground > MAX_HEIGHT + 4 * 7


def test_the_month_of_the_day_is_marked():
    assert drawn(OVERDUE=1).years[0].now == f"{25 * 10.5}"


def test_nothing_is_drawn_of_nothing():
    calendar = drawn()
    assert calendar.years[0].bars == []
    assert calendar.years[0].letters == "JFMAMJJASOND"


@pytest.mark.parametrize(("counts", "sizes"), [((1, 4), ["25.00%", "100.00%"]), ((0, 0), [])])
def test_a_line_is_as_long_as_its_number(counts, sizes):
    lines = overdue_chart(
        {str(place): QueryCount(count=count, query={}) for place, count in enumerate(counts)}, link
    )
    assert [bar.size for line in lines for bar in line.bars] == sizes
    assert [line.numbers[0][0] for line in lines] == ["Overdue", "Overdue"]
