"""The whole way: a reminder, its link, the lead's answer, the administrator, the public page."""

from __future__ import annotations

import datetime
import email
import re
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.posting import FOLDER, REFERENCE
from tests.browser.serving import Served, prepare, run, served
from tests.browser.test_answers import no_cookie
from tests.cast import superuser

pytestmark = pytest.mark.browser
POST = "from tests.browser.posting import post; post()"
PASSWORD = "a-password-that-only-this-test-has"
TITLE = "Caldicott Guardian"
NOTE = "The partners agreed by e-mail."
MENDED = "The partners agreed."
# Further than a review is set without a question.
FAR_AHEAD = f"March {datetime.datetime.now(tz=datetime.UTC).year + 5}"


class WithAdministrator(Served):
    """A place where an administrator can be made."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}


@pytest.fixture
def place(static_files, tmp_path) -> Iterator[WithAdministrator]:
    with WithAdministrator(tmp_path) as made:
        prepare(made)
        run(made, "manage.py", "shell", "--command", superuser("olive", PASSWORD))
        run(made, "manage.py", "shell", "--command", POST)
        served(made)
        yield made


def link_in(folder: Path, reference: str) -> str:
    """The first link about the protocol in the e-mails of a folder."""
    for file in sorted(folder.iterdir()):
        message = email.message_from_bytes(file.read_bytes(), policy=default)
        body = message.get_body(("plain",)).get_content()
        _, found, after = body.partition(f"{reference} - ")
        if found:
            return re.search(r"https?://\S+/reviews/answer/\?link=\S+", after)[0]
    raise AssertionError(f"No e-mail speaks of protocol {reference}.")


def answer(page: Page, link: str) -> None:
    """As the lead, on a telephone without JavaScript."""
    page.goto(link)
    expect(page.get_by_role("main")).to_contain_text("Essex County Council")
    page.get_by_label("Your job title").fill(TITLE)
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Still needed, unchanged").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    no_cookie(page)


def accept(page: Page, site: str) -> None:
    """As the administrator, who mends the note."""
    page.goto(f"{site}/admin/registers/answer/?status__exact=waiting")
    page.get_by_label("Username").fill("olive")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name=REFERENCE).click()
    expect(page.get_by_role("main")).to_contain_text(NOTE)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_label("Decided by")).to_have_value(TITLE)
    page.get_by_label("Note").fill(MENDED)
    page.get_by_label("Next review").fill(FAR_AHEAD)
    page.get_by_role("button", name="Accept").click()
    page.get_by_label(f"The month is right: ‘{FAR_AHEAD}’").check()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".messagelist")).to_contain_text(f"The review of {REFERENCE}")


def test_from_the_e_mail_to_the_public_page(opened, browser, place):
    link = link_in(place.folder / FOLDER, REFERENCE)
    assert link.startswith(place.url)
    lead = opened(viewport=PHONE, java_script_enabled=False)
    address = f"{place.url}/protocols/{REFERENCE}/"
    lead.goto(address)
    before = lead.get_by_role("main").inner_text()
    assert "its review is overdue" in before

    answer(lead, link)
    # Nothing is public before it is accepted.
    lead.goto(address)
    assert lead.get_by_role("main").inner_text() == before

    # A window of the administrator's own, whose cookies nobody else gets.
    with browser.new_context(viewport=DESKTOP) as window:
        accept(window.new_page(), place.url)

    lead.goto(f"{address}changes/")
    main = lead.get_by_role("main")
    expect(main).to_contain_text(TITLE)
    expect(main).to_contain_text(MENDED)
    expect(main).not_to_contain_text(NOTE)
    lead.goto(address)
    expect(main).to_contain_text(f"Yes. Its review is due by 31 {FAR_AHEAD}")
    # The link, once used, tells what became of it.
    lead.goto(link)
    expect(main).to_contain_text("The answer was accepted")
