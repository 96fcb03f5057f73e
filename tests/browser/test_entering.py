"""An editor comes in: the log-in, an app and a passkey set up, and recovery codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.guarded import Guarded, editor, log_in, set_up
from tests.browser.looking import document_width
from tests.browser.serving import prepare, run, served

pytestmark = pytest.mark.browser

# A device with a fingerprint reader, on which the right finger lies.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def place(static_files, tmp_path_factory) -> Iterator[str]:
    with Guarded(tmp_path_factory.mktemp("entered")) as made:
        prepare(made)
        for name in ("edith", "petra"):
            run(made, "manage.py", "shell", "--command", editor(name, "Administrator"))
        yield served(made)


def check(page: Page, complaints: list[str]) -> None:
    """See that everybody can use the page, narrow and wide, and that the console is silent."""
    page.wait_for_load_state()
    # Before axe, which tries a style of its own and is refused.
    assert complaints == []
    for window in (PHONE, DESKTOP):
        page.set_viewport_size(window)
        assert axe_finds(page) == []
        assert document_width(page) <= window["width"]
    assert page.locator("h1:visible").count() == 1
    complaints.clear()


def test_from_the_log_in_to_the_dashboard_and_back(browser, place):
    with browser.new_context(viewport=DESKTOP) as window:
        page, complaints = window.new_page(), []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{place}/admin/registers/protocol/")
        check(page, complaints)
        log_in(page, "edith")

        expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
        check(page, complaints)
        page.get_by_role("link", name="Set up an app").click()
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        check(page, complaints)
        page.locator("#id_code").fill("000000")
        page.get_by_role("button", name="Set up the app").click()
        expect(page.locator(".errorlist")).to_be_in_viewport()
        expect(page.locator("#id_code")).to_be_focused()
        check(page, complaints)
        page.go_back()
        page.go_back()
        set_up(page)

        expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
        shown = page.locator(".recovery-codes code")
        expect(shown).to_have_count(10)
        codes = shown.all_inner_texts()
        check(page, complaints)
        page.get_by_role("link", name="I have stored them").click()
        expect(page).to_have_url(f"{place}/admin/")

        page.locator("#user-tools summary").click()
        page.get_by_role("link", name="Sessions").click()
        check(page, complaints)
        page.locator("#user-tools summary").click()
        page.get_by_role("link", name="Second factor").click()
        expect(page.get_by_text("You have 10 recovery codes left")).to_be_visible()
        check(page, complaints)
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{place}/admin/login/")
        page.go_back()
        expect(page).to_have_url(re.compile("/admin/login/"))

        log_in(page, "edith")
        expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
        check(page, complaints)
        page.locator("#id_code").fill(codes[0])
        page.get_by_role("button", name="Continue").click()
        # Where the button 'back' of the browser was refused.
        expect(page).to_have_url(f"{place}/admin/second-factor/")


def test_the_page_for_a_lock(browser, place):
    with browser.new_context(viewport=DESKTOP) as window:
        page = window.new_page()
        for _ in range(11):
            page.goto(f"{place}/admin/login/")
            page.get_by_label("Username").fill("edith")
            page.get_by_label("Password").fill("wrong")
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_text("Too many failed login attempts")).to_be_visible()
        check(page, [])


def test_a_passkey_in_place_of_password_and_code(browser, place):
    # Browsers accept no IP address as the site of a passkey.
    place = place.replace("127.0.0.1", "localhost")
    with browser.new_context(viewport=DESKTOP) as window:
        page, complaints = window.new_page(), []
        page.on("console", lambda said: complaints.append(said.text))
        keeper = window.new_cdp_session(page)
        keeper.send("WebAuthn.enable")
        made = keeper.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(f"{place}/admin/login/")
        log_in(page, "petra")
        page.get_by_role("link", name="Add a passkey").click()
        check(page, complaints)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
        page.goto(f"{place}/admin/second-factor/webauthn/")
        check(page, complaints)
        page.get_by_role("link", name="rename").click()
        check(page, complaints)

        for end_of_address in ("/admin/login/", "/admin/login/?next=/admin/registers/protocol/"):
            window.clear_cookies()
            page.goto(f"{place}{end_of_address}")
            page.get_by_role("button", name="Log in with a passkey").click()
            page.wait_for_url(lambda url: "/admin/login/" not in url)
            expect(page).to_have_url(f"{place}{end_of_address.partition('next=')[2] or '/admin/'}")

        window.clear_cookies()
        page.goto(f"{place}/admin/login/")
        log_in(page, "petra")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page).to_have_url(f"{place}/admin/")

        # Whoever holds the device without its finger, face or PIN.
        keeper.send("WebAuthn.setUserVerified", {**made, "isUserVerified": False})
        window.clear_cookies()
        page.goto(f"{place}/admin/login/")
        with page.expect_console_message(lambda said: "NotAllowedError" in said.text):
            page.get_by_role("button", name="Log in with a passkey").click()
        page.goto(f"{place}/admin/")
        expect(page).to_have_url(re.compile("/admin/login/"))
