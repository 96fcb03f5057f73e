"""A protocol's changes page: before and after, whole, and never who."""

from __future__ import annotations

import datetime
import json
import re

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.changes.correction import is_typing
from registers.history.snapshot import field_values
from registers.models import Change, Party, Protocol, Review, Theme
from tests.models.making import saved
from tests.public.pages import links, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_register")]

PAGE = "/protocols/0046/changes/"
NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)


def change(day: int = 0, *, by=None, why: str = "", typing: bool = False, **fields) -> None:
    protocol = Protocol.objects.get(pk="0046")
    at = NOON + datetime.timedelta(days=day)
    with changes.record_change(protocol, at=at, by=by, why=why, is_correction=typing):
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


def test_corrections_of_typing_are_folded_under_their_fields_and_in_the_feed(client: Client):
    change(title="Flod alerts", purpose="To warn people.")
    change(1, title="Flood alers", typing=True)
    change(2, title="Flood alerts", typing=True, why="A letter.")
    page = client.get(PAGE)
    folded = re.split(r'<details class="govuk-details">|</details>', page.content.decode())[-2]
    assert folded.count("<time") == 2
    assert "2 corrections of typing: Title<" in folded
    assert "Why: A letter." in folded
    assert "Title Before Flood alers After Flood alerts" in text(page)
    assert "4 changes recorded" in text(page)
    feed = client.get("/protocols.atom?q=flood").getvalue().decode()
    assert "Flod alerts" in feed
    assert feed.count(": typing corrected<") == 2
    since = {"modified_since": "2026-11-27", "q": "flood"}
    assert json.loads(client.get("/protocols.json", since).getvalue())["count"] == 1


MORE = {
    "another theme": lambda it: {"theme": Theme.objects.exclude(pk=it.theme_id).first()},
    "a day": lambda it: {"published_on": datetime.date(2020, 1, 1)},
    "a month": lambda it: {"review_date": datetime.date(2031, 1, 1)},
    "whether all are listed": lambda it: {"parties_complete": True},
    "another text": lambda it: {"title": "Floods"},
    "a new text": lambda it: {"version": "V2"},
    "a text that goes": lambda it: {"purpose": ""},
    "withdrawn": lambda it: {
        "status": "withdrawn",
        "withdrawn_on": NOON.date(),
        "withdrawn_reason": "Ended",
    },
}


@pytest.mark.parametrize("fields", MORE.values(), ids=MORE)
def test_more_than_typing_is_refused(fields):
    before = Protocol.objects.get(pk="0046")
    with pytest.raises(ValidationError) as refusal:
        change(typing=True, **fields(before))
    assert "is_correction" in refusal.value.error_dict
    assert field_values(Protocol.objects.get(pk="0046")) == field_values(before)


TYPED = {
    "letters exchanged": "Information that was shared form Essex Police",
    "a letter less, two in a long word": "Imfomation that was shard from Essex Police",
    "split, joined and marked": "Information that was shar-ed fromEssex Police.",
    "small, and with a mark on its own": "information that was shared - from essex Police",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_a_typing_error(typed):
    assert is_typing(typed, "Information that was shared from Essex Police")


MEANS_MORE = [
    ("It shall not be shared with the police.", "It shall be shared with the police."),
    ("children aged 0 to 5", "children aged 0 to 18"),
    ("Article 6(1)(e), public task", "Article 6(1)(a), public task"),
    ("Article 6 (1) (e)", "Article 6 (1) (a)"),
    ("shared with Essex Police", "shared with Sussex Police"),
    ("names, addresses", "names, addresses, HIV status, criminal record"),
    ("All of the schools", "None of the schools"),
    ("only adults", "adults"),
    ("may not able", "may notable"),
    ("they aren't told", "they arent told"),
    ("from Jan", "from Jun"),
    ("what is legal", "what is illegal"),
    ("which includes carers", "which excludes carers"),
    ("nurses and carers", "carers and nurses"),
    ("a public task", "a publisher task"),
    ("age < ten", "age > ten"),
    ("words", ""),
]


@pytest.mark.parametrize(("before", "after"), MEANS_MORE)
def test_another_meaning_is_no_typing_error(before, after):
    assert not is_typing(before, after)
    assert not is_typing(after, before)


@pytest.mark.parametrize("field", ["lawful_basis", "version"])
def test_some_texts_have_no_typing_errors(field):
    change(**{field: "Public taks"})
    with pytest.raises(ValidationError):
        change(1, typing=True, **{field: "Public task"})


def test_a_draft_has_no_corrections():
    draft = saved(Protocol(reference="9001", title="A draft"))
    with changes.record_change(draft, at=NOON, is_correction=True) as recorded:
        draft.title = "Quite another title"
        changes.save(draft)
    assert (recorded.change.kind, recorded.change.public) == (Change.Kind.CHANGED, False)


def test_a_party_is_more_than_typing():
    protocol = Protocol.objects.get(pk="0046")
    with (
        pytest.raises(ValidationError),
        changes.record_change(protocol, at=NOON, is_correction=True),
    ):
        changes.remove(protocol.partners[0])


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
