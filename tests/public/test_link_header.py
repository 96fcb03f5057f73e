"""What an answer leads to, in a header that programs follow, and in the head of a page."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from registers.models import Protocol
from registers.public.exports import FORMATS, MAX_LINK_LENGTH
from tests.makers import OrganisationFactory, make_protocols

pytestmark = pytest.mark.django_db
SITE = "http://localhost:8000"


def links(answer) -> dict[str, str]:
    """The addresses of the header, by what they are."""
    return {
        relation: address.removeprefix(SITE)
        for address, relation in re.findall(r'<([^>]*)>; rel="([^"]*)"', answer["Link"])
    }


@pytest.fixture
def long_register(empty_register) -> list[str]:
    """120 protocols, in the order of the register."""
    make_protocols(120)
    return list(Protocol.public.order_by("reference").values_list("pk", flat=True))


def test_the_pages_are_walked_each_protocol_once(client: Client, long_register):
    address, seen, pages = "/protocols.json?sort=reference", [], []
    while address:
        answer = client.get(address)
        body = json.loads(answer.getvalue())
        pages.append(address)
        seen += [each["reference"] for each in body["results"]]
        there = links(answer)
        for relation, key in (("next", "next"), ("prev", "previous")):
            assert there.get(relation) == (body[key].removeprefix(SITE) if body[key] else None)
        assert there["first"] == pages[0]
        assert there["last"] == "/protocols.json?sort=reference&page=3"
        address = there.get("next")
    assert seen == long_register
    assert pages[1:] == [f"/protocols.json?sort=reference&page={page}" for page in (2, 3)]


def test_the_page_before_is_followed_back(client: Client, long_register):
    third = links(client.get("/protocols.json?page=3"))
    assert third["prev"] == "/protocols.json?page=2"
    assert links(client.get(third["prev"]))["prev"] == third["first"] == "/protocols.json"


@pytest.mark.parametrize("ending", FORMATS)
def test_every_ending_tells_where_it_is_described(client: Client, real_register, ending):
    there = links(client.get(f"/protocols.{ending}"))
    assert there["service-desc"] == "/openapi.json"
    assert there["service-doc"] == "/about/data/"
    assert ("first" in there) == (ending == "json")
    for address in there.values():
        assert client.get(address).status_code == 200


def test_a_header_never_grows_beyond_what_a_proxy_takes(client: Client, long_register):
    names = [f"Organisation of a rather long name {number}" for number in range(40)]
    slugs = [OrganisationFactory(name=name).slug for name in names]
    theme = Protocol.objects.first().theme.slug
    query = urlencode({"organisation": slugs, "theme": theme, "sort": "title"}, doseq=True)
    answer = client.get(f"/protocols.json?{query}")
    assert answer.status_code == 200
    assert len(answer["Link"]) <= MAX_LINK_LENGTH
    assert set(links(answer)) == {"service-desc", "service-doc"}


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?theme=safer-community",
        "/themes/safer-community/",
        "/organisations/essex-police/",
        "/reviews/",
    ],
)
def test_a_list_tells_its_head_where_it_is_as_data(client: Client, real_register, address):
    source = client.get(address).content.decode()
    found = re.findall(r'<link rel="alternate" type="([^"]*)" title="[^"]*" href="([^"]*)"', source)
    expected = {ending: form.CONTENT_TYPE.partition(";")[0] for ending, form in FORMATS.items()}
    # As feed readers look for it, whatever it is sent as.
    expected["atom"] = "application/atom+xml"
    assert {path.partition("?")[0].rpartition(".")[2]: media for media, path in found} == expected
    queries = {path.partition("?")[2] for _, path in found}
    assert len(queries) == 1
    for _, path in found:
        assert client.get(path.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("address", ["/", "/protocols/0036/", "/about/data/"])
def test_a_page_tells_its_head_where_the_data_is_described(client, real_register, address):
    source = client.get(address).content.decode()
    assert '<link rel="service-desc" type="application/json" href="/openapi.json">' in source
    assert '<link rel="service-doc" type="text/html" href="/about/data/">' in source
