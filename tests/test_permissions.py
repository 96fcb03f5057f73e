"""Who may what: everybody asks for every address, and gets what tests/permissions.py says."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client, override_settings
from django.urls import URLPattern, get_resolver, resolve

from registers.imports.fixture import is_empty
from tests.admin.typing_in import Page, boxes
from tests.cast import groups
from tests.conftest import load_real_register
from tests.examples import make_examples
from tests.models.making import shared_by_a_module
from tests.permissions import TABLE, Row

# On PostgreSQL the one who may do all asks: what is answered to whom, no database decides.
WHO = slice(-1, None) if connection.vendor == "postgresql" else slice(None)


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Every route below, as the URL configuration writes it."""
    for each in patterns:
        route = before + str(each.pattern).removeprefix("^")
        if isinstance(each, URLPattern):
            yield route
        else:
            yield from routes(each.url_patterns, route)


@pytest.fixture(scope="module")
def things(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """What the addresses are about: the key of each thing, by its noun."""
    folder = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=folder), shared_by_a_module(django_db_blocker):
        if is_empty():
            load_real_register()
        groups()
        yield make_examples()


def got(answer: HttpResponseBase) -> str:
    """Return the table's word for an answer."""
    if "Location" in answer.headers:
        return "log-in" if answer.headers["Location"].startswith("/admin/login/") else "on"
    return "page" if answer.status_code == HTTPStatus.OK else str(answer.status_code)


def test_every_address_has_a_row_and_every_row_an_address():
    assert set(routes(get_resolver().url_patterns)) == TABLE.keys()


@pytest.fixture(scope="module")
def browsers() -> list[Client]:
    """Four browsers, made once: each sets all of the site up when it first asks."""
    return [Client() for _ in range(4)]


@pytest.fixture
def doors(browsers, stranger, editor, publisher, administrator) -> list[Client]:
    """The browser of each of the four people."""
    for browser, user in zip(browsers, (stranger, editor, publisher, administrator), strict=True):
        browser.cookies.clear()
        if user:
            browser.force_login(user)
    return browsers


@pytest.mark.both_databases
@pytest.mark.parametrize("route", TABLE, ids=lambda route: route or "/")
def test_everybody_gets_what_the_table_says(route, things, doors):
    row = TABLE[route]
    address = row.at.format(**things)
    assert resolve(address.partition("?")[0]).route == route
    for method in ("GET", "POST"):
        answers = [ask(door, method, address, row, things) for door in doors[WHO]]
        assert [got(answer) for answer in answers] == row.expected(method)[WHO], method
        # The last is an Administrator's, with all that a page has.
        assert refused_by_the_strict_policy(answers[-1]) == [], method


def refused_by_the_strict_policy(answer: HttpResponseBase) -> list[str]:
    """Return the styles and scripts that stand inline in a page."""
    if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    return Page(answer.content.decode()).inline


def ask(
    door: Client, method: str, address: str, row: Row, things: dict[str, Any]
) -> HttpResponseBase:
    """Return what somebody gets, and let nothing of it be done."""
    kept = SimpleCookie(door.cookies)
    with transaction.atomic():
        if method == "GET":
            answer = door.get(address)
        else:
            drawn = boxes(door, address) if row.fills else {}
            sent = {name: value.format(**things) for name, value in row.sends.items()}
            answer = door.post(address, drawn | sent)
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    door.cookies = kept
    return answer


def test_no_page_or_header_tells_a_stranger_which_version_runs(things, editor, settings):
    settings.VERSION = "91.82.73"
    browser = Client()
    for route, row in TABLE.items():
        for method in (browser.get, browser.head):
            answer = method(row.at.format(**things))
            body = answer.getvalue() if answer.streaming else answer.content
            assert settings.VERSION.encode() not in body, route
            assert settings.VERSION not in str(answer.headers), route
    browser.force_login(editor)
    assert settings.VERSION in browser.get("/admin/").content.decode()
