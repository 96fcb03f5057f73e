"""A protocol's changes page: before and after, whole, and never who."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.models import Change, Party, Protocol, Review
from tests.public.pages import links, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_register")]

PAGE = "/protocols/0046/changes/"
NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)


def change(day: int = 0, *, by=None, why: str = "", **fields) -> None:
    protocol = Protocol.objects.get(pk="0046")
    with changes.record_change(protocol, at=NOON + datetime.timedelta(days=day), by=by, why=why):
        for name, value in fields.items():
            setattr(protocol, name, value)
        changes.save(protocol)


def test_each_field_stands_with_its_before_and_after(client: Client, officer):
    change(by=officer, why="They asked.", title="Flood alerts", version="V2")
    words = text(client.get(PAGE))
    assert (
        "Title Before Access to the Child Health Information System for Schools After Flood alerts"
    ) in words
    assert "Version Before Nothing After V2" in words
    assert "Why: They asked." in words
    assert "Title changed from" not in words
    assert "olive" not in client.get(PAGE).content.decode().lower()


def test_parties_stand_row_by_row(client: Client):
    protocol = Protocol.objects.get(pk="0046")
    lead, partner = protocol.lead, protocol.partners[0]
    with changes.record_change(protocol, at=NOON):
        partner.note = "Temp workers"
        changes.save(partner)
        changes.remove(lead)
    words = text(client.get(PAGE))
    assert f"Lead organisation Before {lead.organisation}" in words
    assert f"After {partner.organisation} (Temp workers)" in words


def test_long_texts_are_whole_and_show_the_words_that_differ(client: Client):
    before = Protocol.objects.get(pk="0046").purpose
    after = f"{before} Nothing else is <b>shared</b>."
    change(purpose=after)
    page = client.get(PAGE)
    assert "<ins>Nothing else is &lt;b&gt;shared&lt;/b&gt;.</ins>" in page.content.decode()
    assert " ".join(before.split()) in text(page)


def test_a_review_is_one_of_the_differences(client: Client):
    review = Review(
        protocol=Protocol.objects.get(pk="0046"),
        reviewed_on=datetime.date(2026, 11, 24),
        outcome="unchanged",
        next_review=datetime.date(2029, 3, 1),
        job_title="SIRO",
    )
    changes.record_review(review, at=NOON)
    words = text(client.get(PAGE))
    review_words = "24 November 2026, still needed, unchanged; decided by: SIRO"
    assert f"Review Before Nothing After {review_words}" in words
    assert "Review date Before April 2022 After March 2029" in words


def test_where_no_record_was_kept_the_words_stand(client: Client):
    change(title="Flood alerts")
    Change.objects.filter(protocol="0046").update(snapshot=None)
    words = text(client.get(PAGE))
    assert "for Schools to Flood alerts." in words
    assert "Before" not in words


def test_a_day_that_is_over_leads_to_what_stood_there(client: Client):
    change(title="Flood alerts")
    with time_machine.travel(NOON, tick=False):
        addresses = [address for address, _ in links(client.get(PAGE))]
        assert "/protocols/0046/?on=2026-11-22" in addresses
        assert "/protocols/0046/?on=2026-11-25" not in addresses


def test_a_long_one_has_pages_that_join(client: Client):
    for day in range(51):
        change(day, version=f"V{day}.")
    Party.objects.filter(protocol="0046").delete()
    with CaptureQueriesContext(connection) as queries:
        first = text(client.get(PAGE))
    assert len(queries) <= 4
    assert "Version Before V0. After V1." in text(client.get(PAGE)) + first
    second = text(client.get(f"{PAGE}?page=2"))
    assert "Version Before V0. After V1." in first
    assert "Version Before Nothing After V0." in second
    assert "Added to this register." in second
    assert "After V1." not in second
    assert client.get(f"{PAGE}?page=3").status_code == 404
