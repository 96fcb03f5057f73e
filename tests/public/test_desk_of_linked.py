"""The desk of organisations that are bound through others: its numbers are those of its lists."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.test import Client

from registers.models import Membership, Organisation, Party, Succession
from registers.search.search_writer import update_search
from tests.makers import OrganisationFactory
from tests.public.pages import found, links, listed, text

pytestmark = pytest.mark.usefixtures("real_register", "today")


@pytest.fixture
def linked() -> None:
    """A body that took the council's place, joined a group, and shares Provide's place."""
    council, provide, schools = (
        Organisation.objects.get(slug=slug)
        for slug in ("essex-county-council", "provide", "all-essex-schools")
    )
    new, other = OrganisationFactory(name="New Council"), OrganisationFactory(name="Other Trust")
    day = datetime.date(2024, 4, 1)
    Succession.objects.create(organisation=council, successor=new, happened_on=day)
    Succession.objects.create(organisation=provide, successor=new)
    Succession.objects.create(organisation=provide, successor=other)
    Membership.objects.create(group=schools, member=other)
    update_search(protocols=[], organisations=[], links=True)


@pytest.mark.parametrize(
    "query",
    [
        "organisation=new-council",
        "organisation=other-trust",
        "organisation=new-council&organisation=other-trust&role=partner",
        "organisation=new-council&organisation=essex-police",
        "organisation=new-council&role=lead&theme=health-and-wellbeing",
    ],
)
def test_every_number_leads_to_as_many(client: Client, linked, query):
    page = client.get(f"/reviews/?{query}").content.decode()
    numbers = re.findall(r'<a [^>]*href="(/\?[^"#]*)"[^>]*>\s*(\d+)(?=[\s<])', page)
    assert len(numbers) > 3
    for address, number in dict.fromkeys(numbers):
        led = client.get(html.unescape(address))
        assert found(led) == int(number), address
        if found(led) <= 50:
            assert len(listed(led)) == int(number)


NUMBERS = re.compile(r'href="(/\?[^"#]*)"[^>]*>\s*(\d+)(?=[\s<])')
ICB = "nhs-hertfordshire-and-west-essex-integrated-care-board"
BEFORE, SPLIT = "2028-03-31", "2028-04-01"


@pytest.mark.parametrize(
    ("who", "day", "is_all"),
    [
        ("provide", BEFORE, True),
        ("new-trust", "2026-11-22", False),
        ("new-trust", BEFORE, False),
        ("new-trust", SPLIT, True),
        (ICB, "2022-06-30", False),
        (ICB, "2022-07-01", True),
    ],
)
def test_successions_of_a_day_without_records_are_those_of_the_day(
    client: Client, who, day, is_all
):
    provide = Organisation.objects.get(slug="provide")
    for name in ("New Trust", "Newer Trust"):
        successor = OrganisationFactory(name=name)
        Succession.objects.create(
            organisation=provide, successor=successor, happened_on=datetime.date(2028, 4, 1)
        )
    update_search(protocols=[], organisations=[], links=True)
    ended = "west-essex-ccg" if who == ICB else "provide"
    whole = is_all * found(client.get(f"/?organisation={ended}"))
    assert whole or not is_all
    page = client.get(f"/reviews/?organisation={who}&on={day}")
    assert page.context["whole"].count == whole
    # Who took on what is not recorded: nobody leads it.
    assert "new" not in who or page.context["leads_here"].count == 0
    # The register's lists are of today: what they do not hold has no link.
    numbers = NUMBERS.findall(page.content.decode())
    for address, number in dict.fromkeys(numbers):
        assert found(client.get(html.unescape(address))) == int(number), address
    assert bool(numbers) == (whole == found(client.get(f"/?organisation={who}")) > 0)


def test_a_lead_of_a_day_to_come_has_no_link_to_another_list(client: Client):
    council = Organisation.objects.get(slug="essex-county-council")
    leads = Organisation.objects.filter(parties__role=Party.Role.LEAD).exclude(pk=council.pk)
    other = leads.filter(parties__protocol__theme__slug="health-and-wellbeing").first()
    Succession.objects.create(
        organisation=council, successor=other, happened_on=datetime.date(2028, 4, 1)
    )
    update_search(protocols=[], organisations=[], links=True)
    page = client.get(f"/reviews/?theme=health-and-wellbeing&on={SPLIT}")
    lists = {each.label: bool(each.whole.href) for each in page.context["leads"]}
    assert (lists[council.name], lists[other.name]) == (True, False)


def test_a_lead_whose_protocols_nobody_is_recorded_to_have_taken_on_is_named(
    client: Client, linked
):
    page = client.get("/reviews/?organisation=other-trust")
    assert page.context["leads_here"].count == 0
    assert page.context["other_leads_of_desk"] == "Essex County Council and Provide lead"


def test_the_desk_of_a_body_that_ended_says_who_took_its_place(client: Client, linked):
    page = client.get("/reviews/?organisation=west-essex-ccg")
    assert "Became part of NHS Hertfordshire" in text(page)
    assert "The 1 protocol that bound it is overdue" in text(page)
    successor = "nhs-hertfordshire-and-west-essex-integrated-care-board"
    assert f"/reviews/?organisation={successor}" in dict(links(page))
    page = client.get("/reviews/?organisation=provide")
    assert "Was split into New Council and Other Trust" in text(page)
    for slug in ("new-council", "other-trust"):
        assert f"/reviews/?organisation={slug}" in dict(links(page))
    both = "/reviews/?organisation=provide&organisation=essex-police"
    assert "Provide: Was split into" in text(client.get(both))
    assert "Was split" not in text(client.get("/reviews/?organisation=essex-police"))


def test_at_the_end_of_a_chain_is_who_stands_in_the_place_on_the_day(client: Client):
    provide = Organisation.objects.get(slug="provide")
    one, last = OrganisationFactory(name="One Trust"), OrganisationFactory(name="Last Trust")
    Succession.objects.create(organisation=provide, successor=one)
    Succession.objects.create(
        organisation=one, successor=last, happened_on=datetime.date(2026, 6, 1)
    )
    update_search(protocols=[], organisations=[], links=True)
    for slug in ("provide", "one-trust"):
        desks = dict(links(client.get(f"/reviews/?organisation={slug}")))
        assert "/reviews/?organisation=last-trust" in desks
        assert "/reviews/?organisation=one-trust" not in desks
    page = dict(links(client.get("/protocols/0046/")))
    assert {"/organisations/one-trust/", "/organisations/last-trust/"} <= page.keys()
    before = dict(links(client.get("/protocols/0046/?on=2026-05-31")))
    assert "/organisations/one-trust/" in before
    assert "/organisations/last-trust/" not in before
