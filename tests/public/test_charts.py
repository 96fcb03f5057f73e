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
    months_in_words,
    overdue_chart,
    years_without,
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
    assert (calendar.years, calendar.totals, calendar.without) == ([], [], "")


LATER = QueryCount(count=3, query={})


@pytest.mark.parametrize(
    ("full", "later", "words"),
    [
        ({2016, 2018, 2022}, NONE, "in 2017, in 2019 to 2021 or after 2022"),
        ({2016, 2018, 2022}, LATER, "in 2017, in 2019 to 2021 or in 2023 to March 2024"),
        (set(range(2016, 2024)), LATER, "in March 2024"),
        (set(range(2016, 2025)), NONE, ""),
        (set(), LATER, ""),
    ],
)
def test_years_without_a_review_are_one_sentence(full, later, words):
    years = [
        Year(
            number=year,
            whole=QueryCount(count=int(year in full), query={}),
            months=[
                Month(number=year * 12 + each, by_status={})
                for each in range(3 if year == 2024 else 12)
            ],
        )
        for year in range(2016, 2025)
    ]
    calendar = Calendar(years=years, earlier=NONE, later=later, ahead=NONE)
    assert years_without(calendar) == words


@pytest.mark.parametrize(
    ("months", "words"),
    [(0, "under a month"), (1, "1 month"), (12, "1 year"), (86, "7 years 2 months")],
)
def test_months_in_words(months, words):
    assert months_in_words(months) == words


@pytest.mark.parametrize(("counts", "sizes"), [((1, 0, 4), ["25.00%", "100.00%"]), ((0, 0), [])])
def test_a_line_is_as_long_as_its_number(counts, sizes):
    lines = overdue_chart(
        {str(place): QueryCount(count=count, query={}) for place, count in enumerate(counts)}, link
    )
    assert [bar.size for line in lines for bar in line.bars] == sizes
    assert [line.numbers[0][0] for line in lines] == ["Overdue"] * len(sizes)
