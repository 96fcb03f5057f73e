"""An address to write to stands in no page, no ending, no change, and no e-mail to another.

Nor does what a reader has written.
"""

from __future__ import annotations

import io

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from registers import changes
from registers.models import Change, Contact, Organisation, Proposal, Protocol
from registers.public.urls import CACHE_PARAMS
from registers.reminders.suggestions import suggest
from tests.browser.addresses import LEADS_ON, NO_PAGES, PAGES
from tests.models.making import NOW

TELLING = "a.telling.address"
PATHS = [
    *(example.path for examples in PAGES.values() for example in examples),
    *NO_PAGES.values(),
    *LEADS_ON.values(),
    "/protocols.json?status=all",
    "/organisations/provide/",
    "/organisations/provide/with/essex-county-council/",
    "/protocols/0046/",
    "/protocols/0046/changes/",
]

pytestmark = pytest.mark.usefixtures("real_register", "today")


@pytest.fixture
def provide(real_register) -> Organisation:
    """Leads 0046 and is a partner of others. Its contact was recorded, altered, and is there."""
    provide = Organisation.objects.get(name="Provide")
    contact = Contact(organisation=provide, email=f"{TELLING}@provide.example")
    for _ in range(2):
        with changes.record_change(provide, at=NOW, why="So that it is reminded."):
            changes.save(contact)
            contact.email = f"{TELLING}.2@provide.example"
    return provide


@pytest.fixture
def suggestion(provide) -> Proposal:
    """A reader has written about a protocol, an organisation and the home page."""
    for page, subject in (("/", None), ("/p", Protocol.objects.get(pk="0046")), ("/o", provide)):
        words = {"words": f"Is {TELLING} right?", "job_title": TELLING}
        made = suggest(**words, page=page, subject=subject, at=NOW)
    return made


def test_the_examples_are_of_every_public_page():
    assert len(PATHS) > len(CACHE_PARAMS)


def test_no_page_and_no_ending_holds_it(client: Client, provide, suggestion):
    for path in PATHS:
        response = client.get(path)
        assert response.status_code in {200, 301, 302, 400, 404}, path
        content = response.getvalue() if response.streaming else response.content
        assert TELLING.encode() not in content, path
        assert TELLING not in str(response.headers), path


def test_no_change_tells_of_it(provide):
    told = Change.objects.filter(organisation=provide)
    assert not told.filter(why="So that it is reminded.").exists()
    assert not Change.objects.filter(what__contains="telling").exists()


def test_no_reminder_to_another_holds_it(provide):
    for each in Organisation.objects.lacking_contact():
        Contact.objects.create(organisation=each, email=f"ig@{each.slug[:40]}.example")
    call_command("send_review_reminders", stdout=io.StringIO())
    others = [message for message in mail.outbox if TELLING not in message.to[0]]
    assert (len(mail.outbox), len(others)) == (8, 7)
    assert not [each for each in others if TELLING in each.message().as_string()]
