"""From one e-mail: a lead confirms its protocol, fills in five fields and sends the paper.

A Publisher accepts three of the five and the paper, field by field, and the public page shows them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.guarded import editor, log_in
from tests.browser.posting import FOLDER, REFERENCE
from tests.browser.serving import Served, prepare, run, served
from tests.browser.test_answers import no_cookie
from tests.browser.test_reminder_to_review import POST, TITLE, link_in
from tests.papers import pdf

pytestmark = pytest.mark.browser
BASIS = "Public task: UK GDPR Article 6(1)(e)"
NEVER_HOW = "Ask each partner."


@pytest.fixture
def place(static_files, tmp_path) -> Iterator[Served]:
    with Served(tmp_path) as made:
        prepare(made)
        run(made, "manage.py", "shell", "--command", editor("paul", "Publisher"))
        run(made, "manage.py", "shell", "--command", POST)
        served(made)
        yield made


def not_printed(page: Page, link: Locator) -> None:
    """Expect that paper shows the words of the secret link, and not where it goes."""
    page.emulate_media(media="print")
    shown = link.evaluate("each => getComputedStyle(each, '::after').content")
    assert shown == "none"
    page.emulate_media(media="screen")


def fill_in(page: Page, link: str) -> None:
    """As the lead, on a telephone without JavaScript: answer, fill in, save, come back, send."""
    page.goto(link)
    page.get_by_label("Your job title").fill(TITLE)
    page.get_by_role("button", name="Still needed, unchanged").click()
    page.get_by_role("button", name="Fill in what is missing").click()
    not_printed(page, page.get_by_role("link", name="answer whether it is still needed"))
    page.get_by_label("Information shared").fill("Names and needs.")
    page.get_by_label("Patients").check()
    page.get_by_role("group", name="Criminal offence data").get_by_label("No", exact=True).check()
    page.get_by_text("By what right").click()
    page.get_by_label(BASIS).check()
    page.get_by_label("Document (optional)", exact=True).set_input_files(
        {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": pdf("signed")}
    )
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.get_by_role("status")).to_contain_text("Saved, and not sent yet")
    page.goto(link)
    page.get_by_role("button", name="Go on filling it in").click()
    expect(page.get_by_label("Information shared")).to_have_value("Names and needs.")
    page.get_by_text("People’s rights").click()
    page.get_by_label("How people use their rights", exact=True).fill(NEVER_HOW)
    page.get_by_label("Your job title").fill(TITLE)
    page.get_by_role("button", name="Send to").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    no_cookie(page)


def accept_three(page: Page, site: str) -> None:
    """As the Publisher, who unticks two."""
    page.goto(f"{site}/admin/registers/proposal/?status__exact=waiting")
    log_in(page, "paul")
    page.get_by_role("link", name=REFERENCE).click()
    expect(page.get_by_role("main")).to_contain_text(f"by its link ({TITLE})")
    expect(page.locator(".differences tbody tr")).to_have_count(6)
    for name in ("take-rights_how", "take-people"):
        page.locator(f"input[name={name}]").uncheck()
    page.get_by_role("button", name="Accept what is ticked").click()
    expect(page.locator(".messagelist")).to_contain_text("The proposal is accepted")


def test_a_lead_fills_in_a_record_and_a_publisher_accepts_a_part(opened, browser, place):
    lead = opened(viewport=PHONE, java_script_enabled=False)
    fill_in(lead, link_in(place.folder / FOLDER, REFERENCE))
    address = f"{place.url}/protocols/{REFERENCE}/"
    lead.goto(address)
    main = lead.get_by_role("main")
    expect(main).not_to_contain_text("Names and needs.")
    with browser.new_context(viewport=DESKTOP) as window:
        accept_three(window.new_page(), place.url)
    lead.goto(address)
    for words in ("Names and needs.", BASIS, "Criminal offence data", "Signed agreement"):
        expect(main).to_contain_text(words)
    for words in (NEVER_HOW, "Patients", TITLE):
        expect(main).not_to_contain_text(words)
