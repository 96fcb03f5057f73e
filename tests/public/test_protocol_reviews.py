"""A protocol's page shows what was decided about it, and when, and never more than was known."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from registers import changes
from registers.models import Change, Protocol, Review
from registers.reminders.answers import accept
from tests.public import pages
from tests.public.pages import facts, links
from tests.reminders.lines import a_line, a_review, an_answer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_register", "today")]

BY_PARTNERSHIP = "Reviewed in November 2026, recorded by the partnership"
PAGE = "/protocols/0046/"
MARCH = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)
NOVEMBER = datetime.datetime(2027, 11, 5, 12, tzinfo=datetime.UTC)
NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def text(page: Any) -> str:
    return pages.text(page).replace(" :", ":").replace(" ;", ";")


def record(
    day: str, month: str | None = "2029-03", *, at: datetime.datetime = NOON, **fields: Any
) -> None:
    given = {"outcome": "unchanged", "job_title": "Caldicott Guardian"}
    review = Review(
        protocol=Protocol.objects.get(pk="0046"),
        reviewed_on=datetime.date.fromisoformat(day),
        next_review=datetime.date.fromisoformat(f"{month}-01") if month else None,
        **given | fields,
    )
    changes.record_review(review, at=at)


def test_where_none_is_recorded_it_says_so(client: Client):
    page = client.get(PAGE)
    assert "reviews" in facts(page)["missing"]
    assert 'id="reviews"' not in page.content.decode()
    assert "recorded by the partnership" not in text(page)


def test_the_newest_stands_first_with_all_that_was_decided(client: Client):
    record("2022-04-20", "2024-04", note="All partners\n\nstill take part.")
    record("2024-05-02", "2026-10", outcome="changing", job_title="SIRO")
    record("2026-11-03")
    page = client.get(PAGE)
    words = text(page)
    first, second, third = (
        words.index(said)
        for said in (
            "3 November 2026: still needed, unchanged Decided by: Caldicott Guardian."
            " Next review: March 2029.",
            "2 May 2024: still needed, changes coming Decided by: SIRO. Next review: October 2026.",
            "20 April 2022: still needed, unchanged Decided by: Caldicott Guardian."
            " Next review: April 2024. All partners still take part.",
        )
    )
    assert first < second < third
    assert "Yes. Its review is due by 31 March 2029." in facts(page)["Is it in force?"]
    assert "reviews" not in facts(page)["missing"]


@pytest.mark.parametrize(
    ("answered", "outcome", "said"),
    [
        ("unchanged", "unchanged", "Confirmed by the lead in November 2026."),
        ("changing", "changing", "Confirmed by the lead in November 2026; changes are coming."),
        # A publisher decided otherwise than the lead answered.
        ("unchanged", "changing", f"{BY_PARTNERSHIP}; changes are coming."),
        (None, "unchanged", f"{BY_PARTNERSHIP}."),
    ],
)
def test_a_review_near_the_top_says_who_is_behind_it(client, officer, answered, outcome, said):
    record("2025-01-01", "2026-01", outcome="changing", at=NOON - datetime.timedelta(30))
    if answered:
        given = an_answer(a_line("0046"), choice=answered)
        accept(given, a_review("0046", outcome=outcome), at=NOON, by=officer)
    else:
        record("2026-11-03", outcome=outcome)
    page = client.get(PAGE)
    words = text(page)
    assert said in words
    assert said in facts(page)["Is it in force?"]
    assert "#reviews" in {address for address, _ in links(page)}


def test_what_was_replaced_leads_to_the_other(client: Client):
    record("2024-05-02", "2026-10")
    record("2026-11-03", None, outcome="replaced", replaced_by_id="0042")
    page = client.get(PAGE)
    words = text(page)
    assert facts(page)["Is it in force?"].startswith(
        "No. Withdrawn on 3 November 2026: Another protocol takes its place. Replaced by 0042"
    )
    assert "3 November 2026: replaced by another protocol Decided by: Caldicott Guardian." in words
    assert [address for address, _ in links(page)].count("/protocols/0042/") == 2
    assert "recorded by the partnership" not in words


def test_what_is_no_longer_needed_says_why(client: Client):
    record("2026-11-03", None, outcome="ended", note="The service closed.")
    words = text(client.get(PAGE))
    assert "Withdrawn on 3 November 2026: The service closed." in words
    assert "3 November 2026: no longer needed" in words
    assert "recorded by the partnership" not in words


class TestOnAnotherDay:
    """The two were made, and then recorded: in March and in November 2027."""

    @pytest.fixture(autouse=True)
    def reviews(self, real_register, today) -> Iterator[None]:
        record("2027-02-20", "2028-04", at=MARCH)
        record("2027-11-03", at=NOVEMBER)
        with time_machine.travel(NOVEMBER + datetime.timedelta(days=30), tick=False):
            yield

    @pytest.mark.parametrize(
        ("day", "shown", "hidden"),
        [
            (
                "2027-11-05",
                [
                    "in November 2027",
                    "3 November 2027: still",
                    "20 February 2027: still",
                    "Yes. Its review is due by 31 March 2029.",
                ],
                ["is not known: the register"],
            ),
            (
                "2027-11-04",
                ["in February 2027", "Its review is due by 30 April 2028."],
                ["3 November 2027: still"],
            ),
            (
                "2027-03-01",
                ["in February 2027", "Its review is due by 30 April 2028"],
                ["November 2027:"],
            ),
            (
                "2027-02-28",
                ["documents and reviews.", "overdue by 4 years. It was due by 30 April 2022."],
                [
                    "recorded by the partnership",
                    "20 February 2027: still",
                    "is not known: the register",
                ],
            ),
            (
                "2022-04-30",
                [
                    "is not known: the register",
                    "documents and reviews.",
                    "due soon. It is due by 30 April 2022.",
                ],
                ["recorded by the partnership", "20 February 2027: still"],
            ),
            ("2031-01-01", ["in November 2027", "overdue by 1 year", "a date in the future"], []),
        ],
    )
    def test_no_later_review_pretends_to_have_been_there(self, client: Client, day, shown, hidden):
        words = text(client.get(PAGE, {"on": day}))
        assert "Not today’s page." in words
        for said in shown:
            assert said in words
        for said in hidden:
            assert said not in words

    def test_a_date_that_a_later_review_set_judges_no_day_before(self, client: Client):
        # As of a register from before records were kept: its first state is after a review.
        Change.objects.filter(protocol="0046", made_at__lt=MARCH).delete()
        words = text(client.get(PAGE, {"on": "2026-11-25"}))
        assert "This protocol was not in this register" in words
        words = text(client.get(PAGE, {"on": "2026-11-21"}))
        assert "is not known here: a review on 20 February 2027 has changed the date" in words
        assert "Reviews None by 21 November 2026." in words
