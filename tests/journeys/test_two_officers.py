"""Two officers decide about one protocol in the same moment."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from registers import changes
from registers.models import Protocol, Review
from tests.threads import close_connection

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite writes one transaction after the other, and in memory nobody waits",
    ),
]

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
OFFICERS = 2
ENDED = {"outcome": "ended", "note": "The service closed."}
KEPT = {"outcome": "unchanged", "next_review": datetime.date(2029, 3, 1)}


def at_once(*decisions: dict[str, Any]) -> list[str]:
    """Let each officer record a review in the same moment; return what they are told, sorted."""
    together = threading.Barrier(OFFICERS)

    def decide(decision: dict[str, Any]) -> str:
        try:
            # Each reads the register before the other has decided.
            named = {"protocol", "replaced_by"}
            read = {
                name: Protocol.objects.get(pk=decision[name]) for name in named & decision.keys()
            }
            review = Review(**decision | read, reviewed_on=NOON.date(), job_title="SIRO")
            together.wait()
            changes.record_review(review, at=NOON)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        finally:
            close_connection()
        return ""

    with ThreadPoolExecutor(OFFICERS) as officers:
        return sorted(officers.map(decide, decisions))


@pytest.mark.parametrize("decision", [KEPT, ENDED], ids=["confirmed", "ended"])
def test_one_review_is_recorded_and_the_other_officer_is_told(real_register, decision):
    said = at_once(*[{"protocol": "0046"} | decision] * OFFICERS)
    assert said[0] == ""
    assert "recorded already" in said[1] or "is not in force" in said[1]
    assert Review.objects.count() == 1
    assert Protocol.objects.get(pk="0046").changes.count() == OFFICERS


def test_they_cannot_let_two_protocols_replace_each_other(real_register):
    said = at_once(
        {"protocol": "0053", "outcome": "replaced", "replaced_by": "0073"},
        {"protocol": "0073", "outcome": "replaced", "replaced_by": "0053"},
    )
    assert said == ["", "These protocols would replace each other."]
    assert Review.objects.count() == 1
