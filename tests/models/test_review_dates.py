"""Review dates: overdue, due soon, in date, on every day, in Python and in the database."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from django.db.models import BooleanField, ExpressionWrapper
from hypothesis import given
from hypothesis import strategies as st

from registers.models import Protocol
from registers.models.review_dates import (
    ReviewStatus,
    last_day,
    last_month_due_soon,
    months_later,
    months_overdue,
    months_with,
    review_status,
    reviewed,
)
from tests.models.making import a_protocol, make_cast
from tests.models.oracles import end_of_month, later_by_months, months_past, status_of
from weisf.partnership import ReviewRule


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def month(text: str) -> datetime.date:
    return day(f"{text}-01")


EVERY_DAY = [
    day("2023-01-01") + datetime.timedelta(days=number)
    for number in range((day("2029-01-01") - day("2023-01-01")).days)
]
MONTHS = [datetime.date(year, number, 1) for year in range(2022, 2030) for number in range(1, 13)]
# The first and second of each month, and its last days: where February differs from the others.
BOUNDARY_DAYS = [each for each in EVERY_DAY if each.day <= 2 or each.day >= 27]

days = st.dates(day("1900-01-01"), day("2999-12-31"))
months = days.map(lambda each: each.replace(day=1))

STATUSES = {
    "its first day": ("2024-03", "2024-03-01", "due-soon", 0),
    "its last day": ("2024-03", "2024-03-31", "due-soon", 0),
    "the day after": ("2024-03", "2024-04-01", "overdue", 0),
    "one day short of a month after": ("2024-03", "2024-04-29", "overdue", 0),
    "a month after": ("2024-03", "2024-04-30", "overdue", 1),
    "a year after": ("2024-03", "2025-03-31", "overdue", 12),
    "a day short of a year after": ("2024-03", "2025-03-30", "overdue", 11),
    "the 29th of February": ("2024-02", "2024-02-29", "due-soon", 0),
    "after the 29th of February": ("2024-02", "2024-03-01", "overdue", 0),
    "after the 28th of February": ("2023-02", "2023-03-01", "overdue", 0),
    "the 31st of December": ("2023-12", "2023-12-31", "due-soon", 0),
    "the 1st of January": ("2023-12", "2024-01-01", "overdue", 0),
    "three months before, to the day": ("2024-03", "2023-12-31", "due-soon", 0),
    "a day more than three months before": ("2024-03", "2023-12-30", "in-date", 0),
    "31 October, for January": ("2024-01", "2023-10-31", "due-soon", 0),
    "30 October, for January": ("2024-01", "2023-10-30", "in-date", 0),
    "30 November, for a February of 29": ("2024-02", "2023-11-30", "due-soon", 0),
    "29 November, for a February of 29": ("2024-02", "2023-11-29", "due-soon", 0),
    "28 November, for a February of 29": ("2024-02", "2023-11-28", "in-date", 0),
    "30 November, for a February of 28": ("2025-02", "2024-11-30", "due-soon", 0),
    "28 November, for a February of 28": ("2025-02", "2024-11-28", "due-soon", 0),
    "27 November, for a February of 28": ("2025-02", "2024-11-27", "in-date", 0),
    "far away": ("2034-03", "2024-03-31", "in-date", 0),
}


@pytest.mark.parametrize(("due", "on", "status", "passed"), STATUSES.values(), ids=STATUSES)
def test_status_and_months_overdue_by_hand(due, on, status, passed):
    assert review_status(month(due), day(on)) == status
    assert status_of(month(due), day(on)) == status
    assert months_overdue(month(due), day(on)) == passed


def test_no_review_date_is_a_status_of_its_own():
    assert review_status(None, day("2024-02-29")) == ReviewStatus.NONE
    assert months_overdue(None, day("2024-02-29")) == 0


def test_statuses_stand_in_order_of_urgency():
    assert ReviewStatus.values == ["overdue", "due-soon", "in-date", "none"]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2023-11-30", 3, "2024-02-29"),
        ("2024-11-30", 3, "2025-02-28"),
        ("2023-12-31", 1, "2024-01-31"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-01-31", 0, "2024-01-31"),
        ("2024-01-01", -1, "2023-12-01"),
    ],
)
def test_months_later_by_hand(start, months, end):
    assert months_later(day(start), months) == day(end)


@given(days, st.integers(0, 60))
def test_months_later_agrees_with_counting(on, number):
    assert months_later(on, number) == later_by_months(on, number)


@given(months, days)
def test_status_agrees_with_the_plain_rule(due, on):
    assert review_status(due, on) == status_of(due, on)


@given(months, st.integers(-100, 1500))
def test_months_overdue_agrees_with_counting_days(due, distance):
    on = due + datetime.timedelta(days=distance)
    assert months_overdue(due, on) == months_past(due, on)


def test_every_day_of_six_years_agrees_with_the_plain_rule():
    ends = {each: end_of_month(each) for each in MONTHS}
    for on in EVERY_DAY:
        limit = later_by_months(on, 3)
        soon = [each for each in MONTHS if on <= ends[each] <= limit]
        assert last_month_due_soon(on) == soon[-1]
        assert [each for each in MONTHS if review_status(each, on) == "due-soon"] == soon
        assert [each for each in MONTHS if review_status(each, on) == "overdue"] == [
            each for each in MONTHS if ends[each] < on
        ]


@pytest.mark.parametrize("notice", [1, 6, 11])
def test_the_partnership_says_how_soon_a_review_is_due_soon(settings, notice):
    rule = ReviewRule(months_of_notice=notice)
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, review=rule)
    for on in BOUNDARY_DAYS[::7]:
        limit = later_by_months(on, notice)
        soon = [each for each in MONTHS if on <= end_of_month(each) <= limit]
        assert [each for each in MONTHS if review_status(each, on) == "due-soon"] == soon
        assert months_with(ReviewStatus.DUE_SOON, on)[1] == later_by_months(
            on.replace(day=1), len(soon) - 1
        )


@pytest.fixture
def a_protocol_for_each_month(db) -> None:
    make_cast()
    Protocol.objects.filter(reference__startswith="900").update(review_date=None)
    Protocol.objects.bulk_create(
        a_protocol(f"8{number:03}", review_date=due) for number, due in enumerate(MONTHS)
    )


@pytest.mark.both_databases
@pytest.mark.usefixtures("a_protocol_for_each_month")
def test_the_database_gives_each_protocol_the_status_that_python_gives_it():
    ours = Protocol.objects.filter(reference__regex="^(8|900)").order_by("reference")
    assert ours.count() == len(MONTHS) + 4
    for on in BOUNDARY_DAYS:
        conditions = [
            ExpressionWrapper(reviewed(status, on), BooleanField()) for status in ReviewStatus
        ]
        for due, *held in ours.values_list("review_date", *conditions):
            said = [status for status, holds in zip(ReviewStatus, held, strict=True) if holds]
            assert said == [review_status(due, on)], (due, on)


@pytest.mark.both_databases
@pytest.mark.usefixtures("a_protocol_for_each_month")
@pytest.mark.parametrize("on", ["2024-02-28", "2024-02-29", "2024-03-01", "2024-12-31"])
def test_each_status_asked_for_alone_gives_those_and_no_others(on):
    ours = Protocol.objects.filter(reference__regex="^(8|900)")
    for status in ReviewStatus:
        found = set(ours.filter(reviewed(status, day(on))))
        assert found == {each for each in ours if each.review_status(day(on)) == status}
        assert found


def test_a_protocol_answers_for_itself():
    protocol = Protocol(reference="9009", review_date=month("2024-02"))
    assert protocol.review_due_on == day("2024-02-29")
    assert protocol.review_status(day("2024-03-01")) == ReviewStatus.OVERDUE
    assert protocol.months_overdue(day("2024-03-31")) == 1
    assert Protocol(reference="9010").review_due_on is None
    assert last_day(day("2024-02-17")) == day("2024-02-29")
