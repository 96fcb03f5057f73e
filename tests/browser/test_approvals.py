"""Approval by link, the whole way: asked in admin, ten e-mails, ten answers, the public page."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.guarded import editor, log_in
from tests.browser.looking import look
from tests.browser.serving import Served, prepare, run, served
from tests.browser.test_answers import no_cookie

pytestmark = pytest.mark.browser
REFERENCE = "0036"
ASKED = 10
CONTACTS = f"""
from registers import changes
from registers.models import Contact, Protocol
for party in list(Protocol.objects.get(pk="{REFERENCE}").all_parties)[:{ASKED}]:
    key = party.organisation_id
    changes.save(Contact(organisation=party.organisation, email=f"ig{{key}}@body.example"))
"""
REASON = "Clause 4 names the wrong system."


class WithMail(Served):
    """A place whose e-mails are written to a folder."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"EMAIL_URL": f"filemail://{self.folder}/mail"}


@pytest.fixture
def place(static_files, tmp_path) -> Iterator[WithMail]:
    (tmp_path / "mail").mkdir()
    with WithMail(tmp_path) as made:
        prepare(made)
        run(made, "manage.py", "shell", "--command", editor("paul", "Publisher") + CONTACTS)
        served(made)
        yield made


def links_in(folder: Path) -> list[str]:
    """Return the link in each e-mail, in the order of sending."""
    texts = [file.read_text() for file in sorted(folder.iterdir())]
    found = []
    for raw in re.split(r"^-{79}\n", "".join(texts), flags=re.MULTILINE):
        if raw.strip():
            body = email.message_from_string(raw, policy=default).get_content()
            found += re.findall(r"https?://\S+/approvals/answer/\?link=\S+", body)
    return found


def ask(page: Page, site: str) -> None:
    page.goto(f"{site}/admin/registers/protocol/{REFERENCE}/approvals/")
    log_in(page, "paul")
    page.get_by_role("button", name=f"Ask {ASKED} organisations").click()
    expect(page.locator(".messagelist")).to_contain_text(f"{ASKED} sent")


def answer(page: Page, link: str, button: str, reason: str = "") -> None:
    """As an approver, on a telephone without JavaScript."""
    page.goto(link)
    page.get_by_label("Your job title").fill("Caldicott Guardian")
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_eight_approve_one_objects_and_one_is_late(opened, browser, place):
    with browser.new_context(viewport=DESKTOP) as window:
        ask(window.new_page(), place.url)
    links = links_in(place.folder / "mail")
    assert len(links) == len(set(links)) == ASKED
    reader = opened(viewport=PHONE)
    reader.goto(links[0])
    assert axe_finds(reader) == []
    assert look(reader, "sticking_out") == []
    approver = opened(viewport=PHONE, java_script_enabled=False)
    for link in links[:8]:
        answer(approver, link, "We approve it")
    answer(approver, links[8], "We object", REASON)
    no_cookie(approver)

    page = f"{place.url}/protocols/{REFERENCE}/"
    approver.goto(page)
    main = approver.get_by_role("main")
    expect(main).to_contain_text("8 of 27 have approved this protocol")
    parties = approver.request.get(f"{page.rstrip('/')}.json").json()["parties"]
    assert sum(each["approval_source"] == "link" for each in parties) == 8
    for address in (page, f"{page}changes/", f"{place.url}/protocols.atom", f"{place.url}/"):
        assert REASON not in approver.request.get(address).text()
    # A link that was used tells what became of it.
    approver.goto(links[8])
    expect(main).to_contain_text("Objected")
    with browser.new_context(viewport=DESKTOP) as window:
        publisher = window.new_page()
        publisher.goto(f"{place.url}/admin/registers/approvalrequest/?answer=waiting")
        log_in(publisher, "paul")
        publisher.locator("#result_list tbody th a").first.click()
        expect(publisher.get_by_role("main")).to_contain_text(REASON)
        publisher.get_by_role("button", name="It is dealt with").click()
        expect(publisher.locator(".messagelist")).to_contain_text("is dealt with")
        expect(publisher.get_by_role("button", name="Ask 1 organisation")).to_be_visible()
