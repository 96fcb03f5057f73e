"""The page for developers says all that there is. Its examples: tests/browser/test_data_page.py."""

from __future__ import annotations

import pytest
from django.test import Client

from registers.exports import columns, organisations
from registers.public.pages import EXAMPLES
from registers.public.urls import RESULTS_PARAMS
from tests.public.pages import links, text

pytestmark = pytest.mark.usefixtures("real_register")


@pytest.fixture
def page(client: Client):
    return client.get("/about/data/")


def test_every_address_that_is_described_is_there_and_works(client, page):
    described = client.get("/openapi.json").json()["paths"]
    told = [address for address, _ in links(page)]
    for path in described:
        if "{" not in path:
            assert path in told
            assert client.get(path).status_code == 200


def test_every_parameter_and_column_is_there(page):
    words = text(page)
    source = page.content.decode()
    for name in [
        *RESULTS_PARAMS,
        *(column.name for column in columns.COLUMNS),
        *(column.name for column in organisations.COLUMNS),
    ]:
        assert f"<code>{name}</code>" in source
    for column in columns.COLUMNS:
        assert column.meaning in words
    assert "current (the default)" in words
    assert "health-and-wellbeing" in words
    assert "A month, such as 2024-03" in words
    assert "Text, of 200 characters at most" in words


def test_its_examples_have_the_address_of_the_site(client, settings):
    settings.SITE_URL = "https://register.example"
    source = client.get("/about/data/").content.decode()
    for name in EXAMPLES:
        start = source.index(f'aria-labelledby="{name.replace(".", "-")}"')
        example = source[start : source.index("</pre>", start)]
        assert "https://register.example/protocols." in example
        assert "localhost" not in example


def test_it_is_found_from_every_page_and_by_search_engines(client):
    for address in ("/", "/about/", "/protocols/0036/"):
        assert ("/about/data/", "Data for developers") in links(client.get(address))
    assert "/about/data/</loc>" in client.get("/sitemap-pages.xml").content.decode()


def test_it_needs_no_theme(client, empty_register):
    assert client.get("/about/data/").status_code == 200
