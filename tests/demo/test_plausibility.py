"""What is made up fits together: kinds of bodies, their approvers, topics, and days."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from random import Random

import feedparser
import pytest
from django.test import Client

from demo.organisations import KINDS, Parties, make_cast
from demo.protocols import Protocols
from demo.vocabulary import COUNTY, TOPICS, VOCABULARY, Topic
from registers.models import (
    Approver,
    Change,
    News,
    Organisation,
    Party,
    Protocol,
    Review,
    Succession,
    Theme,
)
from tests.conftest import TODAY
from tests.demo.conftest import PROTOCOLS
from tests.models.making import NOW

NAMES = VOCABULARY["organisations"]
EVERY_TOPIC = list(itertools.chain(*TOPICS))
# The kind of body by how its name begins or ends: found here in another way than it is made.
KNOWN = dict(
    [
        NAMES["first"],
        *NAMES["known"],
        *NAMES["groups"],
        *(each["old"] for each in NAMES["became"]),
    ]
)
ENDINGS = {form.removeprefix("{place}"): kind for form, kind in (*NAMES["often"], *NAMES["seldom"])}
LONGEST_FIRST = sorted(ENDINGS, key=len, reverse=True)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def kind_of(organisation: Organisation) -> str:
    name = organisation.name
    return KNOWN.get(name) or next(ENDINGS[end] for end in LONGEST_FIRST if name.endswith(end))


def topic_of(protocol: Protocol) -> Topic | None:
    """The topic that the title names; None of an overarching protocol."""
    title = protocol.title.lower()
    found = [topic for topic in EVERY_TOPIC if topic.name.lower() in title]
    return max(found, key=lambda topic: len(topic.name), default=None)


def public() -> Iterator[tuple[Protocol, list[Party]]]:
    for protocol in Protocol.public.prefetch_related("parties__organisation"):
        yield protocol, list(protocol.parties.all())


def test_every_approver_is_one_that_its_kind_of_body_has():
    approvers = list(Approver.objects.select_related("organisation"))
    assert approvers
    for approver in approvers:
        kind = kind_of(approver.organisation)
        assert approver.job_title in KINDS[kind]["approvers"], (approver.organisation, approver)


def test_every_review_is_decided_by_an_approver_of_the_lead():
    for review in Review.objects.select_related("protocol"):
        lead = review.protocol.lead
        kind = kind_of(lead.organisation) if lead else COUNTY
        assert review.job_title in KINDS[kind]["approvers"]


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("primary", {"Headteacher", "Data Protection Lead"}),
        ("gp", {"Practice Manager", "Caldicott Guardian"}),
        ("police", {"Force Information Manager", "Head of Information Management"}),
        ("hospital", {"Caldicott Guardian", "Senior Information Risk Owner"}),
    ],
)
def test_a_kind_has_the_titles_of_its_field_and_none_of_another(kind, titles):
    assert titles <= set(KINDS[kind]["approvers"])
    teaching = {each for each in KINDS if "Headteacher" in KINDS[each]["approvers"]}
    caring = {each for each in KINDS if "Caldicott Guardian" in KINDS[each]["approvers"]}
    assert teaching == {"school", "primary", "secondary"}
    assert not caring & (teaching | {"police", "fire", "housing", "supplier", "university"})


def test_every_party_fits_what_its_protocol_is_about():
    for protocol, parties in public():
        topic = topic_of(protocol)
        assert topic or protocol.title.startswith("Overarching protocol: ")
        for party in parties:
            fits = topic.kinds if topic else {kind for each in EVERY_TOPIC for kind in each.kinds}
            assert kind_of(party.organisation) in fits, (protocol, party)
            if party.note:
                assert party.note in KINDS[kind_of(party.organisation)]["notes"]
            if topic and party.role == Party.Role.LEAD:
                assert kind_of(party.organisation) in {COUNTY, *topic.leads}


def test_nobody_shares_with_itself_and_none_takes_part_twice():
    for protocol, parties in public():
        assert len({party.organisation_id for party in parties}) == len(parties) > 1, protocol


def test_what_is_shared_and_why_fit_the_topic():
    usual = set(VOCABULARY["details"]["items"])
    for protocol, _ in public():
        if topic := topic_of(protocol):
            assert topic.people in protocol.purpose
            assert topic.aim in protocol.purpose
            assert protocol.lawful_basis in {"", *topic.bases}
            items = protocol.information_items.lower().removesuffix(".").split("; ")
            added = {"", "how the person wishes to be contacted"}
            assert set(items) <= usual | {item.lower() for item in topic.items} | added


def test_nothing_has_happened_on_the_day_or_later():
    for protocol, parties in public():
        days = [protocol.published_on, protocol.updated_on, protocol.withdrawn_on]
        days += [party.signed_on for party in parties]
        assert max(day for day in days if day) < TODAY if any(days) else True
    assert max(Review.objects.values_list("reviewed_on", flat=True)) < TODAY
    assert max(change.made_at.date() for change in Change.objects.all()) < TODAY
    assert max(day for day in News.objects.values_list("published_on", flat=True) if day) < TODAY
    successions = Succession.objects.exclude(happened_on=None)
    past = successions.filter(happened_on__lt=TODAY).count()
    assert 0 < past < successions.count()
    assert not successions.filter(happened_on=TODAY).exists()


def test_the_feed_has_no_entry_that_is_still_to_come(client: Client, today):
    midnight = datetime.datetime.combine(TODAY, datetime.time(), tzinfo=datetime.UTC)
    feed = feedparser.parse(client.get("/protocols.atom?status=all").getvalue())
    assert feed.entries
    for entry in feed.entries:
        for at in (entry.updated_parsed, entry.get("published_parsed")):
            assert at is None or datetime.datetime(*at[:6], tzinfo=datetime.UTC) < midnight


def test_nobody_signed_before_it_existed_or_a_protocol_that_was_published_before():
    began = {each["new"]: each["day"] for each in NAMES["became"] if each["is_new"]}
    ended = {each["old"][0]: each["day"] for each in NAMES["became"] if "day" in each}
    seen = set()
    for protocol, parties in public():
        for party in parties:
            name, day = party.organisation.name, protocol.published_on
            if not day:
                continue
            if name in began:
                assert day >= began[name]
                assert not party.signed_on or party.signed_on >= began[name]
                seen.add(name)
            if name in ended:
                assert day < ended[name]
                seen.add(name)
            assert not party.signed_on or party.signed_on <= day
    assert seen == {*began, *ended}
    for row in Succession.objects.filter(happened_on__lt=TODAY):
        after = Protocol.public.filter(parties__organisation=row.organisation)
        assert not after.filter(published_on__gte=row.happened_on).exists(), row


def test_reviews_of_one_protocol_are_months_apart_and_long_after_its_publication():
    numbers = []
    for protocol in Protocol.public.filter(reviews__isnull=False).distinct():
        days = sorted(protocol.reviews.values_list("reviewed_on", flat=True))
        numbers.append(len(days))
        assert (days[0] - protocol.published_on).days >= 180
        assert all((later - day).days >= 300 for day, later in itertools.pairwise(days))
    assert max(numbers) > 1


def test_what_replaces_a_protocol_is_about_the_same():
    replaced = list(Protocol.public.filter(replaced_by__isnull=False))
    assert replaced
    for protocol in replaced:
        assert topic_of(protocol) == topic_of(protocol.replaced_by)


@pytest.mark.parametrize("number", [1, PROTOCOLS])
def test_every_topic_has_somebody_to_take_part_in_the_smallest_cast(number):
    random = Random(1)
    cast, _ = make_cast(random, number, NOW)
    parties = Parties(random, cast, protocols=number)
    for topic in EVERY_TOPIC:
        # A lead that stands alone is given a partner: so is the county council.
        for _ in range(20):
            kinds = {cast.kind(each) for each in parties.draw(topic, TODAY)[1]}
            assert kinds <= set(topic.kinds)


def test_a_large_register_has_some_five_parties_each_and_nearly_all_bodies_take_part():
    """None of it is stored."""
    number = 3000
    random = Random(2)
    cast, organisations = make_cast(random, number, NOW)
    for key, new in enumerate(organisations, 1):
        new.subject.pk = key
    themes = [Theme(name=theme["name"]) for theme in VOCABULARY["themes"]]
    parties = [
        part.organisation_id
        for new in Protocols(random, cast, themes, number=number, on=TODAY)
        for part in new.parts
        if isinstance(part, Party)
    ]
    assert 4 <= len(parties) / number <= 6
    assert len(set(parties)) > 0.9 * len(organisations)
