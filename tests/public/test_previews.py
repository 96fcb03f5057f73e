"""The page behind a preview link: what it shows, to whom, for how long, and what it leaks."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse

from registers import changes
from registers.changes import proposal as deciding
from registers.changes.preview_link import LINK_DAYS, LinkState, Preview, preview_url
from registers.models import Document, Party, Proposal, Protocol, Theme
from tests import papers
from tests.merging import named
from tests.models.making import NOW, saved
from tests.permissions import PUBLIC
from tests.proposing import a_proposal, all_of, shown

pytestmark = pytest.mark.usefixtures("real_register", "today")


@pytest.fixture
def draft(settings, tmp_path) -> Protocol:
    settings.MEDIA_ROOT = tmp_path
    made = Protocol(
        reference="9001", title="A draft", purpose="To warn.", theme=Theme.objects.first()
    )
    parties = Party(protocol=made, organisation=named("Medway Council"), role="lead")
    paper = Document(
        protocol=made, title="Signed copy", file=ContentFile(papers.pdf("Agreed"), "signed.pdf")
    )
    return saved(made, parties, paper)


def protocol() -> Protocol:
    return Protocol.objects.get(pk="0046")


def path_of(thing) -> str:
    return preview_url(thing).partition("8000")[2]


def test_a_draft_is_read_without_an_account(client, draft):
    answer = client.get(path_of(draft))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Draft, not published" in page
    assert "To warn." in page
    assert "/admin/" not in page
    assert "Signed copy (signed.pdf)" in page


def test_it_is_stored_nowhere(client, draft):
    answer = client.get(path_of(draft))
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert 'name="robots" content="noindex"' in answer.content.decode()


def test_a_proposal_about_a_protocol_is_its_page_as_it_would_be(client, editor):
    new = Party(protocol=protocol(), organisation=named("Medway Council"), position=99)
    made = a_proposal(protocol(), new, by=editor, purpose="To warn.", admin_note="Ask Anna.")
    page = client.get(path_of(made)).content.decode()
    assert "Draft, not published" in page
    assert "To warn." in page
    assert "Medway Council" in page
    assert "Ask Anna." not in page
    assert protocol().purpose in page.replace("<del>", "").replace("</del>", "")


def test_a_proposal_about_an_organisation_is_a_table(client, editor):
    made = a_proposal(named("Medway Council"), by=editor, note="It has moved.")
    page = client.get(path_of(made)).content.decode()
    assert "It has moved." in page
    assert "Draft, not published" in page


def publish(draft, proposal, publisher):
    draft.status = "published"
    saved(draft)


def publish_and_withdraw(draft, proposal, publisher):
    publish(draft, proposal, publisher)
    draft.status, draft.withdrawn_reason, draft.withdrawn_on = "withdrawn", "Over.", NOW.date()
    saved(draft)


def alter(draft, proposal, publisher):
    draft.title = "Another"
    saved(draft)


def accept(draft, proposal, publisher):
    deciding.accept(proposal, shown=shown(proposal), chosen=all_of(proposal), at=NOW, by=publisher)


def rewrite(draft, proposal, publisher):
    chosen = {"purpose": "To tell."}
    deciding.rewrite(proposal, shown=shown(proposal), chosen=chosen, at=NOW)


def withdraw(draft, proposal, publisher):
    stored = protocol()
    stored.status, stored.withdrawn_reason = "withdrawn", "Over."
    stored.withdrawn_on = NOW.date()
    saved(stored)


def remove(draft, proposal, publisher):
    with changes.record_change(draft, at=NOW):
        changes.remove(draft)


@pytest.mark.parametrize(
    "case",
    [
        ("draft", publish, LinkState.ENDED),
        ("draft", publish_and_withdraw, LinkState.ENDED),
        ("draft", remove, LinkState.ENDED),
        ("draft", alter, LinkState.CHANGED),
        ("proposal", accept, LinkState.ENDED),
        ("proposal", withdraw, LinkState.ENDED),
        ("proposal", rewrite, LinkState.CHANGED),
    ],
    ids=lambda case: f"{case[0]}-{case[1].__name__}",
)
def test_what_ended_or_changed_is_shown_no_more(client, draft, publisher, case):
    which, do, state = case
    proposal = a_proposal(protocol(), purpose="To warn of floods.")
    link = path_of(draft if which == "draft" else proposal)
    assert client.get(link).status_code == 200
    do(draft, proposal, publisher)
    answer = client.get(link)
    assert (answer.status_code, answer.context["state"]) == (410, state)
    assert "floods" not in answer.content.decode()


def test_what_is_never_public_changes_no_link(client, draft):
    proposal = a_proposal(protocol(), purpose="To warn.", admin_note="Ask Anna.")
    links = [path_of(draft), path_of(proposal)]
    draft.admin_note = "Ask Bert."
    saved(draft)
    proposal.wanted["fields"]["admin_note"] = "Ask Bert."
    proposal.save()
    assert [client.get(link).status_code for link in links] == [200, 200]


def test_an_old_link(client, draft):
    with time_machine.travel(NOW - datetime.timedelta(LINK_DAYS + 1)):
        link = path_of(draft)
    answer = client.get(link)
    assert (answer.status_code, answer.context["state"]) == (410, LinkState.EXPIRED)


@pytest.mark.parametrize("link", ["", "x", "x:y:z", "x" * 5_000, "\0"])
def test_a_link_that_was_not_made_here(client, link):
    assert client.get(reverse("preview"), {"link": link}).status_code == 404


def test_a_draft_has_no_snapshot_of_a_proposal(draft):
    with pytest.raises(ValueError, match="draft"):
        _ = Preview(state=LinkState.OPEN, draft=draft).snapshot


def test_no_public_address_says_what_is_proposed(client, editor):
    a_proposal(
        protocol(),
        Party(protocol=protocol(), organisation=named("Medway Council"), note="Zebra", position=9),
        by=editor,
        purpose="Zebra",
        why="Zebra",
    )
    a_proposal(named("Essex Police"), by=editor, note="Zebra")
    Proposal.objects.update(comment="Zebra")
    for row in PUBLIC.values():
        if "{" not in row.at:
            answer = client.get(row.at)
            body = answer.getvalue() if answer.streaming else answer.content
            assert b"Zebra" not in body, row.at
    for address in ("/?q=zebra", "/protocols.json?q=zebra", "/organisations.json?q=zebra"):
        answer = client.get(address)
        body = answer.getvalue() if answer.streaming else answer.content
        assert b"0046" not in body, address
