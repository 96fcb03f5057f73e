"""An officer merges two organisations, undoes it, and splits a name off, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_reviewing import check, come_in

pytestmark = pytest.mark.browser

EPUT = "Essex Partnership University NHS Foundation Trust"
WINDOWS = pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["wide", "narrow"])


@WINDOWS
def test_merged_and_undone(opened, kept_register, window):
    page, width = opened(viewport=window), window["width"]
    come_in(page, kept_register, "/admin/registers/organisation/")
    page.get_by_role("link", name="Essex County Council", exact=True).click()
    page.get_by_role("link", name="Merge with another").click()
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.get_by_text("Select the other organisation.")).to_be_visible()
    check(page, width)

    # By an acronym, though the list of choices shows official names.
    page.locator(".field-other .select2-selection").click()
    page.locator(".select2-search__field").fill("eput")
    page.get_by_role("option", name=EPUT).click()
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.get_by_role("heading", name="Protocols", exact=True)).to_be_visible()
    check(page, width)
    page.get_by_role("button", name="Merge the two").click()
    expect(page.get_by_text(f"{EPUT} was merged with Essex County Council.")).to_be_visible()

    page.goto(f"{kept_register}/organisations/eput/")
    expect(page).to_have_url(f"{kept_register}/organisations/essex-county-council/")
    come_in(page, kept_register, "/admin/registers/merge/")
    page.get_by_role("link", name=f"Undo the merge of {EPUT}").first.click()
    check(page, width)
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text(f"The merge was undone. {EPUT} is back.")).to_be_visible()
    page.goto(f"{kept_register}/organisations/eput/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(EPUT)


def test_merged_without_a_script(opened, kept_register):
    page = opened(viewport=DESKTOP, java_script_enabled=False)
    come_in(page, kept_register, "/admin/registers/organisation/")
    page.get_by_role("link", name="Pulse", exact=True).click()
    page.get_by_role("link", name="Merge with another").click()
    page.get_by_label("Or enter any of its names").fill("remedy")
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_role("button", name="Merge the two").click()
    expect(page.get_by_text("Remedy was merged with Pulse.")).to_be_visible()


@WINDOWS
def test_the_pages_beside_it(opened, kept_register, window):
    page, width = opened(viewport=window), window["width"]
    come_in(page, kept_register, "/admin/registers/organisation/")
    page.get_by_role("link", name="Medway Council", exact=True).click()
    page.get_by_role("link", name="Split a name off").click()
    check(page, width)
    page.get_by_role("radio", name="Medway").check()
    page.get_by_role("button", name="Continue").click()
    check(page, width)
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
    check(page, width)

    name = "Barnados" if window is DESKTOP else "Barnardo Ltd"
    come_in(page, kept_register, "/admin/registers/organisation/add/")
    page.locator("#id_name").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Likely duplicates").click()
    check(page, width)
    page.get_by_role(
        "button", name=f"These are different: Barnardo's and {name}", exact=True
    ).click()
    expect(page.get_by_text(f"Barnardo's and {name} are marked as different")).to_be_visible()
    check(page, width)
