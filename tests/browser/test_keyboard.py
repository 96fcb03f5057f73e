"""A reader who uses the keyboard alone, or who needs letters four times as large."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.looking import look, wait_until_loaded

pytestmark = pytest.mark.browser

MOST_STOPS = 400
FOCUSED = ":focus"
# A bar of a picture is for the mouse: a number beside it leads to the same list.
STOPS = "a[href]:not([tabindex='-1']), input:enabled, select, button, summary"


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    # What has not been loaded yet is never reached.
    wait_until_loaded(page)
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}{FOCUSED}").count():
            return
    pytest.fail(f"The Tab key never reaches {selector}.")


def test_the_first_stop_is_a_link_that_skips_to_the_content(reader, register):
    reader.goto(register)
    link = reader.get_by_role("link", name="Skip to main content")
    before = link.bounding_box()
    assert before["width"] <= 1
    reader.keyboard.press("Tab")
    expect(link).to_be_focused()
    assert link.bounding_box()["width"] > 100
    assert "Skip to main content" in look(reader, "texts", "body > a")
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("main")).to_be_focused()
    # The next stop is in it: the links of every page have been skipped.
    reader.keyboard.press("Tab")
    expect(reader.locator(f"main {FOCUSED}")).to_have_count(1)


def test_the_keys_alone_lead_to_a_filtered_list(reader, register):
    reader.goto(register)
    tab_to(reader, "#theme-health-and-wellbeing")
    label = reader.locator("label[for=theme-health-and-wellbeing]").inner_text()
    number = int(re.search(r"(\d+)$", label)[1])
    reader.keyboard.press("Space")
    tab_to(reader, "#role")
    reader.keyboard.press("ArrowDown")
    expect(reader.get_by_label("Lead", exact=False).and_(reader.locator(FOCUSED))).to_be_checked()
    reader.keyboard.press("ArrowUp")
    tab_to(reader, "#sort")
    reader.keyboard.type("Title")
    tab_to(reader, "button:has-text('Show protocols')")
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", name=f"{number} protocols", exact=True)).to_be_visible()
    for part in ("theme=health-and-wellbeing", "sort=title"):
        assert part in reader.url
    tab_to(reader, ".register-chips__tag")
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", name="25 protocols", exact=True)).to_be_visible()


def test_on_a_phone_the_panel_is_opened_with_the_keys(opened, register):
    page = opened(viewport=PHONE, java_script_enabled=False)
    page.goto(register)
    box = page.get_by_label("Safer Community")
    expect(box).to_be_hidden()
    tab_to(page, ".register-filters-panel summary")
    page.keyboard.press("Enter")
    expect(box).to_be_visible()
    page.keyboard.press("Space")
    expect(box).to_be_hidden()
    # What is shut is passed over.
    page.keyboard.press("Tab")
    expect(page.locator(f"form {FOCUSED}")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    tab_to(page, "#theme-safer-community")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="4 protocols", exact=True)).to_be_visible()


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["1280", "320"])
@pytest.mark.parametrize(
    "path",
    [
        "/?theme=safer-community&role=lead",
        "/?review_from=2024-13",
        "/organisations/essex-police/",
        "/organisations/?letter=e",
        "/reviews/?organisation=provide",
    ],
)
def test_every_stop_can_be_seen_and_the_end_is_reached(opened, register, path, window):
    page = opened(viewport=window, java_script_enabled=False)
    page.goto(register + path)
    stops: list[str] = []
    while True:
        page.keyboard.press("Tab")
        stop = look(page, "stop")
        assert not stop["unseen"], f"Nobody sees that this has the focus: {stop['unseen']}"
        if stop["end"]:
            break
        assert stop["inside"], f"This has the focus, outside the window: {stop['name']}"
        stops.append(stop["name"])
        assert len(stops) < MOST_STOPS, "The Tab key never leaves the page."
    expected = page.locator(STOPS).filter(visible=True)
    assert len(stops) == expected.count() - radios_passed_over(page)


def radios_passed_over(page: Page) -> int:
    """How many radio buttons are reached by arrows and not by the Tab key."""
    shown = page.locator("input[type=radio]:enabled").filter(visible=True)
    return shown.count() - len({each.get_attribute("name") for each in shown.all()})
