"""The desk of organisations that are bound through others: its numbers are those of its lists."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.test import Client

from registers.models import Membership, Organisation, Succession
from registers.search.search_writer import update_search
from tests.makers import OrganisationFactory
from tests.public.pages import found, listed, text

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register", "today")]


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
        "organisation=new-council&role=lead",
        "organisation=new-council&organisation=other-trust&role=partner",
        "organisation=new-council&organisation=essex-police",
        "organisation=new-council&theme=health-and-wellbeing",
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


@pytest.mark.parametrize(("query", "said"), [("organisation=new-council&", True), ("", False)])
def test_a_day_without_records_says_whose_places_count(client: Client, linked, query, said):
    words = text(client.get(f"/reviews/?{query}on=2020-01-01"))
    assert ("who stands in whose place" in words) == said


def test_the_desk_of_a_body_that_ended_says_who_took_its_place(client: Client, linked):
    words = text(client.get("/reviews/?organisation=west-essex-ccg"))
    assert "West Essex CCG: Became part of NHS Hertfordshire" in words
    words = text(client.get("/reviews/?organisation=provide"))
    assert "Provide: Was split into New Council and Other Trust" in words
    assert "Was split" not in text(client.get("/reviews/?organisation=essex-police"))
