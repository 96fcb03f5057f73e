"""The page on which an Administrator takes words out."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from registers import changes
from registers.models import (
    Change,
    Document,
    FormDraft,
    Organisation,
    Proposal,
    Protocol,
    Review,
    subject_columns,
)
from tests import papers
from tests.models.making import NOW, saved

AT = "/admin/registers/protocol/0046/take-out/"
WORDS = "Quxzorby 07700 900123"

pytestmark = pytest.mark.usefixtures("real_register")


@pytest.fixture
def browser(administrator) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def protocol(real_register, db, tmp_path, settings) -> Protocol:
    settings.MEDIA_ROOT = tmp_path
    protocol = Protocol.objects.get(pk="0046")
    for purpose in (f"Ask {WORDS}.", "Ask nobody at all."):
        with changes.record_change(protocol, at=NOW):
            protocol.purpose = purpose
            changes.save(protocol)
    document = Document(protocol=protocol, title="Signed", file=ContentFile(papers.pdf(), "a.pdf"))
    saved(document, at=NOW)
    return protocol


def test_the_places_are_shown_and_then_taken_out(
    browser, protocol, caplog, django_capture_on_commit_callbacks
):
    sent = {"words": WORDS, "reason": "personal data"}
    shown = browser.post(AT, sent | {"_preview": "1"})
    places = shown.context["preview"].places
    assert len(places) == 2
    (state,) = [each for each in places if each.what == "Earlier states of a record"]
    assert state.context == f"Ask {WORDS}."
    assert not Change.objects.filter(what__contains="Taken out").exists()
    caplog.set_level("INFO", logger="security")
    sent |= {"shown": shown.context["preview"].digest, "_do": "1"}
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(AT, sent).status_code == 302
    (event,) = [each for each in caplog.records if each.name == "security"]
    assert (event.event, event.places) == ("words_taken_out", 2)
    assert "Quxzorby" not in str(vars(event))
    # The database cannot be compacted within the test's transaction.
    assert "not written anew" in caplog.text
    page = browser.get("/admin/registers/protocol/0046/change/").content.decode()
    assert "Taken out of 2 places" in page
    assert not Change.objects.filter(snapshot__icontains="Quxzorby").exists()


def test_a_text_that_stands_nowhere_is_told_and_needs_a_tick(browser, protocol, settings, tmp_path):
    settings.EMAIL_FILE_PATH = tmp_path
    (tmp_path / "a.log").write_text("Subject: x\n\nQuxzorby\n")
    sent = {"words": "07700900999\nQuxzorby\nnobody at all", "reason": "personal data"}
    page = browser.post(AT, sent | {"_do": "1"})
    assert page.context["found"] == {"07700900999": 0, "Quxzorby": 3, "nobody at all": 3}
    assert "<mark>Quxzorby</mark> 07700 900123." in page.content.decode()
    assert page.context["form"].non_field_errors()
    assert Change.objects.filter(snapshot__icontains="Quxzorby").exists()
    shown = page.context["preview"].digest
    page = browser.post(AT, sent | {"_do": "1", "shown": shown}, follow=True)
    (message,) = [each for each in page.context["messages"] if "0, 3, 3" in each.message]
    assert message.level_tag == "warning"
    assert not Change.objects.filter(snapshot__icontains="Quxzorby").exists()


def test_past_texts_and_files_are_chosen(browser, protocol):
    form = browser.get(AT).context["form"]
    (past,) = (key for key, words in form.fields["texts"].choices if "Quxzorby" in words)
    ((paper, _),) = form.fields["papers"].choices
    chosen = {"texts": [past], "papers": [paper], "reason": "confidential"}
    preview = browser.post(AT, chosen | {"_preview": "1"}).context["preview"]
    browser.post(AT, chosen | {"_do": "1", "shown": preview.digest})
    assert "confidential" in Change.objects.filter(protocol=protocol).first().what
    assert Document.objects.get(protocol=protocol).taken_off


def test_the_note_of_a_proposed_review_is_chosen_and_taken_out(browser, protocol, editor):
    day = timezone.localdate()
    decided = {"reviewed_on": day, "outcome": "unchanged", "next_review": day.replace(2099, day=1)}
    words = {"job_title": "Head of Zarquill", "note": "Told by Zarquill Brandt."}
    review = Review(protocol=protocol, **decided, **words)
    changes.propose_reviews([review], at=timezone.now(), by=editor)
    form = browser.get(AT).context["form"]
    (note,) = (key for key, words in form.fields["texts"].choices if "Brandt" in words)
    chosen = {"texts": [note], "words": "Zarquill", "reason": "confidential"}
    preview = browser.post(AT, chosen | {"_preview": "1"}).context["preview"]
    browser.post(AT, chosen | {"_do": "1", "shown": preview.digest})
    (row,) = Proposal.objects.get().wanted["parts"]["reviews"]
    assert "Zarquill" not in str(row)
    assert "confidential" in row["note"]


def test_each_place_is_listed_with_its_record_page_by_page(browser, protocol, monkeypatch):
    monkeypatch.setattr("registers.admin.redaction.A_PAGE", 1)
    # Nothing tells of a session. Of a record that is gone, the change is left.
    browser.session["said"] = WORDS
    gone = saved(Organisation(name=f"{WORDS} House"))
    with changes.record_change(gone, at=NOW):
        changes.remove(gone)
    found = []
    for number in range(1, 20):
        sent = {"words": WORDS, "reason": "personal data", "_page": number}
        page = browser.post(AT, sent).context["page"]
        found += page.object_list
        if not page.has_next():
            break
    assert len(found) == page.paginator.count > 3
    assert {("0046 - ", "/admin/registers/protocol/0046/change/")} < {
        (each.record[:7], each.url) for each in found
    }
    assert (f"Organisation {gone.pk}", "") not in found
    assert all("Quxzorby" in each.context for each in found if each.record)


@pytest.mark.usefixtures("protocol")
def test_a_file_that_is_left_is_named(
    browser, administrator, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    draft = FormDraft.objects.create(user=administrator, page=AT, key="a", saved_at=NOW, values=[])
    file = {"field": "file", "name": "b.pdf", "file": ContentFile(b"x", "b.pdf"), "size": 1}
    draft.files.create(**file)
    proposal = Proposal.objects.create(
        **subject_columns(Protocol, "0046"), about="x", base={}, wanted={}, proposed_at=NOW
    )
    proposal.files.create(file=ContentFile(b"x", "c.pdf"), name="c.pdf")
    papers = browser.get(AT).context["form"].fields["papers"].choices
    assert [label.rpartition(" ")[2] for _, label in papers] == ["a.pdf", "c.pdf", "b.pdf"]
    sent = {"papers": [key for key, _ in papers], "reason": "confidential"}
    sent["shown"] = browser.post(AT, sent | {"_preview": "1"}).context["preview"].digest

    def refuse(*args: object) -> None:
        raise OSError

    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(AT, sent | {"_do": "1"}).status_code == 302
    for key in sent["papers"]:
        assert f"{key} was taken out and is still stored" in caplog.text


@pytest.mark.parametrize(
    ("words", "shown"), [("", ""), ("Nobodyatall", ""), (WORDS, "of another page")]
)
def test_what_is_refused_is_said_on_the_page(browser, protocol, words, shown):
    sent = {"words": words, "reason": "personal data", "_do": "1", "shown": shown}
    answer = browser.post(AT, sent)
    assert answer.context["form"].non_field_errors()
    assert Change.objects.filter(snapshot__icontains="Quxzorby").exists()


def test_who_comes_while_another_saves_is_asked_to_try_again(browser, protocol, monkeypatch):
    def held(*args: object) -> None:
        raise OperationalError("database is locked")

    # SQLite has one writer, who never finds a row held.
    monkeypatch.setattr("registers.changes.redaction.redact.lock_register", held)
    sent = {"words": WORDS, "reason": "personal data", "_do": "1", "shown": "x"}
    assert browser.post(AT, sent).status_code == 503


def test_a_thousand_words_are_looked_for(browser, protocol):
    Change.objects.exclude(protocol=protocol).delete()
    words = "\n".join([WORDS.split(maxsplit=1)[0], *(f"Nobody{each}" for each in range(999))])
    answer = browser.post(AT, {"words": words, "reason": "personal data", "_preview": "1"})
    assert len(answer.context["preview"].places) == 2


def test_another_fault_of_the_database_is_no_lock(browser, protocol, monkeypatch, caplog):
    def fail(*args: object) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr("registers.changes.redaction.redact.lock_register", fail)
    sent = {"words": WORDS, "reason": "personal data", "_do": "1", "shown": "x"}
    assert "form" not in browser.post(AT, sent).context
    assert "disk I/O error" in caplog.text


def test_the_form_of_a_thing_leads_there(browser, protocol, publisher):
    assert AT in browser.get("/admin/registers/protocol/0046/change/").content.decode()
    other = Client()
    other.force_login(publisher)
    assert AT not in other.get("/admin/registers/protocol/0046/change/").content.decode()
    assert browser.get(AT).status_code == 200


def test_what_has_no_files_is_asked_for_none(browser, publisher):
    organisation = Organisation.objects.get(name="Provide")
    at = f"/admin/registers/organisation/{organisation.pk}/take-out/"
    assert "papers" not in browser.get(at).context["form"].fields
    other = Client()
    other.force_login(publisher)
    assert other.get(at).status_code == 403
