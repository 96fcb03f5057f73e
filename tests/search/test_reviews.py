"""The numbers of the dashboard: each against a slow count, and against a table made by hand."""

from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import product
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from registers.models import Organisation, Protocol, Theme
from registers.search.index import month_number
from registers.search.query_string import ProtocolFilter
from registers.search.results import Results
from registers.search.review_breakdowns import by_lead, by_theme, most_overdue
from registers.search.reviews import (
    Calendar,
    QueryCount,
    ReviewSummary,
    by_month,
    by_time_overdue,
    last_overdue,
    review_summary,
)
from tests.lengths import times
from tests.makers import OrganisationFactory, ProtocolFactory, ThemeFactory, make_protocols
from tests.search import reviews_slowly as slowly
from tests.search.links_slowly import read_links
from tests.search.questions import DAYS, results_of
from tests.search.reviews_slowly import end_of_month, later_by_months
from weisf.partnership import ReviewRule

pytestmark = pytest.mark.django_db
NOVEMBER, JUNE = datetime.date(2026, 11, 22), datetime.date(2022, 6, 30)
QUESTIONS = [
    {},
    {"theme": ["alpha", "delta"]},
    {"organisation": ["ashdown-council"]},
    {"organisation": ["birch-trust", "willow-water"], "role": "lead"},
    {"role": "partner"},
    {"organisation": ["yarrow-youth"]},
]
days = st.dates(datetime.date(2, 1, 1), datetime.date(9998, 12, 31))


def chosen_by(asked: dict, on: datetime.date = NOVEMBER):
    """The index, and what a question chooses in it."""
    found: ProtocolFilter = results_of(urlencode(asked, doseq=True), on).filters
    return found.index, found.excluding()


def numbers(by_status: dict) -> dict[str, int]:
    return {status.value: figure.count for status, figure in by_status.items()}


# Against a slow count --------------------------------------------------------------------------


def check_how_they_stand(index, chosen, kept):
    for on in DAYS:
        found = review_summary(index, chosen, on)
        assert found.whole.count == len(kept)
        assert numbers(found.by_status) == slowly.statuses(kept, on)
        dated = [each["month"] for each in kept if each["month"]]
        assert found.overdue_past_grace.count == sum(slowly.overdue_more(m, 3, on) for m in dated)
        assert found.overdue_year.count == sum(slowly.overdue_more(m, 12, on) for m in dated)
        assert found.due_now.count == dated.count(on.replace(day=1))
        first, last = found.quarter
        assert on < first
        assert (first.month % 3, last.month - first.month, last.year) == (1, 2, first.year)
        assert found.next_quarter.count == sum(first <= month <= last for month in dated)
        assert found.earliest == (end_of_month(min(dated)) if dated else None)
        lengths = by_time_overdue(index, chosen, on)
        assert [figure.count for figure in lengths.values()] == slowly.lengths(kept, on)
        assert sum(f.count for f in lengths.values()) == slowly.statuses(kept, on)["overdue"]


@pytest.mark.parametrize("months", [1, 3, 11])
def test_the_partnership_says_how_long_its_grace_is(settings, months):
    rule = ReviewRule(months_of_grace=months)
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, review=rule)
    index, chosen = chosen_by({}, JUNE)
    dated = [each for each in Protocol.objects.values_list("review_date", flat=True) if each]
    late = sum(slowly.overdue_more(month, months, JUNE) for month in dated)
    assert review_summary(index, chosen, JUNE).overdue_past_grace.count == late
    lengths = list(by_time_overdue(index, chosen, JUNE).values())
    assert sum(figure.count for figure in lengths[1:]) == late
    assert any(each.count for each in lengths)


def check_by_month(index, chosen, kept):
    for on in DAYS:
        calendar, slow = by_month(index, chosen, on), slowly.months(kept, on)
        shown = [month for year in calendar.years for month in year.months]
        assert shown[0].number % 12 == 0
        assert [month.number for month in shown] == list(
            range(shown[0].number, month_number(on) + 24 + 1)
        )
        for month in shown:
            key = (month.first_day.year, month.first_day.month)
            assert numbers(month.by_status) == slow.get(key, {})
        for year in calendar.years:
            assert year.whole.count == sum(month.count for month in year.months)
        assert calendar.earlier.count == _months_between(slow, (0, 0), shown[0])
        assert calendar.later.count == sum(
            sum(statuses.values())
            for (year, month), statuses in slow.items()
            if year * 12 + month - 1 > shown[-1].number
        )
        assert calendar.ahead.count == sum(
            month.count for month in shown if month.number > month_number(on)
        )
        largest = max(month.count for month in shown)
        assert (calendar.busiest.count if calendar.busiest else 0) == largest


def _months_between(slow, first, last) -> int:
    return sum(
        sum(statuses.values())
        for (year, month), statuses in slow.items()
        if first <= (year, month) and year * 12 + month - 1 < last.number
    )


def check_by_theme(index, chosen, kept):
    order = list(Theme.objects.values_list("slug", flat=True))
    for on in DAYS:
        lines, slow = by_theme(index, chosen, on), slowly.by_theme(kept, on)
        assert [line.subject.slug for line in lines] == [slug for slug in order if slug in slow]
        for line in lines:
            assert numbers(line.by_status) == slow[line.subject.slug]
            assert line.whole.count == sum(slow[line.subject.slug].values())
            assert line.overdue == slow[line.subject.slug]["overdue"]
        worst = max((each["overdue"] for each in slow.values()), default=0)
        assert {line.subject.slug for line in most_overdue(lines)} == {
            slug for slug, each in slow.items() if each["overdue"] == worst and worst
        }


def check_by_lead_organisation(index, chosen, kept):
    links = read_links()
    for on, most in product(DAYS, (3, 100)):
        leads, slow = by_lead(index, chosen, on, most=most), slowly.by_lead(kept, on, links)
        ranks = sorted((-each["overdue"], -sum(each.values())) for each in slow.values())
        shown = {line.subject.slug for line in leads.lines}
        assert [(-line.overdue, -line.whole.count) for line in leads.lines] == ranks[:most]
        for line in leads.lines:
            assert numbers(line.by_status) == slow[line.subject.slug]
        covered = [slowly.led_by(slug, kept, on, links) for slug in shown]
        rest = [each for each in kept if each["leads"] and all(each not in c for c in covered)]
        assert leads.others == len({slug for each in rest for slug in each["leads"]})
        assert leads.others_whole == len(rest)
        assert leads.others_overdue == slowly.statuses(rest, on)["overdue"]
        assert leads.without_lead == sum(not each["leads"] for each in kept)


def test_every_number_is_that_of_a_slow_count(rich_register):
    for asked in QUESTIONS:
        index, chosen = chosen_by(asked, NOVEMBER)
        kept = slowly.in_force(NOVEMBER, **asked)
        assert bool(kept) == (asked != QUESTIONS[-1])
        check_how_they_stand(index, chosen, kept)
        check_by_month(index, chosen, kept)
        check_by_theme(index, chosen, kept)
        check_by_lead_organisation(index, chosen, kept)


def figures_of(now: ReviewSummary, calendar: Calendar, lines, lengths) -> list[QueryCount]:
    """Every number that has a list."""
    found = [
        now.whole,
        now.overdue_past_grace,
        now.overdue_year,
        now.due_now,
        now.next_quarter,
        *now.by_status.values(),
    ]
    found += [calendar.earlier, calendar.later, calendar.ahead, *lengths.values()]
    for year in calendar.years:
        found += [year.whole, *(f for m in year.months for f in m.by_status.values())]
    for line in lines:
        found += [line.whole, *line.by_status.values()]
    return found


@pytest.mark.parametrize("on", [NOVEMBER, *DAYS[-4:]], ids=str)
def test_every_number_asks_for_a_list_of_its_length_on_any_day(one_rich_register, on):
    index, chosen = chosen_by({})
    lines = [
        *by_theme(index, chosen, on),
        *by_lead(index, chosen, on, most=99).lines,
    ]
    figures = figures_of(
        review_summary(index, chosen, on),
        by_month(index, chosen, on),
        lines,
        by_time_overdue(index, chosen, on),
    )
    assert sum(figure.count > 0 for figure in figures) > 40
    for figure in figures:
        if figure.count:
            # The register judges on a day of its own: of whom it lists may depend on it alone.
            for day in {on} if "organisation" in figure.query else {NOVEMBER, JUNE}:
                assert Results(QueryDict(urlencode(figure.query)), on=day).count == figure.count
        else:
            assert figure.query == {}


# Days ------------------------------------------------------------------------------------------

# For how many months, on which day, up to which month: the months by hand.
EDGES = {
    "an ordinary day": (3, "2026-11-22", "2026-07"),
    "31 July + 3 months is 31 October, today": (3, "2026-10-31", "2026-06"),
    "the day after": (3, "2026-11-01", "2026-07"),
    "28 February + 3 months is today": (3, "2026-05-28", "2026-01"),
    "28 February + 3 months was yesterday": (3, "2026-05-29", "2026-02"),
    "29 February + 3 months is today": (3, "2028-05-29", "2028-01"),
    "29 February + 3 months was yesterday": (3, "2028-05-30", "2028-02"),
    "30 November + 3 months is 28 February, today": (3, "2027-02-28", "2026-10"),
    "30 November + 3 months was 28 February": (3, "2027-03-01", "2026-11"),
    "30 September + 3 months was yesterday": (3, "2026-12-31", "2026-09"),
    "30 September + 3 months is today": (3, "2026-12-30", "2026-08"),
    "a year to the day": (12, "2026-11-30", "2025-10"),
    "a year and a day": (12, "2026-12-01", "2025-11"),
    "28 February and a year, in a leap year": (12, "2028-02-28", "2027-01"),
    "28 February and a year was yesterday": (12, "2028-02-29", "2027-02"),
    "29 February and a year is 28 February, today": (12, "2029-02-28", "2028-01"),
    "29 February and a year was yesterday": (12, "2029-03-01", "2028-02"),
    "on the last day nothing of the month is overdue": (0, "2022-06-30", "2022-05"),
    "on the first all of the month before is": (0, "2022-07-01", "2022-06"),
}


@pytest.mark.parametrize(("months", "on", "last"), EDGES.values(), ids=EDGES)
def test_overdue_for_more_than_some_months(months, on, last):
    found = last_overdue(months, datetime.date.fromisoformat(on))
    assert f"{found // 12}-{found % 12 + 1:02}" == last


@given(st.sampled_from([0, 3, 12, 24, 36, 60]), st.dates(datetime.date(1900, 1, 1)))
def test_that_is_exactly_a_span_of_months(months, on):
    last = last_overdue(months, on)
    for number, expected in ((last, True), (last + 1, False)):
        month = datetime.date(number // 12, number % 12 + 1, 1)
        if month.year < 9990:
            assert (later_by_months(end_of_month(month), months) < on) is expected


@given(days)
@trying(max_examples=times(20, long=500))
@pytest.mark.has_long_form
def test_any_day_can_be_asked_for(on):
    index, chosen = chosen_by({}, on)
    now, lengths = review_summary(index, chosen, on), by_time_overdue(index, chosen, on)
    assert now.whole.count == sum(numbers(now.by_status).values()) == 25
    overdue = numbers(now.by_status)["overdue"]
    assert sum(figure.count for figure in lengths.values()) == overdue
    calendar = by_month(index, chosen, on)
    assert (
        calendar.earlier.count
        + calendar.later.count
        + sum(year.whole.count for year in calendar.years)
        == 25
    )
    assert len(calendar.years) <= 14
    for figure in figures_of(now, calendar, by_theme(index, chosen, on), lengths):
        if figure.count:
            assert results_of(urlencode(figure.query)).count == figure.count


def test_reviews_at_the_ends_of_time(empty_register):
    theme = ThemeFactory()
    for reference, year in (("7001", 1), ("7002", 1990), ("7003", 9999)):
        ProtocolFactory(
            reference=reference, theme=theme, review_date=datetime.date(year, 1 + (year > 9000), 1)
        )
    for on in (datetime.date(2, 1, 1), NOVEMBER, datetime.date(9998, 12, 31)):
        index, chosen = chosen_by({}, on)
        calendar = by_month(index, chosen, on)
        figures = [calendar.earlier, calendar.later, calendar.ahead]
        figures += [year.whole for year in calendar.years]
        figures += [*review_summary(index, chosen, on).by_status.values()]
        figures += by_time_overdue(index, chosen, on).values()
        for figure in figures:
            if figure.count:
                assert results_of(urlencode(figure.query)).count == figure.count
    assert calendar.years[-1].number == 9999


def test_years_long_ago_are_one_number(empty_register):
    theme = ThemeFactory()
    make_protocols(3, theme=theme, review_date=datetime.date(1990, 5, 1))
    make_protocols(2, theme=theme, review_date=datetime.date(2016, 1, 1))
    make_protocols(4, theme=theme, review_date=datetime.date(2028, 12, 1))
    calendar = by_month(*chosen_by({}), NOVEMBER)
    assert [year.number for year in calendar.years] == list(range(2016, 2029))
    assert len(calendar.years[-1].months) == 11
    assert (calendar.earlier.count, calendar.later.count) == (3, 4)
    assert calendar.earlier.query == {"review_to": "2015-12"}
    assert calendar.later.query == {"review_from": "2028-12"}


def test_a_register_with_nothing_in_force(empty_register):
    index, chosen = chosen_by({})
    assert review_summary(index, chosen, NOVEMBER).whole.count == 0
    calendar = by_month(index, chosen, NOVEMBER)
    assert [year.number for year in calendar.years] == [2026, 2027, 2028]
    assert calendar.busiest is None
    assert by_theme(index, chosen, NOVEMBER) == []
    assert by_lead(index, chosen, NOVEMBER, most=10).lines == []


def test_equal_leads_stand_by_name(empty_register):
    theme = ThemeFactory()
    for name in ("beta", "Alpha", "Gamma"):
        make_protocols(2, theme=theme, parties=[OrganisationFactory(name=name)])
    leads = by_lead(*chosen_by({}), NOVEMBER, most=10)
    assert [line.subject.name for line in leads.lines] == ["Alpha", "beta", "Gamma"]
    assert Organisation.objects.count() == 3


# The real register, by hand --------------------------------------------------------------------

# Reference; review month as the page of WEISF has it; then how it stands on 30 June 2022,
# the last day of that month, and on 22 November 2026. Worked out by hand.
BY_HAND = """
0012 Mar-2024 in-date  overdue
0017 May-2019 overdue  overdue
0018 Nov-2019 overdue  overdue
0032 Jan-2018 overdue  overdue
0036 Aug-2019 overdue  overdue
0037 Mar-2018 overdue  overdue
0042 Jun-2022 due-soon overdue
0043 Aug-2021 overdue  overdue
0044 May-2020 overdue  overdue
0045 Sep-2019 overdue  overdue
0046 Apr-2022 overdue  overdue
0072 Jul-2020 overdue  overdue
0053 Jun-2022 due-soon overdue
0054 Jun-2022 due-soon overdue
0055 Aug-2019 overdue  overdue
0056 Dec-2019 overdue  overdue
0057 Dec-2019 overdue  overdue
0058 Aug-2020 overdue  overdue
0059 Oct-2019 overdue  overdue
0071 Apr-2020 overdue  overdue
0073 Jun-2022 due-soon overdue
0061 Jun-2022 due-soon overdue
0067 Dec-2022 in-date  overdue
0069 Feb-2020 overdue  overdue
0062 Jun-2022 due-soon overdue
"""
ROWS = [line.split() for line in BY_HAND.split("\n") if line]


def test_the_table_by_hand_is_the_register(real_register):
    dates = Protocol.objects.values_list("reference", "review_date")
    assert {reference: f"{month:%b-%Y}" for reference, month in dates} == {
        reference: month for reference, month, *_ in ROWS
    }
    assert len(ROWS) == 25


@pytest.mark.parametrize(("on", "column"), [(JUNE, 2), (NOVEMBER, 3)])
def test_the_real_register_stands_as_the_table_says(real_register, on, column):
    index, chosen = chosen_by({})
    found = review_summary(index, chosen, on)
    by_hand = [row[column] for row in ROWS]
    assert numbers(found.by_status) == {s: by_hand.count(s) for s in slowly.STATUSES}
    for status, figure in found.by_status.items():
        if figure.count:
            listed = {each.pk for each in results_of(urlencode(figure.query)).page_protocols}
            assert listed == {row[0] for row in ROWS if row[column] == status.value}


def test_all_25_are_overdue_on_22_november_2026(real_register):
    found = review_summary(*chosen_by({}), NOVEMBER)
    assert (found.whole.count, numbers(found.by_status)["overdue"]) == (25, 25)
    assert (found.overdue_past_grace.count, found.overdue_year.count) == (25, 25)


def test_6_are_due_and_not_overdue_on_30_june_2022(real_register):
    found = review_summary(*chosen_by({}), JUNE)
    assert numbers(found.by_status) == {"overdue": 17, "due-soon": 6, "in-date": 2, "none": 0}
    assert found.due_now.count == 6
    assert found.due_now.query == {"review_from": "2022-06", "review_to": "2022-06"}
    # None of the two in date is due from July to September.
    assert found.next_quarter.count == 0
    in_march = review_summary(*chosen_by({}), datetime.date(2022, 3, 31))
    assert in_march.next_quarter.query == {"review_from": "2022-04", "review_to": "2022-06"}
    # The day after, they are.
    after = review_summary(*chosen_by({}), datetime.date(2022, 7, 1))
    assert numbers(after.by_status)["overdue"] == 23
    # Of 17, all but the one of April 2022 for more than 3 months; from May 2021 on, not a year.
    assert (found.overdue_past_grace.count, found.overdue_year.count) == (16, 15)


def test_how_long_the_real_ones_are_overdue(real_register):
    found = by_time_overdue(*chosen_by({}), NOVEMBER)
    assert [figure.count for figure in found.values()] == [0, 0, 0, 1, 8, 16]
