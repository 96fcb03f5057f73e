"""An officer whose session ends while she writes: after the log-in all of it is given back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP
from tests.browser.guarded import add_lead, editor, log_in
from tests.browser.serving import Served, prepare, served
from tests.papers import pdf_of

pytestmark = pytest.mark.browser
EPUT = "Essex Partnership University NHS Foundation Trust"


@pytest.fixture(scope="module")
def place(static_files, tmp_path_factory) -> Iterator[tuple[str, Served]]:
    with Served(tmp_path_factory.mktemp("drafts")) as made:
        prepare(made, command=editor("paula", "Publisher"))
        yield served(made), made


def test_a_session_that_ends_while_writing(browser, place):
    address, made = place
    with browser.new_context(viewport=DESKTOP) as window:
        page = window.new_page()
        page.goto(f"{address}/admin/registers/protocol/add/")
        log_in(page, "paula")
        page.locator("#id_title").fill("Flood alerts")
        add_lead(page, "eput", EPUT)
        held = hold_the_first_reading(page)
        page.locator("#id_documents-0-file").set_input_files(
            {"name": "earlier.pdf", "mimeType": "application/pdf", "buffer": pdf_of("Other words")}
        )
        expect(page.get_by_text("The file is being read")).to_be_visible()
        paper = pdf_of("Flood alerts for carers\nReview date: 30 June 2027")
        page.locator("#id_documents-0-file").set_input_files(
            {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": paper}
        )
        # What it says is suggested, and fills in nothing by itself.
        expect(page.locator(".suggestion")).to_have_count(2)
        assert [request.failure for request in held] == ["net::ERR_ABORTED"]
        assert axe_finds(page) == []
        page.locator(".field-review_date").get_by_role("button", name="Use it").click()
        expect(page.locator("#id_review_date")).to_have_value("June 2027")
        expect(page.locator("#id_title")).to_have_value("Flood alerts")
        expect(page.locator("#draft-state")).to_contain_text("stored")
        end_sessions(made)
        page.locator("#id_purpose").fill("So that nobody is surprised by water.")
        expect(page.locator(".submit-row #draft-state")).to_be_in_viewport()
        page.get_by_role("button", name="Save and continue editing").click()
        log_in(page, "paula")
        again = page.get_by_role("button", name="Continue with it")
        expect(again).to_be_focused()
        again.click()
        expect(page.locator("#id_title")).to_have_value("Flood alerts")
        expect(page.locator("#id_purpose")).to_have_value("So that nobody is surprised by water.")
        expect(page.locator("#id_review_date")).to_have_value("June 2027")
        expect(page.locator("#id_documents-0-title")).to_have_value("Signed protocol")
        expect(page.locator("#parties-0 .select2-selection")).to_contain_text(EPUT)
        expect(page.get_by_label("signed.pdf")).to_be_checked()
        asked = []
        page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.locator("#id_title").fill("Flood alerts now")
        page.evaluate("window.location = '/admin/'")
        expect(page.locator("#id_title")).to_have_value("Flood alerts now")
        assert asked == ["beforeunload"]
        page.locator("#id_theme").select_option("Safer Community")
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.get_by_text("Still missing: ")).to_be_visible()
        expect(page.get_by_role("link", name="signed.pdf")).to_be_visible()
        expect(page.locator(".unsaved-draft")).to_have_count(0)


def hold_the_first_reading(page: Page) -> list[Request]:
    """Return the request that asks first what a file says, once it is made. It is not answered."""
    held: list[Request] = []

    def hold(route: Route) -> None:
        if not held and b'name="_read"' in (route.request.post_data_buffer or b""):
            held.append(route.request)
        else:
            route.fallback()

    page.route("**/protocol/add/", hold)
    return held


def test_a_form_that_is_only_read_is_not_stored(browser, place):
    address, _ = place
    with browser.new_context(viewport=DESKTOP) as window:
        page = window.new_page()
        page.goto(f"{address}/admin/registers/protocol/add/")
        log_in(page, "paula")
        sent, asked = [], []
        page.on("request", lambda request: sent.append(request.method))
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.clock.install()
        page.goto(f"{address}/admin/registers/protocol/0036/change/")
        page.clock.run_for(20_000)
        page.goto(f"{address}/admin/")
        assert (sent.count("POST"), asked) == (0, [])
        page.goto(f"{address}/admin/registers/protocol/0036/change/")
        expect(page.locator(".unsaved-draft")).to_have_count(0)
        page.locator("#id_title").fill("Flood alerts")
        page.clock.run_for(5_000)
        expect(page.locator("#draft-state")).to_contain_text("stored")
        page.clock.run_for(20_000)
        assert sent.count("POST") == 1


def end_sessions(made: Served) -> None:
    with closing(sqlite3.connect(next(made.folder.rglob("register.sqlite3")))) as database:
        database.execute("DELETE FROM django_session")
        database.commit()
