"""An officer pastes 26 partners as they signed, chooses who four of them are, and saves once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP
from tests.browser.guarded import OLIVE, log_in
from tests.browser.looking import wait_until_loaded
from tests.browser.serving import Served, prepare, served

pytestmark = pytest.mark.browser
ADD = "/admin/registers/protocol/add/"
# As the page has them for 0036, but for two slips and two that are in no register.
SIGNED = """Action for Children (Multi-Systemic Therapies), Anglia Ruskin University (Student Social
Workers), Barnardos (FGM), Brunel University, Capita Resourcing Limited (HIP & Temp workers), Dept.
for Works & Pensions (Family Solutions), ECL (Essex Cares Ltd), Essex Partnership University
Foundation Trust (EPUT), Essex Police, Frontline (Temp Workers), London Metropolitan University, Mid
Essex Hospital Service NHS Trust, Middlesex University, National Probation Service, PA Consulting
Services Limited (ASC Digital Program), Payerise (Temp Workers), Phonix Futures (Full Circle), The
Zebra Quay Fund (Loans), Open University, Xylophone Players, Suffolk University, Thurrok Council,
University of East Anglia, University of East London, University of Essex, University of
Hertfordshire.""".replace("\n", " ")
# What a hand does, across pages: presses of a button of the mouse, and of keys.
COUNT = """for (const [event, name] of [["pointerdown", "clicks"], ["keydown", "keys"]]) {
  addEventListener(event, ({ isTrusted }) => {
    if (isTrusted) localStorage[name] = Number(localStorage[name] || 0) + 1;
  }, true);
}"""
MOST_CLICKS, MOST_KEYS = 8, 0


def counted(page: Page) -> list[int]:
    counts: list[int] = page.evaluate(
        "['clicks', 'keys'].map((name) => Number(localStorage[name] || 0))"
    )
    return counts


def pastes(page: Page) -> None:
    page.get_by_text("Paste the list as signed").click()
    box = page.get_by_label("Organisations, as the protocol names them")
    box.click()
    box.fill(SIGNED)
    page.get_by_role("button", name="Put the list into rows").click()
    expect(page.locator("#pasted")).to_be_in_viewport()
    expect(page.locator("#pasted")).to_contain_text("26 organisations of the list are in rows")


@pytest.fixture
def window(browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport=DESKTOP) as made:
        yield made


@pytest.fixture(scope="module")
def place(static_files, tmp_path_factory) -> Iterator[str]:
    with Served(tmp_path_factory.mktemp("paste")) as made:
        prepare(made, command=OLIVE)
        yield served(made)


def test_on_a_telephone_with_the_keyboard_and_by_the_enter_key(window, place):
    """Nothing is saved, so that it stands before the test that adds these names."""
    page = window.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{place}{ADD}")
    log_in(page, "olive")
    pastes(page)
    wait_until_loaded(page)
    assert axe_finds(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    # Who searches for another one need not choose that box.
    row = page.get_by_role("group", name="Not known: ‘Xylophone Players’", exact=True)
    row.locator(".select2-selection").press("Enter")
    page.locator(".select2-search__field").fill("thurrock")
    page.get_by_role("option", name="Thurrock Council").click()
    expect(row.get_by_label("Another one, found here:")).to_be_checked()
    # The Enter key saves, so what is missing is said.
    page.locator("#id_title").press("Enter")
    expect(page.get_by_label("What to correct")).to_contain_text("Title: This field is required.")


def test_26_partners_by_one_save(window, place):
    page = window.new_page()
    page.goto(f"{place}{ADD}")
    log_in(page, "olive")
    page.locator("#id_title").fill("Ours")
    page.add_init_script(COUNT)
    page.evaluate(COUNT)
    pastes(page)
    for written, choice in (
        ("Phonix Futures", "Phoenix Futures"),
        ("The Zebra Quay Fund", "A new organisation"),
        ("Xylophone Players", "A new group of organisations"),
        ("Thurrok Council", "Thurrock Council"),
    ):
        row = page.get_by_role("group", name=f"Not known: ‘{written}’", exact=True)
        row.get_by_text(choice, exact=True).click()
    wait_until_loaded(page)
    assert axe_finds(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("is saved. It is not public yet.")).to_be_visible()
    clicks, keys = counted(page)
    assert 0 < clicks <= MOST_CLICKS
    assert keys <= MOST_KEYS
    page.get_by_role("link", name="Ours", exact=True).click()
    expect(page.locator("#parties-group tbody tr.has_original")).to_have_count(26)
    expect(page.locator("#parties-group")).to_contain_text("The Zebra Quay Fund")
