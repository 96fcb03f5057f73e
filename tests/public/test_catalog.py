"""The catalogue: DCAT in JSON-LD, whose every address works."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from registers.exports.columns import ExportContext
from registers.public.catalog import CONTEXT, document
from registers.public.exports import FORMATS, ORGANISATION_FORMATS
from tests.conftest import LOADED_AT

pytestmark = pytest.mark.usefixtures("real_register", "today")

SITE = "http://localhost:8000"


@pytest.fixture
def catalog(client: Client) -> dict[str, Any]:
    answer = client.get("/catalog.jsonld")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/ld+json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    return answer.json()


def nodes(thing: Any) -> Iterator[dict[str, Any]]:
    """Every object within, but for the context."""
    if isinstance(thing, dict):
        yield thing
    for each in thing.values() if isinstance(thing, dict) else thing:
        if isinstance(each, dict | list):
            yield from nodes(each)


def test_each_name_is_of_a_vocabulary_that_it_names(catalog):
    assert catalog.pop("@context") == CONTEXT
    for node in nodes(catalog):
        for name in node:
            prefix, _, rest = name.partition(":")
            assert name in {"@id", "@type", "@value", "@language"} or (prefix in CONTEXT and rest)
        assert node.get("@type", "dcat:").partition(":")[0] in CONTEXT
        if "@value" not in node:
            assert "://" in node["@id"] or node["@id"].startswith("mailto:")


def test_what_each_thing_must_have(catalog):
    must = {
        "dcat:Catalog": {"dct:title", "dct:description", "dct:publisher", "dcat:dataset"},
        "dcat:Dataset": {
            *("dct:title", "dct:description", "dct:publisher", "dcat:contactPoint"),
            *("dct:identifier", "dct:modified", "dct:language", "dcat:keyword"),
            *("dcat:distribution", "dcat:landingPage", "dct:accrualPeriodicity"),
        },
        "dcat:Distribution": {"dcat:accessURL", "dcat:downloadURL", "dcat:mediaType"},
        "dcat:DataService": {"dct:title", "dcat:endpointURL", "dcat:servesDataset"},
    }
    seen = set()
    for node in nodes(catalog):
        seen.add(node.get("@type"))
        assert must.get(node.get("@type"), set()) <= set(node)
    assert set(must) <= seen
    modified = LOADED_AT.isoformat().replace("+00:00", "Z")
    assert catalog["dct:modified"] == {"@value": modified, "@type": "xsd:dateTime"}
    ids = [node["@id"] for node in nodes(catalog) if str(node.get("@type")).startswith("dcat:")]
    assert len(set(ids)) == len(ids)


def test_every_file_is_there_and_is_what_it_says(client: Client, catalog):
    found: dict[str, list[str]] = {}
    for node in nodes(catalog):
        if node.get("@type") == "dcat:Distribution":
            address = node["dcat:downloadURL"]["@id"]
            assert address.startswith(SITE)
            answer = client.get(address.removeprefix(SITE))
            assert answer.status_code == 200
            media = node["dcat:mediaType"]["@id"].partition("/media-types/")[2]
            assert answer["Content-Type"].partition(";")[0] == media
            noun, _, ending = address.removeprefix(f"{SITE}/").partition("?")[0].partition(".")
            found.setdefault(noun, []).append(ending)
            answer.close()
    assert found == {
        "protocols": list(FORMATS),
        "organisations": list(ORGANISATION_FORMATS),
        "sharing": ["csv", "json"],
    }


def test_it_is_found_from_every_page(client: Client):
    link = '<link rel="describedby" type="application/ld+json" href="/catalog.jsonld">'
    for address in ("/", "/protocols/0036/", "/about/data/", "/organisations/essex-police/"):
        assert link in client.get(address).content.decode()
    assert 'href="/catalog.jsonld"' in client.get("/about/data/").content.decode()


def test_an_empty_register_has_a_catalogue(client: Client, empty_register):
    answer = client.get("/catalog.jsonld").json()
    assert "dct:modified" not in answer
    assert len(answer["dcat:dataset"]) == 3


def test_a_publisher_without_a_mailbox_has_none():
    context = ExportContext(site=SITE, on=datetime.date(2026, 11, 22), publisher="Us")
    assert not any("vcard:hasEmail" in node for node in nodes(document(context)))
