"""Who is due a reminder, against a plain rule, a timer's days, and a table made by hand."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registers import changes
from registers.models import Organisation, Protocol
from registers.models.review_dates import months_later
from registers.reminders.answers import refuse
from registers.reminders.due import (
    organisations_due,
    protocols_due,
    reminded_protocols,
    reminded_since,
)
from tests.conftest import TODAY
from tests.lengths import times
from tests.makers import PartyFactory, make_protocols, withdrawn
from tests.models.making import NOW
from tests.models.oracles import end_of_month
from tests.reminders.lines import an_answer
from tests.reminders.making import a_lead, led_by, reminded

JUNE = datetime.date(2026, 6, 1)  # due on 30 June
END = datetime.date(2026, 6, 30)


def days(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)


def is_due_slowly(month: datetime.date, sent: list[datetime.date], on: datetime.date) -> bool:
    """The rule as it is decided, in the plainest words."""
    due = end_of_month(month)
    if on <= due:
        come = [each for each in (due - days(90), due - days(30), due) if each <= on]
        return bool(come) and not any(day >= come[-1] for day in sent)
    since = [day for day in sent if day >= due]
    return not since or (on - max(since)).days >= 90


months = st.dates(datetime.date(2001, 1, 1), datetime.date(2090, 1, 1)).map(
    lambda day: day.replace(day=1)
)


@given(months, st.integers(-120, 500), st.lists(st.integers(-200, 0), max_size=3))
def test_the_rule_in_one_day_agrees_with_the_plain_one(month, distance, before):
    on = end_of_month(month) + days(distance)
    sent = [on + days(number) for number in before]
    since = reminded_since(month, on)
    assert is_due_slowly(month, sent, on) == (
        since is not None and not any(day >= since for day in sent)
    )


@pytest.mark.usefixtures("empty_register")
@pytest.mark.parametrize(
    ("notice", "expected"), [(1, [-30, 0, 90]), (3, [-90, -30, 0, 90]), (11, [-330, -30, 0, 90])]
)
def test_the_first_is_as_early_as_the_partnership_s_notice(settings, notice, expected):
    rule = replace(settings.PARTNERSHIP.review, months_of_notice=notice)
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, review=rule)
    lead, sent = a_lead("Ashdown", JUNE), []
    # Each day that should have one, those beside it, and some between.
    near = {day + step for day in expected for step in (-1, 0, 1)}
    for number in sorted(near | set(range(-400, 120, 40))):
        on = END + days(number)
        if organisations_due(on):
            sent.append(number)
            reminded(lead, on, *protocols_due(lead, on))
    assert sent == expected


def test_a_daily_timer_writes_at_90_30_and_0_days_and_then_every_90():
    sent: list[datetime.date] = []
    for number in range(-200, 400):
        on = END + days(number)
        since = reminded_since(JUNE, on)
        if since and not any(day >= since for day in sent):
            sent.append(on)
    assert [(day - END).days for day in sent] == [-90, -30, 0, 90, 180, 270, 360]


@pytest.mark.usefixtures("empty_register")
@pytest.mark.has_long_form
@pytest.mark.parametrize("seed", range(times(1, long=40)))
def test_years_of_a_timer_that_is_missed_and_fails_agree_with_the_plain_rule(seed):
    random = Random(seed)
    start = datetime.date(2024, 1, 1)
    drawn = [months_later(start, random.randint(-8, 14)) for _ in range(6)]
    leads = [a_lead("Ashdown", *drawn[:4]), a_lead("Birch", drawn[4]), a_lead("Cedar", drawn[5])]
    sent: dict[tuple[str, datetime.date], list[datetime.date]] = defaultdict(list)
    on = start
    for _run in range(60):
        on += days(random.choice((1, 1, 2, 7, 28)))
        if random.random() < 0.05:
            renew(random.choice(list(Protocol.objects.all())), on)
        due = {organisation.name for organisation in organisations_due(on)}
        for lead in leads:
            its = list(Protocol.objects.of_organisations([lead]))
            reasons = {p.pk for p in its if is_due_slowly(p.review_date, sent[key(p)], on)}
            about = [p for p in its if end_of_month(p.review_date) - days(90) <= on]
            told = protocols_due(lead, on)
            assert (lead.name in due) == bool(reasons), (on, lead)
            assert {p.pk for p in told} == {p.pk for p in about}
            assert {p.pk for p in told if p.is_due} == reasons
            if reasons:
                status = random.choice(("sent", "sent", "failed", "sending"))
                reminded(lead, on, *about, status=status)
                for protocol in about if status == "sent" else ():
                    sent[key(protocol)].append(on)
    assert sum(map(len, sent.values())) > 10


def key(protocol: Protocol) -> tuple[str, datetime.date]:
    return protocol.pk, protocol.review_date


def renew(protocol: Protocol, on: datetime.date) -> None:
    """Its review was done, and the next is a while away."""
    protocol.review_date = months_later(on.replace(day=1), 5)
    changes.save(protocol)


# Read off WEISF's page, by lead: what was overdue or due by 28 September 2022 (30 June and 90
# days), and nobody was ever told. 0067 was due in December.
ON_30_JUNE_2022 = {
    "Anglia Ruskin University": "0069",
    "Department for Education": "0059 0056",
    "Essex County Council": (
        "0037 0036 0055 0057 0071 0044 0072 0058 0043 0042 0053 0054 0061 0062 0073"
    ),
    "Home Office": "0032",
    "Provide": "0046",
    "Southend-on-Sea City Council": "0017 0018",
    "West Essex CCG": "0045",
}


@pytest.mark.both_databases
@pytest.mark.usefixtures("real_register")
def test_the_real_register_on_30_june_2022_and_three_months_on():
    june = datetime.date(2022, 6, 30)
    found = {each.name: each for each in organisations_due(june)}
    assert {
        name: " ".join(protocol.pk for protocol in protocols_due(each, june))
        for name, each in found.items()
    } == ON_30_JUNE_2022
    for each in found.values():
        reminded(each, june, *protocols_due(each, june))
    # On 1 July the place of one of them was taken, by a board that has not heard of it.
    (board,) = organisations_due(june + days(1))
    assert board.name == "NHS Hertfordshire and West Essex Integrated Care Board"
    reminded(board, june + days(1), *protocols_due(board, june + days(1)))
    assert organisations_due(june + days(1)) == []
    # On 28 September they are due again; on 2 October it is 90 days to 31 December.
    september = june + days(90)
    due = organisations_due(september)
    assert {each.name for each in due} == ON_30_JUNE_2022.keys() - {"West Essex CCG"}
    for each in due:
        reminded(each, september, *protocols_due(each, september))
    assert organisations_due(september + days(1)) == [board]
    reminded(board, september + days(1), *protocols_due(board, september + days(1)))
    assert organisations_due(datetime.date(2022, 10, 1)) == []
    (due,) = organisations_due(datetime.date(2022, 10, 2))
    assert due == Organisation.objects.named("DCLG").get()


@pytest.mark.usefixtures("real_register")
def test_all_25_of_the_real_register_are_told_of_today():
    assert reminded_protocols(TODAY).filter(is_due=True).count() == 25
    assert len(organisations_due(TODAY)) == 8


@pytest.mark.usefixtures("empty_register")
class TestWhoIsAsked:
    def test_a_partner_a_draft_a_withdrawn_one_and_one_without_a_month_are_no_reasons(self):
        ashdown = a_lead("Ashdown", None)
        led_by(ashdown, review_date=JUNE, status="draft")
        led_by(ashdown, review_date=JUNE, **withdrawn())
        birch = a_lead("Birch")
        PartyFactory(protocol=led_by(birch, review_date=JUNE), organisation=ashdown)
        (alone,) = make_protocols(1, review_date=JUNE)
        assert [each.name for each in organisations_due(END)] == ["Birch"]
        assert alone in reminded_protocols(END)

    def test_one_that_is_due_brings_what_is_due_soon_too(self):
        ashdown = a_lead("Ashdown", JUNE, datetime.date(2026, 8, 1), datetime.date(2026, 10, 1))
        told = protocols_due(ashdown, END)
        assert [(p.review_date.month, p.is_due) for p in told] == [(6, True), (8, True)]

    def test_twenty_that_fell_due_on_different_days_are_one_email_in_90_days(self):
        months = [datetime.date(2025, 1 + number % 12, 1) for number in range(20)]
        ashdown = a_lead("Ashdown", *months)
        sent = []
        for number in range(200):
            on = END + days(number)
            if organisations_due(on):
                sent.append(number)
                reminded(ashdown, on, *protocols_due(ashdown, on))
        assert sent == [0, 90, 180]

    def test_a_new_review_month_starts_afresh(self):
        ashdown = a_lead("Ashdown", JUNE)
        protocol = Protocol.objects.get()
        reminded(ashdown, END, protocol)
        assert not organisations_due(END + days(1))
        protocol.review_date = datetime.date(2026, 7, 1)
        changes.save(protocol)
        assert organisations_due(END + days(1)) == [ashdown]

    def test_whose_last_one_failed_stands_behind(self):
        ashdown, birch = a_lead("Ashdown", JUNE), a_lead("Birch", JUNE)
        reminded(ashdown, END, Protocol.objects.first(), status="failed")
        assert organisations_due(END + days(1)) == [birch, ashdown]

    @pytest.mark.parametrize(
        ("month", "first"),
        [
            ("2028-02", "2027-12-01"),  # due on 29 February 2028
            ("2027-02", "2026-11-30"),  # due on 28 February 2027
            ("2026-12", "2026-10-02"),  # due on 31 December
            ("2026-03", "2025-12-31"),  # due on 31 March
        ],
    )
    def test_it_begins_90_days_before(self, month, first):
        begins = datetime.date.fromisoformat(first)
        ashdown = a_lead("Ashdown", datetime.date.fromisoformat(f"{month}-01"))
        assert organisations_due(begins - days(1)) == []
        assert organisations_due(begins) == [ashdown]


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_register")
def test_it_asks_two_questions_however_many_protocols(django_assert_num_queries):
    for name in ("Ashdown", "Birch", "Cedar"):
        lead = a_lead(name)
        make_protocols(30, parties=[lead], review_date=JUNE)
    with django_assert_num_queries(2):  # successions, organisations
        assert len(organisations_due(END)) == 3
    birch = Organisation.objects.get(name="Birch")
    # Successions, protocols, parties, organisations with them, and (there being partners)
    # approvers.
    with django_assert_num_queries(4):
        assert len(protocols_due(birch, END)) == 30


@pytest.mark.both_databases
@pytest.mark.django_db
def test_nobody_is_asked_again_while_the_answer_waits(empty_register):
    lead = a_lead("Ashdown", JUNE, JUNE)
    first, second = protocols_due(lead, END)
    line = reminded(lead, END - days(100), first).lines.get()
    answer = an_answer(line, at=NOW)
    assert list(protocols_due(lead, END)) == [second]
    refuse(answer, at=NOW, by=None)
    assert list(protocols_due(lead, END)) == [first, second]


@pytest.mark.both_databases
@pytest.mark.django_db
def test_who_has_become_the_lead_has_not_heard_of_it(empty_register):
    before = a_lead("Before", JUNE)
    after = a_lead("After")
    protocol = protocols_due(before, END).get()
    reminded(before, END, protocol)
    assert organisations_due(END) == []
    protocol.parties.update(organisation=after)
    assert organisations_due(END) == [after]
    reminded(after, END, protocol)
    assert organisations_due(END) == []
