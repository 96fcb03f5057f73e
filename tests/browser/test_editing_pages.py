"""An officer's pages in a real browser: the form, the preview, the reference log, the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.looking import document_width
from tests.browser.test_reviewing import check, come_in

pytestmark = pytest.mark.browser

LIST = "/admin/registers/protocol/"
REFERENCE_LOG = "/admin/registers/references/"
WINDOWS = pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["wide", "narrow"])


class Watched:
    """A page, and what its console complains of, but for the icon that admin has none of."""

    def __init__(self, page: Page, width: int) -> None:
        self.page, self.width = page, width
        self.complaints: list[str] = []
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        icon = message.location["url"].endswith("/favicon.ico")
        if message.type in {"error", "warning"} and not icon:
            self.complaints.append(message.text)

    def check(self) -> None:
        """See that everybody can use the page. What axe itself sets off is no complaint of ours."""
        assert self.complaints == []
        check(self.page, self.width)
        self.complaints.clear()


@pytest.fixture
def watched(opened, window) -> Iterator[Watched]:
    """A page whose console complains of nothing."""
    watched = Watched(opened(viewport=window), window["width"])
    yield watched
    assert watched.complaints == []


@WINDOWS
def test_a_draft_is_made_looked_at_and_published(watched, kept_register):
    page = watched.page
    come_in(page, kept_register, f"{LIST}add/")
    reference = page.locator("#id_reference").input_value()
    page.locator("#id_title").fill("Flood alerts")
    page.locator("#id_theme").select_option("Safer Community")
    page.locator("#parties-group .add-row a").click()
    page.locator("#parties-0 .select2-selection").click()
    page.locator(".select2-search__field").fill("eput")
    page.get_by_role(
        "option", name="Essex Partnership University NHS Foundation Trust (EPUT)"
    ).click()
    page.locator("#id_parties-0-role").select_option("Lead")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Still missing: Version")).to_be_visible()

    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_text("Draft: only editors can see this.")).to_be_visible()
    watched.check()
    page.get_by_role("link", name="Go back to the form").click()
    page.get_by_role("button", name="Save and publish …").click()
    expect(page.get_by_text("It has no purpose.")).to_be_visible()
    watched.check()
    page.go_back()
    page.locator("#id_purpose").fill("To warn.")
    page.get_by_role("button", name="Save and publish …").click()
    expect(page.get_by_role("heading", name="What the public will see")).to_be_visible()
    watched.check()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("is published.")).to_be_visible()
    page.goto(f"{kept_register}/protocols/{reference}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Flood alerts")


@WINDOWS
def test_gaps_are_explained_in_the_reference_log(watched, kept_register):
    page = watched.page
    come_in(page, kept_register, f"{REFERENCE_LOG}?show=unexplained")
    watched.check()
    boxes = page.locator("input[name=references]")
    gap = boxes.nth(3).get_attribute("value")
    boxes.nth(3).check()
    page.get_by_role("button", name="Save the explanation").click()
    expect(page.get_by_text("Select what became of them.").first).to_be_visible()
    expect(page.locator(".errors-at a[href='#id_fate_0']")).to_be_visible()
    expect(page.locator(f"input[value='{gap}']")).to_be_checked()
    watched.check()
    page.get_by_label("Withdrawn before this register began").check()
    page.get_by_label("Note").fill("The minutes of 2016 name it.")
    page.get_by_role("button", name="Save the explanation").click()
    expect(page.get_by_text(f"now says of {gap}: withdrawn before")).to_be_visible()
    expect(page.locator(f"input[value='{gap}']")).to_have_count(0)
    page.goto(f"{kept_register}{REFERENCE_LOG}?show=gaps")
    watched.check()


@WINDOWS
def test_the_list_and_the_form_keep_the_strict_policy(watched, kept_register):
    page = watched.page
    come_in(page, kept_register, LIST)
    assert document_width(page) <= watched.width
    page.goto(f"{kept_register}{LIST}0012/change/")
    expect(page.locator("#parties-group")).to_be_visible()
    page.goto(f"{kept_register}{LIST}0012/change/?plain=1")
    assert document_width(page) <= watched.width


def test_a_party_is_added_without_javascript(reader, kept_register):
    page = reader
    come_in(page, kept_register, f"{LIST}0017/change/")
    page.get_by_role("link", name="Use this form without JavaScript").click()
    empty = page.locator("#parties-group tr.form-row:not(.has_original):not(.empty-form)")
    empty.first.locator("input[name$=organisation]").fill("eput")
    page.get_by_role("button", name="Save and continue editing").click()
    name = "Essex Partnership University NHS Foundation Trust"
    expect(
        page.locator(f"#parties-group input[name$=organisation][value='{name}']")
    ).to_be_visible()
