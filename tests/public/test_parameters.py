"""Parameters that no address knows, empty ones, and the one address of each page."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import resolve

from registers.public.parameters import MAX_NAMED, read_query
from registers.public.urls import CACHE_PARAMS
from tests.conftest import TODAY
from tests.public.pages import listed, text

pytestmark = pytest.mark.usefixtures("real_register", "today")

PAIR = "/organisations/essex-county-council/with/essex-police/"
# A page that takes parameters, with an unknown one, and the one that is most like it.
UNKNOWN = [
    ("/?them=safer-community", "them", "theme"),
    ("/?organization=essex-police", "organization", "organisation"),
    ("/?Theme=safer-community", "Theme", "theme"),
    ("/?reveiw_to=2024-01", "reveiw_to", "review_to"),
    ("/?colour=red", "colour", None),
    ("/reviews/?roles=lead", "roles", "role"),
    ("/reviews/?sort=title", "sort", None),
    ("/protocols/0036/?onn=2022-06-30", "onn", "on"),
    ("/protocols/0036/changes/?pages=2", "pages", "page"),
    ("/themes/safer-community/?review=overdue", "review", None),
    ("/organisations/?leter=e", "leter", "letter"),
    ("/organisations/essex-police/?wiht=x", "wiht", "with"),
    (f"{PAIR}?pag=1", "pag", "page"),
    ("/approvers/?organisation=essex-police", "organisation", None),
    ("/news/?q=x", "q", None),
]


def notice(page) -> str:
    """What the page says was left out of it."""
    source = page.content.decode()
    block = re.search(r'id="left-out">(.*?)</div>', source, re.S)
    if not block:
        return ""
    assert source.index(block[0]) < source.index("<h1")
    return html.unescape(re.sub(r"<[^>]*>|\s+", " ", block[1]))


@pytest.mark.parametrize(("address", "name", "nearest"), UNKNOWN)
def test_a_page_says_what_was_left_out(client: Client, address, name, nearest):
    page, plain = client.get(address), client.get(address.partition("?")[0])
    assert page.status_code == 200
    said = notice(page)
    assert re.findall("‘(.*?)’", said) == [name, *([nearest] if nearest else [])]
    assert listed(page) == listed(plain)
    assert notice(plain) == ""
    assert text(page).replace(said.strip(), "").split() != text(page).split()


@pytest.mark.parametrize("name", ["utm_source", "utm_", "gclid", "fbclid", "mc_eid", "_"])
def test_what_counts_visits_is_passed_over_in_silence(client: Client, name):
    assert notice(client.get("/", {name: "x"})) == ""
    assert client.get("/protocols.csv", {name: "x"}).status_code == 200


@pytest.mark.parametrize("name", ["utm", "xutm_source", "gclid2", "__", "mc"])
def test_nothing_else_is(client: Client, name):
    assert name in notice(client.get("/", {name: "x"}))
    assert client.get("/protocols.csv", {name: "x"}).status_code == 400


def test_what_was_left_out_cannot_fill_the_page(client: Client):
    asked = {f"x{number}{'y' * 500}": "z" * 500 for number in range(300)}
    said = notice(client.get("/", asked))
    assert said.count("Left out") == MAX_NAMED
    assert len(said) < MAX_NAMED * 200
    assert "z" not in said


def test_what_was_left_out_is_no_markup(client: Client):
    page = client.get("/", {"<b>x</b>": "<i>"})
    assert "&lt;b&gt;x&lt;/b&gt;" in page.content.decode()
    assert "<i>" not in page.content.decode()


DATA = [
    *(f"/protocols.{ending}" for ending in ("csv", "xlsx", "ods", "json", "ics", "atom")),
    *("/organisations.csv", "/organisations.json", "/openapi.json"),
]


@pytest.mark.parametrize("address", DATA)
def test_data_is_refused_for_a_parameter_that_it_does_not_know(client: Client, address):
    answer = client.get(f"{address}?them=safer-community&colour=%3Cred%3E&q=")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    errors = answer.json()["errors"]
    assert list(errors) == ["them", "colour"]
    assert "red" not in str(errors)
    known = CACHE_PARAMS[resolve(address).view_name]
    assert ("‘theme’" in errors["them"]) == ("theme" in known)
    assert all(name in errors["colour"] for name in known)


TWICE = [
    ("/?q=police&q=school", "q", "/?q=school"),
    ("/?organisation=ecc&role=lead&role=partner", "role", "/?organisation=ecc&role=partner"),
    ("/?through=own&through=any", "through", "/"),
    ("/?page=2&page=1", "page", "/"),
    (
        "/?review_from=2024-01&review_from-year=2024&review_from-month=2",
        "review_from",
        "/?review_from=2024-02",
    ),
    ("/reviews/?role=lead&role=partner", "role", "/reviews/?role=partner"),
    ("/protocols/0036/?on=2026-06-30&on=2026-06-29", "on", "/protocols/0036/?on=2026-06-29"),
    ("/organisations/?letter=e&letter=f", "letter", "/organisations/?letter=f"),
]


@pytest.mark.parametrize(("address", "name", "read"), TWICE)
def test_a_page_says_that_it_reads_one_of_several_values(client: Client, address, name, read):
    page = client.get(address, follow=True)
    assert page.status_code == 200
    assert re.findall("‘(.*?)’", notice(page)) == [name]
    assert text(page).replace(notice(page).strip(), "").split() == text(client.get(read)).split()


@pytest.mark.parametrize("address", DATA[:-1])
@pytest.mark.parametrize(("values", "status"), [(("1", "2"), 400), (("1", "1", ""), 200)])
def test_data_is_refused_for_several_values_of_what_takes_one(
    client: Client, address, values, status
):
    names = CACHE_PARAMS[resolve(address).view_name]
    answer = client.get(
        address,
        {"page": values, "theme": ["learning-and-education"] * 2}
        if "theme" in names
        else {"page": values},
    )
    assert answer.status_code == status
    if status == 400:
        assert list(answer.json()["errors"]) == ["page"]


def test_the_order_of_parameters_and_of_values_does_not_matter():
    names = ("q", "theme", "page")
    asked = [
        "theme=b&theme=a&page=1&q=x&theme=a",
        "q=x&page=1&theme=a&q=x&theme=b&utm_id=1",
        "page=1&theme=&theme=a&theme=b&q=x&q=",
    ]
    read = [read_query(QueryDict(each), names, is_data=False) for each in asked]
    assert {each.urlencode() for each in read} == {"q=x&theme=a&theme=b&page=1"}
    assert {each.short for each in read} == {"q=x&theme=a&theme=b"}
    assert [each.has_empty for each in read] == [False, False, True]


# The address of each page, and what search engines show ---------------------------------------


def canonical(page) -> list[str]:
    links = re.findall(r'<link rel="canonical" href="([^"]*)">', page.content.decode())
    return [html.unescape(each) for each in links]


def is_unindexed(page) -> bool:
    return '<meta name="robots" content="noindex, follow">' in page.content.decode()


WHOLE = [
    *("/", "/protocols/0036/", "/protocols/0036/changes/", "/themes/", "/themes/safer-community/"),
    *("/organisations/", "/organisations/essex-police/", PAIR, "/approvers/", "/reviews/"),
    *("/news/", "/resources/", "/about/", "/about/data/", "/accessibility/", "/privacy/"),
]


@pytest.mark.parametrize("address", WHOLE)
@pytest.mark.parametrize("also", ["", "?utm_source=x&colour=red&page=1"])
def test_a_whole_page_has_one_address_and_is_shown(client: Client, address, also):
    page = client.get(f"{address}{also}")
    assert canonical(page) == [f"http://localhost:8000{address}"]
    assert not is_unindexed(page)


NARROWED = {
    "/?q=Stra%C3%9Fe&sort=theme": "/?q=Stra%C3%9Fe",
    "/?status=current&theme=safer-community&theme=learning-and-education": (
        "/?theme=learning-and-education&theme=safer-community"
    ),
    "/?sort=title": "/?sort=title",
    "/reviews/?organisation=essex-police&utm_id=1": "/reviews/?organisation=essex-police",
    "/reviews/?on=2022-06-30&x=1": "/reviews/?on=2022-06-30",
    "/protocols/0036/?on=2022-06-30": "/protocols/0036/?on=2022-06-30",
    "/organisations/?letter=e": "/organisations/?letter=e",
    "/sharing/?sort=organisation": "/sharing/",
    "/sharing/?sort=-protocols": "/sharing/",
    "/sharing/?sort=with&page=2": "/sharing/",
    "/sharing/?sort=with&organisation=essex-police": "/sharing/?organisation=essex-police",
    "/sharing/?sort=-protocols&page=2": "/sharing/?page=2",
}


@pytest.mark.parametrize(("address", "short"), NARROWED.items())
def test_what_narrows_is_left_out_of_search_engines(client: Client, address, short):
    page = client.get(address)
    assert canonical(page) == [f"http://localhost:8000{short}"]
    assert is_unindexed(page)


def test_a_later_page_of_the_whole_is_shown():
    second, narrowed = (
        read_query(QueryDict(asked), ("q", "page"), is_data=False) for asked in ("page=2", "q=2")
    )
    assert (second.short, second.is_narrowed(TODAY)) == ("page=2", False)
    assert narrowed.is_narrowed(TODAY)


@pytest.mark.parametrize("address", ["/", "/reviews/", "/protocols/0036/"])
@pytest.mark.parametrize("days", [-1, 0, 1])
def test_today_is_no_day_of_its_own(client: Client, address, days):
    day = TODAY + datetime.timedelta(days)
    page = client.get(f"{address}?on={day}")
    is_today = days == 0
    if page.status_code == 200:
        assert canonical(page) == [
            f"http://localhost:8000{address}{'' if is_today else f'?on={day}'}"
        ]
    assert is_unindexed(page) == (not is_today)


APART = "/organisations/brunel-university/with/home-office/"


@pytest.mark.parametrize(("address", "is_left_out"), [(PAIR, False), (APART, True)])
def test_a_pair_without_protocols_is_left_out_of_search_engines(
    client: Client, address, is_left_out
):
    assert is_unindexed(client.get(address)) == is_left_out
