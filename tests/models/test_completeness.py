"""What is missing of a protocol: in the database, in memory, and by a slow plain version."""

from __future__ import annotations

import datetime
from random import Random

import pytest

from registers.models import Document, Party, Protocol
from registers.models.completeness import BY_KEY, RECORD_ITEMS, missing, recorded_count
from tests.makers import make_rich_register
from tests.public.pages import facts

pytestmark = pytest.mark.both_databases

DAY = datetime.date(2026, 11, 22)
TEXTS = ("version", "purpose", "summary", "information_items", "data_subjects", "lawful_basis")
KEYS = {
    *(name.replace("_", "-") for name in TEXTS),
    *("lead", "signed", "parties-complete", "review-date", "published-on", "documents"),
}


def slowly_missing(protocol: Protocol) -> set[str]:
    """As somebody would say who reads the page and its tables line by line."""
    lacking = {item.key for item in RECORD_ITEMS} - KEYS  # added later, and never filled in here
    lacking |= {name.replace("_", "-") for name in TEXTS if getattr(protocol, name) == ""}
    parties = [party for party in Party.objects.all() if party.protocol_id == protocol.pk]
    if "lead" not in [party.role for party in parties]:
        lacking.add("lead")
    if not parties or None in [party.signed_on for party in parties]:
        lacking.add("signed")
    if protocol.parties_complete is None:
        lacking.add("parties-complete")
    if protocol.review_date is None:
        lacking.add("review-date")
    if protocol.published_on is None and protocol.status in {"published", "withdrawn"}:
        lacking.add("published-on")
    papers = [paper for paper in Document.objects.all() if paper.protocol_id == protocol.pk]
    if all(paper.taken_off for paper in papers):
        lacking.add("documents")
    return lacking


@pytest.fixture
def varied(empty_register) -> list[Protocol]:
    """A rich register in which any of the things may be there, or not."""
    make_rich_register(11)
    random = Random(7)
    protocols = list(Protocol.objects.all())
    for number, protocol in enumerate(protocols):
        for name in TEXTS:
            setattr(protocol, name, random.choice(("", "Something.")))
        protocol.parties_complete = random.choice((None, True, False))
        protocol.published_on = random.choice((None, DAY))
        protocol.save()
        if random.random() < 0.5:
            protocol.parties.update(signed_on=DAY)
        elif first := protocol.parties.first():
            Party.objects.filter(pk=first.pk).update(signed_on=DAY)
        for taken_off in ((), (True,), (False,), (True, False))[number % 4]:
            Document.objects.create(
                protocol=protocol, title="Signed", file="signed.pdf", taken_off=taken_off
            )
    return list(Protocol.objects.with_parties().prefetch_related("documents"))


def test_each_thing_is_the_same_in_the_database_in_memory_and_slowly(varied):
    seen = set()
    for protocol in varied:
        expected = slowly_missing(protocol)
        assert {thing.key for thing in missing(protocol)} == expected, protocol
        asked = {
            thing.key
            for thing in RECORD_ITEMS
            if Protocol.objects.filter(thing.lacking, pk=protocol.pk).exists()
        }
        assert asked == expected, protocol
        seen |= {(thing.key, thing.key in expected) for thing in RECORD_ITEMS}
    # Each was missing once at least, and was there once.
    assert {(key, is_missing) for key, is_missing in seen if key in KEYS} == {
        (key, is_missing) for key in KEYS for is_missing in (True, False)
    }


def test_the_number_to_order_by_is_that_of_the_things(varied):
    counted = dict(Protocol.objects.annotate(n=recorded_count()).values_list("pk", "n"))
    assert counted == {each.pk: len(RECORD_ITEMS) - len(slowly_missing(each)) for each in varied}


def test_every_thing_has_a_key_of_its_own():
    assert len(BY_KEY) == len(RECORD_ITEMS)
    assert BY_KEY.keys() >= KEYS


@pytest.mark.usefixtures("real_register")
def test_what_is_missing_is_said_by_the_page(client):
    """A protocol with nothing has every thing missing, and its page says so of each."""
    protocol = Protocol.objects.get(pk="0012")
    Party.objects.filter(protocol="0012").delete()
    Protocol.objects.filter(pk="0012").update(
        **dict.fromkeys(TEXTS, ""), parties_complete=None, review_date=None, published_on=None
    )
    protocol = Protocol.objects.get(pk="0012")
    assert missing(protocol) == list(RECORD_ITEMS)
    shown = facts(client.get("/protocols/0012/"))
    on_top = {
        "lead": shown["Who leads it?"] == "Not recorded",
        "purpose": shown["Why?"] == "Not recorded",
        "data-subjects": shown["About whom?"] == "Not recorded",
        "review-date": "No review date is recorded" in shown["Is it in force?"],
    }
    for item in RECORD_ITEMS:
        assert on_top.get(item.key) or item.words.lower() in shown["missing"].lower(), item.key
