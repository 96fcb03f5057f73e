"""Programs of any origin may read what machines read, and nothing else."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from registers.public.cors import ALLOWED, CORS_HEADERS
from tests.public.asking import ask
from tests.public.page_cache.conftest import site  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_register")

FOR_MACHINES = [
    "/protocols.csv",
    "/protocols.json?theme=safer-community",
    "/protocols.json?theme=nonsense",
    "/protocols.json?page=99",
    "/protocols.json?" + "q=fgm&" * 1501,
    "/protocols.ics",
    "/protocols.atom",
    "/protocols.nothing",
    "/protocols.NOTHING",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-nothing.xml",
    "/robots.txt",
    "/.well-known/security.txt",
    "/healthz",
    "/readyz",
]
FOR_PEOPLE = [
    "/",
    "/?theme=nonsense",
    "/protocols/0036/",
    "/protocols/0013/",
    "/about/",
    "/about",
    "/nothing",
    "/reviews/answer/?link=altered",
    "/approvals/answer/?link=altered",
    "/admin/",
    "/admin/login/",
    "/admin/second-factor/codes.txt",
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("address", FOR_MACHINES, ids=lambda address: address[:40])
def test_it_is_open_whatever_the_answer(site, address, method):  # noqa: F811
    got = ask(site, address, method, origin="https://elsewhere.example")
    assert {name: got.headers.get(name.lower()) for name in CORS_HEADERS} == CORS_HEADERS
    assert "access-control-allow-credentials" not in got.headers
    # It would keep the answer from some pages that may read it.
    assert "cross-origin-resource-policy" not in got.headers


@pytest.mark.parametrize("address", ["/protocols.csv", "/protocols.json", "/robots.txt"])
def test_an_answer_that_nothing_changed_is_open_too(site, address):  # noqa: F811
    first = ask(site, address)
    for tag in (
        (first.headers["etag"], "*") if address == "/robots.txt" else [first.headers["etag"]]
    ):
        got = ask(site, address, if_none_match=tag)
        assert got.status == 304
        assert {name: got.headers.get(name.lower()) for name in CORS_HEADERS} == CORS_HEADERS


@pytest.mark.parametrize("address", FOR_PEOPLE)
def test_pages_and_forms_are_not(site, address):  # noqa: F811
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        got = ask(site, address, method, origin="https://elsewhere.example")
        assert not [name for name in got.headers if name.startswith("access-control")]


def test_a_page_that_is_unchanged_is_not_opened(site):  # noqa: F811
    got = ask(site, "/about/", if_none_match=ask(site, "/about/").headers["etag"])
    assert got.status == 304
    assert not [name for name in got.headers if name.startswith("access-control")]


@pytest.mark.parametrize("address", FOR_MACHINES[:2] + FOR_MACHINES[-5:])
def test_a_browser_that_asks_beforehand_is_told_what_it_may_do(site, address):  # noqa: F811
    got = ask(
        site,
        address,
        "OPTIONS",
        origin="https://elsewhere.example",
        access_control_request_method="GET",
        access_control_request_headers="if-none-match",
    )
    assert (got.status, got.body) == (204, b"")
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["access-control-allow-methods"] == "GET, HEAD"
    assert got.headers["access-control-allow-headers"] == "*"
    assert got.headers["access-control-max-age"] == "86400"
    assert got.headers["allow"] == ALLOWED


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("address", ["/protocols.json", "/healthz"])
def test_any_other_method_is_refused_as_a_problem(site, address, method):  # noqa: F811
    got = ask(site, address, method)
    assert (got.status, got.headers["content-type"]) == (405, "application/problem+json")
    assert got.headers["allow"] == ALLOWED
    assert got.headers["access-control-allow-origin"] == "*"
    assert json.loads(got.body)["status"] == 405


def test_a_file_of_addresses_that_is_not_there_is_a_problem(client: Client):
    got = client.get("/sitemap-nothing.xml")
    assert (got.status_code, got["Content-Type"]) == (404, "application/problem+json")
    assert "nothing" in got.json()["detail"]
