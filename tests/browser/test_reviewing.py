"""An officer records a review with the keyboard alone, and reads it on the public page."""

from __future__ import annotations

import datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.guarded import PASSWORD
from tests.browser.looking import document_width
from tests.browser.test_keyboard import tab_to

pytestmark = pytest.mark.browser


def come_in(page: Page, register: str, path: str) -> None:
    """Log in with the keys, if Olive has not yet, and open a page of the editors."""
    page.goto(f"{register}{path}")
    if "/login/" in page.url:
        tab_to(page, "#id_password")
        page.keyboard.press("Shift+Tab")
        page.keyboard.type("olive")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
    expect(page).to_have_url(f"{register}{path}")


def check(page: Page, width: int) -> None:
    """See that everybody can use the page."""
    assert axe_finds(page) == []
    assert document_width(page) <= width


def test_from_the_protocol_to_its_public_page(opened, kept_register):
    page = opened(viewport=DESKTOP)
    come_in(page, kept_register, "/admin/registers/protocol/0046/change/")
    tab_to(page, "a[href$='/review/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Record a review")

    # A slip first: what was typed stays, and it is said what is wrong.
    tab_to(page, "#id_outcome_0")
    page.keyboard.press("Space")
    tab_to(page, "#id_next_review")
    page.keyboard.type("soon")
    tab_to(page, "#id_job_title")
    page.keyboard.type("Head of Information Governance")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing has been saved.")).to_be_visible()
    expect(page.get_by_text("'soon' is not a month and a year.")).to_be_visible()
    expect(page.get_by_label("Still needed, unchanged")).to_be_checked()
    check(page, DESKTOP["width"])

    year = datetime.datetime.now(tz=datetime.UTC).year + 2
    tab_to(page, "#id_next_review")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(f"March {year}")
    tab_to(page, "#id_note")
    page.keyboard.type("The partners agreed.")
    tab_to(page, "input[type=submit][value='Record the review']")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"its next review is due by 31 March {year}.")).to_be_visible()

    tab_to(page, ".messagelist a")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{kept_register}/protocols/0046/")
    expect(page.get_by_text("recorded by the partnership")).to_be_visible()
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"Its review is due by 31 March {year}.")
    expect(page.get_by_text("Decided by: Head of Information Governance.")).to_be_visible()
    expect(page.get_by_text("The partners agreed.")).to_be_visible()


def test_another_protocol_is_chosen_by_any_words_of_it(opened, kept_register):
    page = opened(viewport=DESKTOP)
    come_in(page, kept_register, "/admin/registers/protocol/0053/review/")
    page.get_by_label("Replaced by another protocol").check()
    page.locator(".field-replaced_by .select2-selection").click()
    page.locator(".select2-search__field").fill("penalty notice")
    page.get_by_role("option", name="0054 - School Penalty Notice").click()
    page.locator("#id_job_title").fill("Head of Attendance")
    page.get_by_role("button", name="Record the review").click()
    expect(page.get_by_text("It is withdrawn, and its page leads to 0054")).to_be_visible()
    expect(page.get_by_role("link", name="Record a review")).to_have_count(0)


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["wide", "narrow"])
def test_several_are_chosen_on_the_list(opened, kept_register, window):
    page = opened(viewport=window)
    come_in(page, kept_register, "/admin/registers/protocol/")
    for reference in ("0042", "0036"):
        page.locator(f"input[name=_selected_action][value='{reference}']").check()
    page.locator("select[name=action]").select_option("Record a review of the selected protocols")
    page.locator("button[name=index]").click()
    page.get_by_label("No longer needed").check()
    page.locator("#id_job_title").fill("Head of Information Governance")
    page.locator("#id_note").fill("The service closed.")
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.get_by_role("heading", name="2 of 2 will be recorded")).to_be_visible()
    check(page, window["width"])
    page.get_by_role("button", name="Go back to the form").click()
    expect(page.locator("#id_note")).to_have_value("The service closed.")
    check(page, window["width"])
