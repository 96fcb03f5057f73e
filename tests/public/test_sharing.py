"""Who is named with whom: the table, its files, and the two boxes."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest
from django.test import Client

from registers.models import Organisation
from registers.public import sharing
from registers.search import pairs
from tests.public.asking import ask, cached
from tests.public.pages import links, text

pytestmark = pytest.mark.usefixtures("real_register")

PAIR = "/organisations/barnardos/with/essex-county-council/"
QUERIES = ["", "organisation=eput", "organisation=essex-police&sort=-with", "sort=organisation"]


def rows_of(page) -> list[tuple[str, ...]]:
    """The cells of each row of the table: the names and the number."""
    body = re.search(r"<tbody.*?</tbody>", page.content.decode(), re.S)
    rows = re.findall(r"<tr.*?</tr>", body[0], re.S) if body else []
    return [
        tuple(
            html.unescape(re.sub(r"<span.*?</span>|<[^>]*>", "", cell)).strip()
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)
        )
        for row in rows
    ]


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/sharing.csv?{query}")
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), strict=True))


def everything(client: Client, query: str = "") -> list[dict[str, Any]]:
    """All pages, by the way to the next."""
    results, page = [], client.get(f"/sharing.json?{query}").json()
    while True:
        results += page["results"]
        if page["next"] is None:
            assert len(results) == page["count"]
            return results
        page = client.get(page["next"].removeprefix("http://localhost:8000")).json()


@pytest.mark.both_databases
@pytest.mark.parametrize("query", QUERIES)
def test_the_table_and_the_files_have_the_same_pairs_in_the_same_order(client: Client, query):
    rows = table(client, query)
    assert len(rows) > 20
    ones = everything(client, query)
    assert [
        (one["organisation"]["name"], one["with"]["name"], str(one["protocols"]), one["url"])
        for one in ones
    ] == [(row["organisation"], row["with"], row["protocols"], row["url"]) for row in rows]
    page = client.get(f"/sharing/?{query}")
    shown = rows_of(page)
    assert len(shown) == min(len(rows), sharing.PAIRS_PER_PAGE)
    names = ["organisation"] if "organisation=" not in query else []
    assert shown == [
        tuple(row[name] for name in [*names, "with", "protocols"]) for row in rows[: len(shown)]
    ]
    assert str(len(rows)) in text(page)


def test_the_table_has_pages(client: Client):
    first = client.get("/sharing/")
    assert ("/sharing/?page=2", "Next page") in links(first)
    assert rows_of(client.get("/sharing/?page=2")) != rows_of(first)
    assert client.get("/sharing.json?page=99").status_code == 404


def test_a_heading_sorts_and_sorts_the_other_way(client: Client):
    page = client.get("/sharing/?organisation=eput&sort=with")
    slug = "organisation=essex-partnership-university-nhs-foundation-trust"
    addresses = {words: address for address, words in links(page)}
    assert addresses["Named with"] == f"/sharing/?{slug}&sort=-with#pairs"
    assert addresses["Protocols"] == f"/sharing/?{slug}#pairs"
    assert page.content.decode().count('aria-sort="ascending"') == 1
    plain = {words: address for address, words in links(client.get("/sharing/"))}
    assert plain["Protocols"] == "/sharing/?sort=protocols#pairs"
    assert plain["Organisation"] == "/sharing/?sort=organisation#pairs"


def test_what_is_left_out_is_said(client: Client, monkeypatch):
    assert client.get("/sharing.json").json()["complete"] is True
    monkeypatch.setattr(pairs, "MOST_PAIRS", 10)
    monkeypatch.setattr(pairs, "_cached", [])
    whole = client.get("/sharing.json").json()
    assert (whole["complete"], whole["count"]) == (False, 10)
    assert "10 pairs" in text(client.get("/sharing/"))
    assert client.get("/sharing.json?organisation=eput").json()["complete"] is True


def test_nobody_is_named_with_whom(client: Client, empty_register):
    assert "No protocol in force names two" in text(client.get("/sharing/"))
    assert table(client) == []


def test_an_organisation_that_is_named_with_nobody(client: Client):
    slug = "nhs-hertfordshire-and-west-essex-integrated-care-board"
    page = client.get(f"/sharing/?organisation={slug}")
    assert page.status_code == 200
    assert rows_of(page) == []


@pytest.mark.both_databases
@pytest.mark.parametrize("extension", ["csv", "json"])
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("organisation=nobody", "organisation"),
        ("organisation=eput&organisation=provide", "organisation"),
        ("sort=colour", "sort"),
        ("page=x", "page"),
    ],
)
def test_a_value_that_is_not_valid_is_refused(client: Client, extension, query, name):
    answer = client.get(f"/sharing.{extension}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [name]


def test_there_is_no_other_file(client: Client):
    assert client.get("/sharing.xlsx").status_code == 404


def test_the_pages_are_cached_and_the_boxes_are_not(client: Client):
    site = cached()
    for address in ("/sharing/", "/sharing.csv", "/sharing.json?organisation=eput"):
        assert "etag" in ask(site, address).headers
    assert ask(site, "/sharing/together/?one=&other=").status == 400


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Essex County Council", "Barnardos"),
        ("barnardos", "ecc"),
        ("ECC", "Barnado's"),
        (" essex-county-council ", "BARNARDO’S"),
    ],
)
def test_the_boxes_lead_to_the_pair(client: Client, one, other):
    answer = client.get("/sharing/together/", {"one": one, "other": other})
    assert (answer.status_code, answer["Location"]) == (302, PAIR)


def test_a_choice_beside_a_box_counts_more_than_the_box(client: Client):
    answer = client.get("/sharing/together/?one=ecc&other=Bernardo&other=barnardos")
    assert (answer.status_code, answer["Location"]) == (302, PAIR)


def test_a_name_that_is_not_known_is_kept_and_others_are_offered(client: Client):
    page = client.get("/sharing/together/", {"one": "essex-county-council", "other": "Esex Polise"})
    source = page.content.decode()
    assert page.status_code == 400
    assert 'href="#other"' in source
    assert 'href="#one"' not in source
    assert re.search(r'name="one" type="text" value="Essex County Council"', source)
    assert re.search(r'name="other" type="text" value="Esex Polise"', source)
    assert re.search(r'name="other" type="radio" value="essex-police"', source)
    assert not re.search(r'name="one" type="radio"', source)
    assert "/sharing/?organisation=essex-county-council" in dict(links(page))


def test_of_a_list_around_one_that_is_not_known_others_are_offered(client: Client):
    page = client.get("/sharing/", {"organisation": "Barnado's"})
    assert page.status_code == 400
    assert "/sharing/?organisation=barnardos" in dict(links(page))
    assert client.get("/sharing/", {"organisation": "a\0b"}).status_code == 400


def test_what_is_typed_is_shown_as_text(client: Client):
    page = client.get("/sharing/together/", {"one": "<b>x", "other": '"><script>'})
    assert page.status_code == 400
    assert "<script>" not in page.content.decode()
    assert "<b>x" not in page.content.decode()


def test_the_boxes_stand_on_the_first_page_of_the_register(client: Client):
    assert 'action="/sharing/together/"' in client.get("/").content.decode()
    assert 'action="/sharing/together/"' not in client.get("/?q=child").content.decode()
    assert "/sharing/" in dict(links(client.get("/about/")))


def test_names_are_offered_only_where_they_are_few(client: Client, monkeypatch):
    assert client.get("/").content.decode().count("<option value=") > Organisation.objects.count()
    monkeypatch.setattr("registers.public.two_boxes.MOST_NAMES", 3)
    assert "<datalist" not in client.get("/").content.decode()
