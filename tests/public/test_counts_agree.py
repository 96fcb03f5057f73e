"""A number beside a thing is the length of the list that it leads to. Each is followed."""

from __future__ import annotations

import datetime
import html
import re
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client

from registers.models import Organisation, Protocol, Succession
from registers.search.search_writer import update_search
from tests.lengths import times
from tests.makers import OrganisationFactory
from tests.public.pages import choices, found, groups, links, listed, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mixed(db, today) -> None:
    """The real register with some of everything: withdrawn, a draft, due soon, no review date."""
    Protocol.objects.filter(pk__in=["0036", "0055"]).update(
        status="withdrawn", withdrawn_on=datetime.date(2026, 1, 2), withdrawn_reason="It ended."
    )
    Protocol.objects.filter(pk="0042").update(status="draft")
    Protocol.objects.filter(pk="0012").update(review_date=datetime.date(2027, 1, 1))
    Protocol.objects.filter(pk="0017").update(review_date=datetime.date(2028, 1, 1))
    Protocol.objects.filter(pk="0018").update(review_date=None)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "theme=health-and-wellbeing",
        "organisation=ecc",
        "organisation=ecc&role=partner",
        "role=lead",
        "status=all",
        "status=withdrawn&organisation=eput",
        "review=overdue&review=none",
        "q=child&theme=health-and-wellbeing&organisation=provide&review=overdue",
    ],
)
def test_every_facet(client: Client, question):
    page = client.get(f"/?{question}")
    for name in ("theme", "organisation", "role", "review", "status"):
        for value, number in choices(page, name).items():
            if value:
                pairs = [
                    pair for pair in question.split("&") if pair and not pair.startswith(f"{name}=")
                ]
                led = client.get("/?" + "&".join([*pairs, urlencode({name: value})]))
                assert (name, value, number) == (name, value, found(led))
                assert number == len(listed(led))


def test_every_group_of_the_register(client: Client):
    page = client.get("/")
    themes = {words: address for address, words in links(page) if address.startswith("/themes/")}
    for name, number in groups(page):
        led = client.get(themes[name])
        assert len(listed(led)) == number
        assert f"{number} protocol" in text(led)
    assert sum(number for _, number in groups(page)) == found(page) == len(listed(page))


def test_every_theme(client: Client):
    page = client.get("/themes/").content.decode()
    rows = re.findall(r'href="(/themes/[^/]+/)">[^<]*</a> \((\d+)\)', page)
    assert len(rows) == 4
    for address, number in rows:
        assert len(listed(client.get(address))) == int(number)


def test_every_organisation_of_the_index(client: Client):
    page = client.get("/organisations/")
    rows = [
        (address, int(number[1]))
        for address, words in links(page)
        if (number := re.match(r"(\d+) protocols? of ", words))
    ]
    assert len(rows) == Organisation.objects.count()
    for address, number in rows:
        assert found(client.get(address)) == number


@pytest.mark.has_long_form
def test_every_number_of_every_organisation_s_page(client: Client):
    pairs: dict[frozenset[str], str] = {}  # each stands on the pages of both
    for organisation in Organisation.objects.order_by("pk")[:: times(4, long=1)]:
        address = organisation.get_absolute_url()
        page = client.get(address)
        words = text(page)
        query = {"organisation": organisation.slug}
        total = found(client.get("/", query))
        if number := re.search(r"Bound by (\d+) protocols? in force", words):
            assert int(number[1]) == total == len(listed(page))
        else:
            assert total == 0
        for pattern, more in (
            (r"\b(?:leads|led) (\d+)", {"role": "lead", "through": "own"}),
            (r"partner in (\d+)", {"role": "partner", "through": "own"}),
        ):
            number = re.search(pattern, words.partition("Review desk")[0])
            assert (int(number[1]) if number else 0) == found(client.get("/", query | more))
        number = re.search(r"(\d+) (?:is|are) overdue for review", words)
        overdue = found(client.get("/", query | {"review": "overdue"}))
        assert (int(number[1]) if number else min(overdue, 1)) == overdue
        assert ("overdue for review" in words.partition("Show as a table")[0]) == bool(overdue)
        number = re.search(r"(\d+) through a", words)
        another = listed(client.get(address, {"through": "another"}))
        assert (int(number[1]) if number else 0) == len(another)
        own = listed(client.get(address, {"through": "own"}))
        assert len(own) == found(client.get("/", query | {"through": "own"}))
        for pair, number in re.findall(
            r'href="([^"]*/with/[^"]*)"[^>]*>[^<]*</a>\s*<span class="register-quiet">(\d+)',
            page.content.decode(),
        ):
            both = frozenset(pair.split("/"))
            if both not in pairs:
                pairs[both] = text(client.get(pair, follow=True))
            assert f"Named together in {number} protocol" in pairs[both]


def test_every_number_of_who_is_named_with_whom(client: Client):
    for query in ("", "?organisation=eput"):
        rows = re.findall(
            r'href="(/\?organisation=[^"]*through=own)"[^>]*>(\d+)<',
            client.get(f"/sharing/{query}").content.decode(),
        )
        assert len(rows) > 9
        for address, number in rows[:40]:
            assert found(client.get(html.unescape(address))) == int(number)


@pytest.mark.both_databases
@pytest.mark.parametrize("is_named", [True, False])
def test_whom_an_organisation_is_named_with(client: Client, is_named):
    """A number that leads to the table of pairs is of that table, which holds own names only."""
    asked = Organisation.objects.get(slug="barnardos") if is_named else OrganisationFactory()
    council = Organisation.objects.get(slug="essex-county-council")
    for address in (asked.get_absolute_url(), council.get_absolute_url()):
        assert_pairs_agree(client, address)
    Succession.objects.create(organisation=council, successor=asked)
    update_search(protocols=[], organisations=[], links=True)
    page = assert_pairs_agree(client, asked.get_absolute_url())
    assert page.context["sharing"].count > page.context["sharing"].own


def assert_pairs_agree(client: Client, address: str) -> HttpResponse:
    page = client.get(address)
    led = [(where, words) for where, words in links(page) if "/sharing/?organisation=" in where]
    own = 0
    for where, words in led:
        own = client.get(where).context["page"].count
        assert own == (int(number[1]) if (number := re.search(r"all (\d+)", words)) else 1)
    sharing = page.context["sharing"]
    assert own == sharing.own
    if heading := re.search(r"Named together with (\d+) others?", text(page)):
        assert int(heading[1]) in {own, len(sharing.organisations)}
    return page


def test_every_ending(client: Client):
    for question in ("", "organisation=eput", "status=all", "theme=safer-community&review=overdue"):
        number = found(client.get(f"/?{question}"))
        rows = b"".join(client.get(f"/protocols.csv?{question}")).decode().splitlines()
        assert len(rows) == number + 1
        assert (
            client.get(f"/protocols.json?{question}")
            .getvalue()
            .startswith(b'{"count": %d,' % number)
        )
