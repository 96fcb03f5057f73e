"""Every public page, narrow and wide: what the accessibility statement promises."""

from __future__ import annotations

import re
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Self
from urllib.error import HTTPError

import pytest
from django.urls import resolve
from playwright.sync_api import ConsoleMessage, Page, Request, Response

from registers.public.urls import urlpatterns
from tests.browser.addresses import (
    EXAMPLES,
    FULL,
    LEADS_ON,
    NO_PAGES,
    OF_ANOTHER_PARTNERSHIP,
    PAGES,
    Example,
)
from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.looking import look

pytestmark = pytest.mark.browser

LIGHT = {"color_scheme": "light", "forced_colors": "none"}
DARK = {"color_scheme": "dark", "forced_colors": "none"}
# Colours are forced on a light ground in the one window, and on a dark one in the other.
FORCED_ON_LIGHT = {"color_scheme": "light", "forced_colors": "active"}
FORCED_ON_DARK = {"color_scheme": "dark", "forced_colors": "active"}


class Visit:
    """A page as it is loaded, with all that happens on the way."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.console: list[ConsoleMessage] = []
        self.errors: list[str] = []
        self.requests: list[Request] = []
        self.responses: list[Response] = []
        self.listeners = {
            "console": self._console,
            "pageerror": self._error,
            "request": self._request,
            "response": self._response,
        }
        for event, listener in self.listeners.items():
            page.on(event, listener)
        answer = page.goto(address, wait_until="load")
        assert answer
        self.answer = answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for event, listener in self.listeners.items():
            self.page.remove_listener(event, listener)

    # Playwright marks what it calls, which a list's own method does not allow.
    def _console(self, message: ConsoleMessage) -> None:
        self.console.append(message)

    def _error(self, error: Exception) -> None:
        self.errors.append(str(error))

    def _request(self, request: Request) -> None:
        self.requests.append(request)

    def _response(self, response: Response) -> None:
        self.responses.append(response)

    @property
    def complaints(self) -> list[str]:
        """What the browser complains of, but for its own line about this page's status."""
        own = f"the server responded with a status of {self.answer.status} "
        return self.errors + [
            message.text
            for message in self.console
            if message.type in {"error", "warning"}
            and not (own in message.text and message.location["url"] == self.page.url)
        ]


def ids(example: Example) -> str:
    return example.path[:80] or "/"


def check(page: Page, register: str, example: Example) -> None:
    """Check all that is promised of every page."""
    page.set_viewport_size(DESKTOP)
    with Visit(page, register + example.path) as visit:
        assert visit.answer.status == example.status
        check_outline(look(page, "outline"))
        for window, forced in ((DESKTOP, FORCED_ON_LIGHT), (PHONE, FORCED_ON_DARK)):
            page.set_viewport_size(window)
            nothing(look(page, "sticking_out"), f"stands out of a window {window['width']} wide")
            nothing(axe_finds(page), f"is found by axe in a window {window['width']} wide")
            for colours in (DARK, forced):
                page.emulate_media(**colours)
                found = axe_finds(page, colours=True)
                nothing(found, f"is found by axe in a window {window['width']} wide with {colours}")
            page.emulate_media(**LIGHT)
        check_traffic(visit, register)
        nothing(look(page, "kept"), "is kept on the device")


def check_traffic(visit: Visit, register: str) -> None:
    """Check what went over the network, and what the browser says of it."""
    asked, answers = visit.requests, visit.responses
    nothing(visit.complaints, "is in the browser's console")
    nothing([r.url for r in asked if not r.url.startswith(f"{register}/")], "is asked for")
    nothing([r.url for r in answers if r.status >= 400 and r != visit.answer], "is missing")
    nothing([r.url for r in answers if "set-cookie" in r.all_headers()], "sets a cookie")
    nothing([str(cookie) for cookie in visit.page.context.cookies()], "is a cookie")


def nothing(found: list[str], what: str) -> None:
    """Fail, and tell all that is found, if anything is."""
    __tracebackhide__ = True
    if found:
        pytest.fail("\n".join([f"This {what}:", *found]))


def check_outline(outline: dict[str, Any]) -> None:
    """Check what a screen reader goes by: language, title, landmarks and headings."""
    assert outline["language"] == "en"
    assert outline["title"].strip()
    assert {"HEADER", "NAV", "MAIN", "FOOTER"} <= set(outline["landmarks"])
    assert outline["landmarks"].count("MAIN") == 1
    headings = outline["headings"]
    levels = [level for level, _ in headings]
    assert levels.count(1) == 1, headings
    # A summary of errors stands before the first heading, as the design system has it.
    below = levels[outline["summaries"] :]
    assert below[0] == 1, headings
    assert all(after <= before + 1 for before, after in pairwise(below)), headings
    assert all(words for _, words in headings), headings


@pytest.fixture(scope="package")
def page(contexts) -> Iterator[Page]:
    """One page for all addresses: to open another each time takes longer than to check it."""
    opened = contexts(viewport=DESKTOP).new_page()
    yield opened
    opened.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=ids)
def test_a_page_keeps_every_promise(page, register, example):
    check(page, register, example)


@pytest.mark.parametrize("example", FULL, ids=ids)
def test_a_page_of_a_fuller_register_keeps_every_promise(page, full_register, example):
    check(page, full_register, example)


def test_the_page_for_a_failure_of_the_register_keeps_every_promise(page, broken_register):
    check(page, broken_register, Example(path="/themes/", status=500))


def test_the_page_for_what_is_not_allowed_keeps_every_promise(opened, register):
    page = opened(viewport=DESKTOP)
    # A form that was not ours is refused.
    page.route("**/admin/login/", lambda route: route.continue_(method="POST"))
    check(page, register, Example(path="/admin/login/", status=403))


def test_every_address_has_an_example():
    routes = {str(each.pattern) for each in urlpatterns}
    examples = PAGES.keys() | NO_PAGES.keys() | LEADS_ON.keys()
    assert routes == examples | OF_ANOTHER_PARTNERSHIP


@pytest.mark.parametrize("route", PAGES)
def test_an_example_is_of_its_address(route):
    assert PAGES[route]
    assert {resolve(example.path.partition("?")[0]).route for example in PAGES[route]} == {route}


@pytest.mark.parametrize("route", NO_PAGES)
def test_what_is_counted_as_no_page_is_none(full_register, route):
    assert resolve(NO_PAGES[route]).route == route
    with urllib.request.urlopen(full_register + NO_PAGES[route]) as answer:
        assert answer.status == 200
        assert "html" not in answer.headers["Content-Type"]


@pytest.mark.parametrize("route", LEADS_ON)
def test_what_only_leads_on_leads_to_a_page(register, route):
    with urllib.request.urlopen(register + LEADS_ON[route]) as answer:
        assert answer.status == 200
        assert answer.url != register + LEADS_ON[route]


def test_every_title_is_of_one_page_only(register):
    titles = defaultdict(list)
    for example in EXAMPLES:
        try:
            with urllib.request.urlopen(register + example.path) as answer:
                page = answer.read().decode()
        except HTTPError as answer:
            page = answer.read().decode()
            answer.close()
        found = re.search(r"<title>(.*?)</title>", page, re.S)
        # What went wrong in the same way may be told in the same words.
        same = ("not found", "cannot be shown", "Error:", "does not work")
        if not any(words in found[1] for words in same):
            titles[found[1]].append(example)
    shared = [[ids(each) for each in found] for found in titles.values() if len(found) > 1]
    assert shared == []
