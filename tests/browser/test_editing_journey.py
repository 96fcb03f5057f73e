"""A Publisher's day, from the log-in to an undone merge, and what readers see of it at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP
from tests.browser.guarded import Guarded, add_lead, code_of, editor, log_in, set_up
from tests.browser.serving import prepare, served

pytestmark = pytest.mark.browser

LIST = "/admin/registers/protocol/"
EPUT = "Essex Partnership University NHS Foundation Trust"
COUNCIL = "Essex County Council"
EPUT_ADDRESS, COUNCIL_ADDRESS = (
    "/organisations/essex-partnership-university-nhs-foundation-trust/",
    "/organisations/essex-county-council/",
)


@pytest.fixture
def place(static_files, tmp_path) -> Iterator[str]:
    with Guarded(tmp_path) as made:
        prepare(made, command=editor("paula", "Publisher"))
        yield served(made)


@dataclass(frozen=True, kw_only=True)
class Readers:
    """The public, who are not logged in and run no scripts: a page, and the register's address."""

    page: Page
    register: str

    def open(self, path: str) -> int:
        """Open a page of the register and return the answer's status."""
        answer = self.page.goto(f"{self.register}{path}")
        assert answer
        return answer.status

    def text(self, path: str) -> str:
        """Return what an address sends."""
        answer = self.page.request.get(f"{self.register}{path}")
        assert answer.ok
        return answer.text()

    def rows(self) -> dict[str, str]:
        """Return the titles in the published table, by reference."""
        table = csv.DictReader(self.text("/protocols.csv").lstrip("\ufeff").splitlines())
        return {row["reference"]: row["title"] for row in table}

    def see(self, reference: str, title: str, *, why: str) -> None:
        """See the title, and the reason of the newest change, wherever readers look."""
        assert self.open(f"/protocols/{reference}/") == 200
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        assert self.open(f"/protocols/{reference}/changes/") == 200
        newest = self.page.get_by_role("listitem").filter(has_text="Why: ").first
        expect(newest).to_contain_text(f"Why: {why}")
        expect(self.page.get_by_role("main")).not_to_contain_text("paula")
        assert self.rows()[reference] == title
        entry = self.text("/protocols.atom").partition("<entry>")[2].partition("</entry>")[0]
        assert f"{reference} - {title}" in entry


@pytest.fixture
def readers(browser, place) -> Iterator[Readers]:
    with browser.new_context(viewport=DESKTOP, java_script_enabled=False) as window:
        yield Readers(page=window.new_page(), register=place)


def test_a_publishers_day(browser, place, readers):
    with browser.new_context(viewport=DESKTOP) as window:
        page = window.new_page()
        comes_in(page, place)
        reference = fills_a_draft(page, readers)
        publishes(page, readers, reference)
        title = edits(page, readers)
        restores(page, readers, title)
        merges(page, readers)
        undoes_the_merge(page, readers)


def comes_in(page: Page, place: str) -> None:
    """Log in, set an app up, log out, and log in with its next code."""
    page.goto(f"{place}{LIST}")
    log_in(page, "paula")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
    key = set_up(page)
    page.get_by_role("link", name="I have stored them").click()
    expect(page).to_have_url(f"{place}/admin/")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{place}/admin/login/")

    page.goto(f"{place}{LIST}")
    log_in(page, "paula")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
    # Each code is good once, so this is the next one: an app's clock may be half a minute on.
    page.locator("#id_code").fill(code_of(key, seconds_on=30))
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{place}{LIST}")


def fills_a_draft(page: Page, readers: Readers) -> str:
    """Write a new protocol, of which readers see nothing yet; return its reference."""
    page.get_by_role("link", name="Add protocol").first.click()
    reference = page.locator("#id_reference").input_value()
    page.locator("#id_title").fill("Flood alerts")
    page.locator("#id_theme").select_option("Safer Community")
    page.locator("#id_purpose").fill("So that nobody is surprised by water.")
    add_lead(page, "eput", EPUT)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Still missing: ")).to_be_visible()
    assert readers.open(f"/protocols/{reference}/") == 404
    assert reference not in readers.rows()
    return reference


def publishes(page: Page, readers: Readers, reference: str) -> None:
    page.get_by_role("button", name="Save and publish …").click()
    page.get_by_label("Why?").fill("The partners signed it.")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("is published.")).to_be_visible()
    readers.see(reference, "Flood alerts", why="The partners signed it.")
    readers.open(f"/protocols/{reference}/")
    expect(readers.page.get_by_text("So that nobody is surprised by water.")).to_be_visible()
    expect(readers.page.get_by_role("link", name=EPUT).first).to_be_visible()


def edits(page: Page, readers: Readers) -> str:
    """Give a published protocol another title, with a reason; return the title before."""
    page.goto(f"{readers.register}{LIST}0046/change/")
    before = page.locator("#id_title").input_value()
    page.locator("#id_title").fill("A title by mistake")
    page.locator("#id_why").fill("They asked for it.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    readers.see("0046", "A title by mistake", why="They asked for it.")
    return before


def restores(page: Page, readers: Readers, title: str) -> None:
    """Find the change in the history, and put the state before it back."""
    page.goto(f"{readers.register}{LIST}0046/history/")
    newest = page.locator("section.change").first
    expect(newest).to_contain_text("By: paula. Why: They asked for it.")
    expect(newest.get_by_role("row", name="Title")).to_contain_text("A title by mistake")
    page.get_by_role("link", name="Put this state back").first.click()
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    page.get_by_label("Why do you put it back?").fill("It was a mistake.")
    page.get_by_role("button", name="Put this state back").click()
    expect(page.get_by_text("is put back.")).to_be_visible()
    readers.see("0046", title, why="It was a mistake.")


def merges(page: Page, readers: Readers) -> None:
    """Merge two organisations; the address of the one that goes leads to the one that stays."""
    page.goto(f"{readers.register}/admin/registers/organisation/")
    page.get_by_role("link", name=COUNCIL, exact=True).click()
    page.get_by_role("link", name="Merge with another").click()
    page.locator(".field-other .select2-selection").click()
    page.locator(".select2-search__field").fill("eput")
    page.get_by_role("option", name=EPUT).click()
    page.get_by_role("button", name="Show what will happen").click()
    assert readers.open(EPUT_ADDRESS) == 200
    expect(readers.page).to_have_url(f"{readers.register}{EPUT_ADDRESS}")
    page.get_by_role("button", name="Merge the two").click()
    expect(page.get_by_text(f"{EPUT} was merged with {COUNCIL}.")).to_be_visible()
    assert readers.open(EPUT_ADDRESS) == 200
    expect(readers.page).to_have_url(f"{readers.register}{COUNCIL_ADDRESS}")


def undoes_the_merge(page: Page, readers: Readers) -> None:
    """Undo it from the history of the one that stayed; readers find both again."""
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name=f"Undo the merge of {EPUT}").click()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text(f"The merge was undone. {EPUT} is back.")).to_be_visible()
    for address, name in ((EPUT_ADDRESS, EPUT), (COUNCIL_ADDRESS, COUNCIL)):
        assert readers.open(address) == 200
        expect(readers.page).to_have_url(f"{readers.register}{address}")
        expect(readers.page.get_by_role("heading", level=1)).to_contain_text(name)
