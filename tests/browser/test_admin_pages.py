"""Every page of the editors, wide and narrow: the strict policy is kept, and ours are for all.

The addresses are those of tests/permissions.py, which has every one. The pages of the
second factor, of the log-in and of what is refused are opened by test_entering.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.urls import get_resolver
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.guarded import editor, log_in
from tests.browser.looking import document_width
from tests.browser.serving import Served, prepare, run, served
from tests.browser.test_accessibility import Visit, nothing
from tests.permissions import TABLE
from tests.test_permissions import routes

pytestmark = pytest.mark.browser

FILE = "examples.json"
MAKE = f"""
import json
from django.conf import settings
from tests.examples import make_examples
(settings.DATA_DIR / "{FILE}").write_text(json.dumps(make_examples()))
"""
# What an Administrator gets and is no page: scripts, offers for a box, files.
NO_PAGES = {
    "admin/registers/import/mappings/<int:key>.json",
    "admin/registers/import/organisations/organisations.xlsx",
    "admin/registers/import/organisations/template.xlsx",
    "admin/autocomplete/",
    "admin/jsi18n/",
    "admin/registers/proposal/<int:key>/files/<int:file>/",
    "admin/registers/protocol/documents/<int:pk>/",
    "admin/registers/protocol/documents/<int:pk>/versions/<int:version>/",
    "admin/registers/resource/files/<int:pk>/",
    "admin/registers/resource/files/<int:pk>/versions/<int:version>/",
}
PAGES = [
    row.at
    for route, row in TABLE.items()
    if route.startswith("admin/") and row.expected("GET")[-1] == "page" and route not in NO_PAGES
]
# The same pages as they look with more on them.
FULLER = [
    "/admin/registers/protocol/0046/change/",
    "/admin/registers/protocol/0046/change/?plain=1",
    "/admin/registers/protocol/?q=nothing+is+found+by+these+words",
    "/admin/registers/references/?show=gaps",
]


@pytest.fixture(scope="module")
def kept_register(static_files, tmp_path_factory) -> Iterator[tuple[str, dict[str, int | str]]]:
    """The address of a register with one of each thing, and their keys."""
    with Served(tmp_path_factory.mktemp("pages")) as place:
        prepare(place)
        run(place, "manage.py", "shell", "--command", editor("ada", "Administrator") + MAKE)
        yield served(place), json.loads((place.folder / FILE).read_text())


@pytest.fixture(scope="module")
def page(browser, kept_register) -> Iterator[Page]:
    """A page of an Administrator, the same for all addresses, with JavaScript."""
    with browser.new_context(viewport=DESKTOP) as window:
        page = window.new_page()
        page.goto(f"{kept_register[0]}/admin/login/")
        log_in(page, "ada")
        expect(page).to_have_url(f"{kept_register[0]}/admin/")
        yield page


@pytest.mark.parametrize("address", [*PAGES, *FULLER])
def test_a_page_keeps_every_promise(page, kept_register, address):
    register, keys = kept_register
    page.set_viewport_size(DESKTOP)
    with Visit(page, register + address.format(**keys)) as visit:
        assert visit.answer.status == 200
        policy = visit.answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        asked = [request.url for request in visit.requests]
        missing = [each.url for each in visit.responses if each.status >= 400]
        nothing([url for url in asked if not url.startswith(f"{register}/")], "is asked for")
        nothing(missing, "is missing")
        for window in (DESKTOP, PHONE):
            page.set_viewport_size(window)
            # Before axe, which tries a style of its own and is refused.
            nothing(visit.complaints, "is in the browser's console")
            assert document_width(page) <= window["width"]
        assert page.locator("h1:visible").count() == 1
        for window in (DESKTOP, PHONE):
            page.set_viewport_size(window)
            # At its end, where the bar of a form lies over nothing.
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            nothing(axe_finds(page), f"is found by axe in a window {window['width']} wide")
        page.emulate_media(color_scheme="dark")
        nothing(axe_finds(page, colours=True), "is found by axe in the dark")
        page.emulate_media(forced_colors="active")
        nothing(axe_finds(page, colours=True), "is found by axe in forced colours")
        page.emulate_media(color_scheme="light", forced_colors="none")


def test_every_address_is_a_page_or_is_none_for_a_reason():
    assert TABLE.keys() >= NO_PAGES
    assert set(routes(get_resolver().url_patterns)) == TABLE.keys()
