"""What is written on a form and not saved: stored for its user alone, offered, and given back."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from registers.models import Document, FormDraft, FormDraftFile, News, Party, Protocol, Review
from tests.admin.conflicts import EDIT, choose
from tests.admin.typing_in import Page, add_row, address, boxes
from tests.cast import door_of, somebody
from tests.papers import pdf
from tests.reminders.lines import a_line, an_answer

pytestmark = pytest.mark.usefixtures("real_register")
ADD = "/admin/registers/protocol/add/"
PAPER = pdf("Signed")


@pytest.fixture(autouse=True)
def papers(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def edna(db):
    return somebody("edna", "Publisher")


@pytest.fixture
def door(edna) -> Client:
    return door_of(edna)


def paper(name: str = "signed.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PAPER)


def end_session() -> None:
    Session.objects.all().delete()


def leave_idle() -> None:
    Session.objects.update(expire_date=timezone.now())


def take_up(door: Client, url: str) -> Any:
    ((draft, _),) = door.get(url).context["unsaved_drafts"]
    return door.post(url, {"_take_up": draft.key})


def stored_values() -> dict[str, str]:
    return dict(FormDraft.objects.get().values)


@pytest.mark.both_databases
@pytest.mark.parametrize("end", [end_session, leave_idle])
def test_a_session_that_ends_while_writing_gives_everything_back(door, edna, end):
    party = Party.objects.first()
    row = add_row(door, EDIT, "parties", organisation=party.organisation_id, role="partner")
    row |= add_row(door, EDIT, "documents", title="Signed copy", file=paper())
    form = boxes(door, EDIT) | row | {"purpose": "To find children at risk."}
    end()
    answer = door.post(EDIT, form)
    assert answer.status_code == 302
    assert "children" not in answer["Location"]
    assert not Document.objects.filter(title="Signed copy").exists()

    door.force_login(edna)
    shown = take_up(door, EDIT)
    assert shown.status_code == 200
    held = boxes_of(shown)
    assert held["purpose"] == "To find children at risk."
    (key,) = FormDraftFile.objects.values_list("pk", flat=True)
    (chosen,) = (name for name in held if name.endswith("-file-unsaved"))
    assert held[chosen] == str(key)

    before = Protocol.objects.get(pk="0046").parties.count()
    assert door.post(EDIT, held).status_code == 302
    protocol = Protocol.objects.get(pk="0046")
    assert protocol.purpose == "To find children at risk."
    assert protocol.parties.count() == before + 1
    with protocol.documents.get(title="Signed copy").file.open() as file:
        assert file.read() == PAPER
    assert not FormDraft.objects.waiting().exists()
    assert not FormDraftFile.objects.exists()


def boxes_of(response: Any) -> dict[str, str]:
    return Page(response.content.decode()).boxes


def test_the_token_of_an_earlier_session_is_no_loss(edna):
    door = Client(enforce_csrf_checks=True)
    door.force_login(edna)
    form = boxes(door, EDIT) | {"title": "A new title", "csrfmiddlewaretoken": "x" * 64}
    answer = door.post(EDIT, form)
    assert (answer.status_code, answer["Location"]) == (302, EDIT)
    assert stored_values()["title"] == "A new title"
    assert Protocol.objects.get(pk="0046").title != "A new title"
    assert len(door.get(EDIT).context["unsaved_drafts"]) == 1


def test_the_script_stores_what_is_written_and_each_file_once(door):
    row = add_row(door, ADD, "documents", title="Signed copy", file=paper())
    form = boxes(door, ADD) | row | {"title": "Flood alerts", "_draft": "1"}
    answer = door.post(ADD, form)
    key = answer.json()["files"]["documents-1-file"]
    del form["documents-1-file"]
    # The row moved on the page.
    form |= {"documents-2-file-unsaved": key, "title": "Flood alerts 2"}
    assert door.post(ADD, form).json()["files"] == {"documents-2-file": key}
    assert stored_values()["title"] == "Flood alerts 2"
    assert "csrfmiddlewaretoken" not in stored_values()
    assert not Protocol.objects.filter(title__startswith="Flood").exists()
    del form["documents-2-file-unsaved"]
    answer = door.post(ADD, form).json()
    assert (answer["files"], answer["ended"]) == ({}, False)
    end_session()
    assert door.post(ADD, form).json()["ended"]


def test_two_windows_are_two_drafts_that_can_be_told_apart(door):
    for hour, typed in enumerate(
        ({"title": "One"}, {"purpose": "Two"}, {"documents-0-file": paper()})
    ):
        form = boxes(door, ADD) | typed | {"_draft": "1"}
        for minute in (5, 45):
            with time_machine.travel(f"2026-11-30 {hour + 10}:{minute:02}", tick=False):
                door.post(ADD, form)
    with time_machine.travel("2026-11-30 13:00", tick=False):
        page = door.get(ADD)
    assert [first for _, first in page.context["unsaved_drafts"]] == [
        "signed.pdf",
        "Purpose: Two",
        "Title: One",
    ]
    for begun in ("10:05", "11:05", "12:05"):
        assert begun in page.content.decode()
    assert not door.get(f"{ADD}?plain=1").context["unsaved_drafts"]
    assert "unsaved_drafts" not in door.get(f"{ADD}?_popup=1").context


def test_nobody_else_sees_or_takes_up_a_draft(door, percys_door):
    door.post(EDIT, boxes(door, EDIT) | {"title": "Private", "_draft": "1"})
    key = FormDraft.objects.get().key
    assert not percys_door.get(EDIT).context["unsaved_drafts"]
    for button in ("_take_up", "_discard"):
        answer = percys_door.post(EDIT, {button: key}, follow=True)
        assert b"Private" not in answer.content
    assert FormDraft.objects.count() == 1


def test_nobody_else_uses_a_file_of_a_draft(door, percys_door):
    row = add_row(door, EDIT, "documents", title="Signed copy", file=paper())
    door.post(EDIT, boxes(door, EDIT) | row | {"_draft": "1"})
    key = FormDraftFile.objects.get().pk
    row = add_row(percys_door, EDIT, "documents", title="Stolen")
    row["documents-0-file-unsaved"] = key
    percys_door.post(EDIT, boxes(percys_door, EDIT) | row)
    assert not Document.objects.filter(title="Stolen").exists()


def changed_password(form, edna):
    edna.set_password("another")
    edna.save()


def left(form, edna):
    edna.is_active = False
    edna.save()


TOKENS = {
    "none": lambda form, edna: form.pop("draft_token"),
    "altered": lambda form, edna: form.update(draft_token=form["draft_token"] + "x"),
    "of a user with another password": changed_password,
    "of a user who left": left,
    "with a NUL": lambda form, edna: form.update(title="a\0b"),
}


@pytest.mark.parametrize("alter", TOKENS.values(), ids=TOKENS)
def test_a_stranger_stores_nothing(door, edna, alter):
    form = boxes(door, EDIT) | {"title": "Mine"}
    alter(form, edna)
    end_session()
    assert door.post(EDIT, form).status_code in {302, 400}
    assert not FormDraft.objects.waiting().exists()


@pytest.mark.parametrize("url", [ADD, "/admin/registers/protocol/0036/change/", "/admin/"])
def test_a_token_is_good_for_its_own_form(door, url):
    form = boxes(door, EDIT) | {"title": "Mine"}
    end_session()
    door.post(url, form)
    assert not FormDraft.objects.waiting().exists()


def test_a_token_ends_with_its_draft(door, settings):
    form = boxes(door, EDIT)
    end_session()
    later = timezone.now() + datetime.timedelta(days=settings.FORM_DRAFT_DAYS, minutes=1)
    with time_machine.travel(later):
        door.post(EDIT, form)
    assert not FormDraft.objects.waiting().exists()


def test_a_refused_form_keeps_its_file(door):
    row = add_row(door, EDIT, "documents", title="Signed copy", file=paper())
    refused = door.post(EDIT, boxes(door, EDIT) | row | {"title": ""})
    assert refused.context["adminform"].form.errors
    held = boxes_of(refused)
    refused = door.post(EDIT, held)
    again = boxes_of(refused)
    assert again["documents-0-file-unsaved"] == held["documents-0-file-unsaved"]
    assert door.post(EDIT, held | {"title": "A title"}).status_code == 302
    document = Document.objects.get(title="Signed copy")
    assert document.name == "signed.pdf"
    with document.file.open() as file:
        assert file.read() == PAPER
    assert not FormDraftFile.objects.exists()


def test_another_file_is_chosen_instead(door):
    row = add_row(door, EDIT, "documents", title="Signed copy", file=paper())
    held = boxes_of(door.post(EDIT, boxes(door, EDIT) | row | {"title": ""}))
    door.post(EDIT, held | {"documents-0-file": paper("other.pdf")})
    assert FormDraftFile.objects.get().name == "other.pdf"


def test_a_draft_speaks_of_what_others_saved_since(door, percys_door):
    door.post(EDIT, boxes(door, EDIT) | {"title": "Mine", "_draft": "1"})
    percys_door.post(EDIT, boxes(percys_door, EDIT) | {"title": "Theirs"})
    held = boxes_of(take_up(door, EDIT))
    assert held["title"] == "Mine"
    conflict = door.post(EDIT, held)
    assert conflict.status_code == 409
    choose(door, conflict, **{"choose-title": "wanted"})
    assert Protocol.objects.get(pk="0046").title == "Mine"
    assert not FormDraft.objects.waiting().exists()


def test_what_is_half_written_is_not_called_wrong(door):
    door.post(ADD, boxes(door, ADD) | {"title": "", "_draft": "1"})
    shown = take_up(door, ADD)
    assert not shown.context["errors"]
    assert not shown.context["adminform"].form.errors
    assert shown.context["adminform"].form["theme"].value() == ""


@pytest.mark.parametrize("button", ["_take_up", "_discard"])
def test_a_draft_that_is_gone(door, button):
    assert door.post(EDIT, {button: "gone"}, follow=True).status_code == 200


def test_a_draft_is_discarded_with_its_files(door, papers, django_capture_on_commit_callbacks):
    row = add_row(door, EDIT, "documents", title="Signed copy", file=paper())
    door.post(EDIT, boxes(door, EDIT) | row | {"_draft": "1"})
    assert list((papers / "unsaved").iterdir())
    with django_capture_on_commit_callbacks(execute=True):
        door.post(EDIT, {"_discard": FormDraft.objects.get().key})
    assert not FormDraft.objects.waiting().exists()
    assert not list((papers / "unsaved").iterdir())


def test_old_drafts_are_not_offered_and_are_deleted_daily(door, settings):
    door.post(EDIT, boxes(door, EDIT) | {"_draft": "1"})
    old = timezone.now() - datetime.timedelta(days=settings.FORM_DRAFT_DAYS, minutes=1)
    FormDraft.objects.update(saved_at=old)
    assert not door.get(EDIT).context["unsaved_drafts"]
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1)):
        call_command("delete_expired")
    assert not FormDraft.objects.waiting().exists()


def test_files_that_no_draft_names_go_a_day_later(door):
    call_command("delete_expired")  # nobody has chosen a file yet
    for _ in range(2):
        row = add_row(door, EDIT, "documents", title="Signed copy", file=paper())
        door.post(EDIT, boxes(door, EDIT) | row | {"_draft": "1"})
    gone, stays = FormDraftFile.objects.all()
    FormDraftFile.objects.filter(pk=gone.pk).delete()  # as when its user is deleted
    call_command("delete_expired")
    assert gone.file.storage.exists(gone.file.name)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=2)):
        call_command("delete_expired")
    assert not gone.file.storage.exists(gone.file.name)
    assert stays.file.storage.exists(stays.file.name)


def test_a_form_that_is_refused_after_its_save_is_a_draft(door):
    """A reader goes back to it and writes on, in the minute in which the script is not heard."""
    form = boxes(door, EDIT) | {"_draft_stored": "1", "title": "Saved"}
    assert door.post(EDIT, form).status_code == 302
    shown = door.post(EDIT, form | {"title": "Not saved"})
    assert dict(FormDraft.objects.waiting().get().values)["title"] == "Not saved"
    # What was sent before the save, and arrives only after a minute, replaces nothing.
    FormDraft.objects.update(saved_at=timezone.now() - datetime.timedelta(minutes=2))
    door.post(EDIT, form | {"title": "Older", "_draft": "1"})
    titles = [dict(each.values)["title"] for each in FormDraft.objects.waiting()]
    assert titles == ["Older", "Not saved"]
    # The page goes on with the draft that it stored, and its save ends that one alone.
    choose(door, shown, button="_mine")
    left = [dict(each.values)["title"] for each in FormDraft.objects.waiting()]
    assert left == ["Older"]


def test_a_user_has_a_bounded_number(door, monkeypatch):
    monkeypatch.setattr("registers.admin.form_drafts.MOST_DRAFTS", 2)
    for title in "abc":
        door.post(ADD, boxes(door, ADD) | {"title": title, "_draft": "1"})
    assert [dict(each.values)["title"] for each in FormDraft.objects.all()] == ["c", "b"]


def test_what_the_database_refuses_is_sent_again(door, monkeypatch):
    form = boxes(door, EDIT) | {"_draft": "1", "title": "a"}
    with monkeypatch.context() as patch:
        patch.setattr("registers.admin.form_drafts.LONGEST_PAGE", 5)
        assert door.post(EDIT, form).status_code == 503
    assert door.post(EDIT, form).status_code == 200


def test_other_forms_have_drafts_too(door):
    url = address("news", "add")
    door.post(url, boxes(door, url) | {"title": "Some news", "_draft": "1"})
    held = boxes_of(take_up(door, url))
    assert door.post(url, held | {"slug": "some"}).status_code == 302
    assert News.objects.get(slug="some").title == "Some news"
    assert not FormDraft.objects.waiting().exists()


class TestReviews:
    TYPED = {
        "outcome": "unchanged",
        "next_review": f"March {timezone.localdate().year + 2}",
        "note": "All partners agreed.",
    }

    @pytest.fixture(params=["review", "answer"])
    def url(self, request) -> str:
        if request.param == "review":
            return address("protocol", "review", "0046")
        return address("answer", "accept", an_answer(a_line("0046")).pk)

    @pytest.mark.both_databases
    def test_one_that_was_being_written_when_the_session_ended(self, door, edna, url):
        form = boxes(door, url) | self.TYPED | {"job_title": "SIRO"}
        end_session()
        assert door.post(url, form).status_code == 302
        door.force_login(edna)
        (offered,) = door.get(url).context["unsaved_drafts"]
        assert "SIRO" in offered[1]
        held = boxes_of(take_up(door, url))
        assert held.items() >= self.TYPED.items()
        assert not Review.objects.exists()
        assert door.post(url, held).status_code == 302
        assert Review.objects.get().note == "All partners agreed."
        assert not FormDraft.objects.waiting().exists()

    def test_what_is_half_written_is_not_called_wrong_and_what_is_refused_stays(self, door, url):
        form = boxes(door, url) | self.TYPED | {"job_title": "", "_draft": "1"}
        assert door.post(url, form).status_code == 200
        shown = take_up(door, url)
        assert not shown.context["adminform"].form.errors
        refused = door.post(url, boxes_of(shown))
        assert refused.context["adminform"].form.errors.keys() == {"job_title"}
        assert dict(FormDraft.objects.get().values)["note"] == "All partners agreed."

    def test_another_that_was_recorded_meanwhile_is_still_noticed(self, door, percys_door, url):
        form = boxes(door, url) | self.TYPED | {"job_title": "SIRO", "_draft": "1"}
        door.post(url, form)
        one = address("protocol", "review", "0046")
        percys_door.post(one, boxes(percys_door, one) | self.TYPED | {"job_title": "Head"})
        refused = door.post(url, boxes_of(take_up(door, url)))
        assert refused.context["adminform"].form.non_field_errors()
        assert Review.objects.count() == 1


def test_what_arrives_late_does_not_return_a_saved_form(door):
    late = boxes(door, EDIT) | {"_draft_stored": "1", "title": "Late"}
    assert door.post(EDIT, late).status_code == 302
    late["_draft"] = "1"
    assert door.post(EDIT, late).status_code == 503
    assert not door.get(EDIT).context["unsaved_drafts"]
    # The user came back to the form by the browser's button, and writes on.
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=2)):
        assert door.post(EDIT, late).status_code == 200
        assert len(door.get(EDIT).context["unsaved_drafts"]) == 1


def test_what_was_saved_is_remembered_for_a_minute(door):
    door.post(EDIT, boxes(door, EDIT) | {"_draft_stored": "1"})
    FormDraft.objects.update(saved_at=timezone.now() - datetime.timedelta(minutes=2))
    door.post(ADD, boxes(door, ADD) | {"_draft": "1"})
    assert not FormDraft.objects.filter(is_saved=True).exists()


def send_files(door: Client, fields: list[str], **others: Any) -> dict[str, int]:
    form = boxes(door, EDIT) | {"_draft": "1"} | {each: paper() for each in fields} | others
    return door.post(EDIT, form).json()["files"]


def test_a_name_that_is_too_long_stores_no_file(door):
    assert list(send_files(door, ["f" * 201, "f" * 200])) == ["f" * 200]


def test_the_files_of_a_draft_are_bounded_together(door, monkeypatch, papers):
    monkeypatch.setattr("registers.admin.form_drafts.MOST_BYTES", 2 * len(PAPER))
    token = boxes(door, EDIT)["draft_token"]
    files = send_files(door, ["a"], draft_token=token)
    named = {"a-unsaved": files["a"], "draft_token": token}
    assert set(send_files(door, ["b", "c"], **named)) == {"a", "b"}
    draft = FormDraft.objects.get()
    assert str(draft).startswith(EDIT)
    assert [str(each) for each in draft.files.all()] == ["signed.pdf", "signed.pdf"]
    assert len(list((papers / "unsaved").iterdir())) == 2


def test_a_file_that_cannot_be_stored_or_read(door, papers):
    (papers / "unsaved").write_text("in the way of the folder")
    row = add_row(door, EDIT, "documents", title="Signed copy", file=paper())
    answer = door.post(EDIT, boxes(door, EDIT) | row | {"_draft": "1"})
    assert answer.status_code == 503
    assert not FormDraft.objects.exists()
    (papers / "unsaved").unlink()
    row["documents-0-file"] = paper()
    held = boxes_of(door.post(EDIT, boxes(door, EDIT) | row | {"title": ""}))
    assert "documents-0-file-unsaved" in held
    (chosen,) = (papers / "unsaved").iterdir()
    chosen.unlink()
    answer = door.post(EDIT, held | {"title": "A title"})
    assert answer.status_code == 200
    assert not Document.objects.filter(title="Signed copy").exists()
