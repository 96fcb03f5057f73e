"""A protocol's page shows what was decided about it, and when, and never more than was known."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from registers import changes
from registers.models import Party, Protocol, Review
from tests.public import pages
from tests.public.pages import links

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_register", "today")]

PAGE = "/protocols/0046/"
NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def text(page: Any) -> str:
    return pages.text(page).replace(" :", ":").replace(" ;", ";")


def record(day: str, month: str | None = "2029-03", **fields: Any) -> None:
    given = {"outcome": "unchanged", "job_title": "Caldicott Guardian"}
    review = Review(
        protocol=Protocol.objects.get(pk="0046"),
        reviewed_on=datetime.date.fromisoformat(day),
        next_review=datetime.date.fromisoformat(f"{month}-01") if month else None,
        **given | fields,
    )
    changes.record_review(review, at=NOON)


def test_where_none_is_recorded_it_says_so(client: Client):
    words = text(client.get(PAGE))
    assert "Reviews Not recorded" in words
    assert "Confirmed" not in words


def test_the_newest_stands_first_with_all_that_was_decided(client: Client):
    record("2022-04-20", "2024-04", note="All partners\n\nstill take part.")
    record("2024-05-02", "2026-10", outcome="changing", job_title="SIRO")
    record("2026-11-03")
    words = text(client.get(PAGE))
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
    assert "In force. Review due by 31 March 2029. In date" in words


@pytest.mark.parametrize(
    ("outcome", "has_lead", "said"),
    [
        ("unchanged", True, "Confirmed by the lead in November 2026."),
        ("changing", True, "Confirmed by the lead in November 2026; changes are coming."),
        ("unchanged", False, "Confirmed in November 2026."),
        ("changing", False, "Confirmed in November 2026; changes are coming."),
    ],
)
def test_what_was_confirmed_is_said_near_the_top(client: Client, outcome, has_lead, said):
    record("2025-01-01", "2026-01", outcome="changing")
    record("2026-11-03", outcome=outcome)
    if not has_lead:
        Party.objects.filter(protocol="0046", role="lead").delete()
    page = client.get(PAGE)
    words = text(page)
    assert said in words
    assert words.index(said) < words.index("Purpose")
    assert "#reviews" in {address for address, _ in links(page)}


def test_what_was_replaced_leads_to_the_other(client: Client):
    record("2024-05-02", "2026-10")
    record("2026-11-03", None, outcome="replaced", replaced_by_id="0042")
    page = client.get(PAGE)
    words = text(page)
    assert "Since: 3 November 2026 Why: Another protocol takes its place. Replaced by 0042" in words
    assert "3 November 2026: replaced by another protocol Decided by: Caldicott Guardian." in words
    assert [address for address, _ in links(page)].count("/protocols/0042/") == 3
    assert "Confirmed" not in words


def test_what_is_no_longer_needed_says_why(client: Client):
    record("2026-11-03", None, outcome="ended", note="The service closed.")
    words = text(client.get(PAGE))
    assert "Why: The service closed." in words
    assert "3 November 2026: no longer needed" in words
    assert "Confirmed" not in words


class TestOnAnEarlierDay:
    @pytest.fixture(autouse=True)
    def reviews(self, real_register) -> None:
        record("2022-04-20", "2024-04")
        record("2026-11-03")

    @pytest.mark.parametrize(
        ("day", "shown", "hidden"),
        [
            (
                "2026-11-03",
                ["in November 2026", "3 November 2026: still", "In date"],
                ["not known"],
            ),
            (
                "2026-11-02",
                ["in April 2022", "20 April 2022: still", "is not known here"],
                ["3 November 2026: still", "In date", "Review due by"],
            ),
            ("2022-04-20", ["in April 2022", "20 April 2022: still"], ["3 November 2026: still"]),
            (
                "2022-04-19",
                ["Reviews None by 19 April 2022.", "a review on 3 November 2026 has set the date"],
                ["Confirmed", "20 April 2022: still", "Overdue", "Not recorded Details"],
            ),
            ("2031-01-01", ["in November 2026", "Overdue by 1 year"], ["not known"]),
        ],
    )
    def test_no_later_review_pretends_to_have_been_there(self, client: Client, day, shown, hidden):
        words = text(client.get(PAGE, {"on": day}))
        assert "and the reviews are those made by then" in words
        for said in shown:
            assert said in words
        for said in hidden:
            assert said not in words
