"""Papers at the editors' door: added, replaced, taken off, put back; refused ones leave nothing."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client

from registers.models import Document, EarlierVersion, FormDraftFile, Protocol, Resource
from tests import papers
from tests.admin.typing_in import Page, add_row, address, boxes, errors, row_of, send
from tests.public.pages import text

EDIT = "/admin/registers/protocol/0046/change/"
FIRST = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
SECOND = FIRST + datetime.timedelta(hours=3)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, real_register) -> Path:
    """Papers are kept in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def kept(folder: Path) -> set[bytes]:
    """What is in the folder, by what it holds."""
    return {path.read_bytes() for path in folder.iterdir() if path.is_file()}


def a_file(content: bytes, name: str = "signed.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add(door: Client, content: bytes, url: str = EDIT, name: str = "signed.pdf") -> Document:
    row = add_row(door, url, "documents", title="Signed copy", file=a_file(content, name))
    with time_machine.travel(FIRST, tick=False):
        response = send(door, url, **row)
    assert "adminform" not in response.context, errors(response)
    return Document.objects.latest("pk")


def alter(door: Client, document: Document, url: str = EDIT, **typed):
    """Type into the row of a stored document, and save."""
    row = row_of(door, url, "documents", "id", document.pk)
    with time_machine.travel(SECOND, tick=False):
        return send(door, url, **{f"{row}{field}": value for field, value in typed.items()})


class TestOfAProtocol:
    def test_one_is_stored_under_another_name(self, officers_door, folder):
        document = add(officers_door, papers.pdf(), name="Signed copy, final (2).PDF")
        assert (document.name, document.size) == ("Signed copy, final (2).pdf", len(papers.pdf()))
        assert document.uploaded_at == FIRST
        [stored] = folder.iterdir()
        assert stored.name == document.file.name
        assert len(stored.stem) == 32
        assert stored.suffix == ".pdf"
        assert document.protocol.changes.first().what == (
            "Documents recorded: Signed copy "
            f"(Signed copy, final (2).pdf, {len(papers.pdf())} bytes)."
        )

    def test_a_newer_file_keeps_the_old_one(self, officers_door, client, folder):
        document = add(officers_door, papers.pdf("old"))
        alter(officers_door, document, file=a_file(papers.pdf("new!")))
        version = EarlierVersion.objects.get(document=document)
        assert (version.name, version.size) == ("signed.pdf", len(papers.pdf("old")))
        assert (version.uploaded_at, version.replaced_at) == (FIRST, SECOND)
        assert kept(folder) == {papers.pdf("old"), papers.pdf("new!")}
        what = document.protocol.changes.first().what
        assert f"to Signed copy (signed.pdf, {len(papers.pdf('new!'))} bytes)." in what
        page = officers_door.get(EDIT).content.decode()
        assert Page(page).inline == []
        link = f"/admin/registers/protocol/documents/{document.pk}/versions/{version.pk}/"
        assert f'<a href="{link}">signed.pdf</a>, until 22/11/2026' in page
        assert officers_door.get(link).getvalue() == papers.pdf("old")

    def test_one_of_two_files_of_one_day_and_name_is_told(self, officers_door):
        document = add(officers_door, papers.pdf("old"))
        number = document.protocol.changes.count()
        alter(officers_door, document, file=a_file(papers.pdf("new")))
        assert document.protocol.changes.count() == number + 1

    def test_one_is_taken_off_and_put_back(self, officers_door, folder):
        document = add(officers_door, papers.pdf())
        alter(officers_door, document, off="on")
        document.refresh_from_db()
        assert document.taken_off
        assert "Documents taken out" in document.protocol.changes.first().what
        assert kept(folder) == {papers.pdf()}
        assert "Signed copy" in officers_door.get(EDIT).content.decode()
        row = row_of(officers_door, EDIT, "documents", "id", document.pk)
        held = boxes(officers_door, EDIT)
        assert held[f"{row}off"] == "on"
        held.pop(f"{row}off")
        officers_door.post(EDIT, held)
        document.refresh_from_db()
        assert not document.taken_off
        assert "Documents recorded" in document.protocol.changes.first().what

    def test_none_can_be_deleted_once_it_was_public(self, officers_door):
        document = add(officers_door, papers.pdf())
        alter(officers_door, document, DELETE="on")
        assert Document.objects.filter(pk=document.pk, taken_off=False).exists()
        assert "documents-0-DELETE" not in officers_door.get(EDIT).content.decode()


@pytest.mark.both_databases
class TestOfADraft:
    URL = "/admin/registers/protocol/9001/change/"

    @pytest.fixture(autouse=True)
    def draft(self, real_register) -> Protocol:
        theme = Protocol.objects.get(pk="0046").theme
        return Protocol.objects.create(reference="9001", title="A draft", theme=theme)

    @pytest.mark.django_db
    def test_a_deleted_one_goes(self, officers_door, folder, django_capture_on_commit_callbacks):
        document = add(officers_door, papers.pdf(), self.URL)
        with django_capture_on_commit_callbacks(execute=True):
            alter(officers_door, document, self.URL, DELETE="on")
        assert not Document.objects.filter(pk=document.pk).exists()
        assert kept(folder) == set()

    def test_a_replaced_one_goes_for_nobody_ever_saw_it(
        self, officers_door, folder, django_capture_on_commit_callbacks
    ):
        document = add(officers_door, papers.pdf("old"), self.URL)
        with django_capture_on_commit_callbacks(execute=True):
            alter(officers_door, document, self.URL, file=a_file(papers.pdf("new")))
        assert not EarlierVersion.objects.exists()
        assert kept(folder) == {papers.pdf("new")}

    def test_a_draft_that_goes_takes_its_papers_along(
        self, officers_door, folder, django_capture_on_commit_callbacks
    ):
        add(officers_door, papers.pdf(), self.URL)
        with django_capture_on_commit_callbacks(execute=True):
            send(officers_door, address("protocol", "delete", "9001"))
        assert not Protocol.objects.filter(pk="9001").exists()
        assert kept(folder) == set()

    def test_editors_alone_can_read_them(self, officers_door, client):
        document = add(officers_door, papers.pdf(), self.URL)
        link = address("document", "file", document.pk)
        assert f'href="{link}"' in officers_door.get(self.URL).content.decode()
        sent = officers_door.get(link)
        assert sent.getvalue() == papers.pdf()
        assert "no-store" in sent["Cache-Control"]
        assert sent["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert sent["Content-Disposition"] == 'attachment; filename="signed.pdf"'
        assert Client().get(link).url.startswith("/admin/login/")
        for door in (officers_door, Client()):
            assert door.get(document.get_absolute_url()).status_code == 404


class TestWhoMayRead:
    @pytest.mark.parametrize(
        ("permission", "status"),
        [(None, 403), ("view_theme", 403), ("view_document", 200), ("view_protocol", 200)],
    )
    def test_by_permission(self, officers_door, permission, status):
        document = add(officers_door, papers.pdf())
        nina = User.objects.create_user("nina", is_staff=True)
        nina.user_permissions.set(Permission.objects.filter(codename=permission))
        door = Client()
        door.force_login(nina)
        with contextlib.closing(door.get(address("document", "file", document.pk))) as answer:
            assert answer.status_code == status

    def test_what_is_not_there(self, officers_door, folder):
        document = add(officers_door, papers.pdf())
        for key in (document.pk + 1, 10**30):
            assert officers_door.get(address("document", "file", key)).status_code == 404
        other = address("document", "version", document.pk, 7)
        assert officers_door.get(other).status_code == 404

    def test_a_file_that_is_lost(self, officers_door, folder):
        document = add(officers_door, papers.pdf())
        (folder / document.file.name).unlink()
        page = officers_door.get(address("document", "file", document.pk), follow=True)
        assert page.redirect_chain == [(EDIT, 302)]
        assert "The file of 'Signed copy' is missing" in text(page)


class TestOfAResource:
    def test_an_old_file_is_kept_and_a_cleared_one_too(self, officers_door, folder):
        add_url = address("resource", "add")
        send(officers_door, add_url, title="A", slug="a", file=a_file(papers.docx(), "a.docx"))
        resource = Resource.objects.get(slug="a")
        send(officers_door, address("resource", "publish", resource.pk), _do="1")
        url = address("resource", "change", resource.pk)
        send(officers_door, url, file=a_file(papers.odt(), "a.odt"))
        send(officers_door, url, **{"file-clear": "on"})
        resource.refresh_from_db()
        assert (resource.file.name, resource.name, resource.size) == ("", "", None)
        assert [each.kind for each in resource.replaced] == ["ODT", "DOCX"]
        page = officers_door.get(url).content.decode()
        for each in resource.replaced:
            assert address("resource", "version", resource.pk, each.pk) in page
        assert kept(folder) == {papers.docx(), papers.odt()}

    def test_a_deleted_one_takes_its_files_along(
        self, officers_door, folder, django_capture_on_commit_callbacks
    ):
        add_url = address("resource", "add")
        send(officers_door, add_url, title="A", slug="a", file=a_file(papers.docx(), "a.docx"))
        resource = Resource.objects.get(slug="a")
        send(officers_door, address("resource", "publish", resource.pk), _do="1")
        send(officers_door, address("resource", "change", resource.pk), file=a_file(papers.pdf()))
        with django_capture_on_commit_callbacks(execute=True):
            send(officers_door, address("resource", "delete", resource.pk))
        assert kept(folder) == set()

    def test_what_it_says_is_shown_as_readers_see_it(self, officers_door):
        send(officers_door, address("resource", "add"), title="A", slug="a", body="## One\n**b**")
        resource = Resource.objects.get(slug="a")
        page = officers_door.get(address("resource", "change", resource.pk)).content.decode()
        assert '<h2 class="govuk-heading-m">One</h2>\n<p><strong>b</strong></p>' in page
        assert "You can use Markdown" in page
        assert Page(page).inline == []


@pytest.mark.both_databases
class TestNothingIsLeftOver:
    def test_a_file_that_is_not_what_it_says(self, officers_door, folder):
        row = add_row(officers_door, EDIT, "documents", title="A", file=a_file(papers.docx()))
        response = send(officers_door, EDIT, **row)
        assert "This is a DOCX, not a PDF. Change the end of its name to .docx" in errors(response)
        assert kept(folder) == set()
        # It would be refused again.
        assert not FormDraftFile.objects.exists()

    @pytest.mark.parametrize("large", [False, True], ids=["in memory", "in a file"])
    def test_a_save_that_is_refused_at_its_end(self, officers_door, folder, settings, large):
        """The second lead is refused when the papers are stored already; the form is read again."""
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0 if large else 10_000
        row = add_row(officers_door, EDIT, "documents", title="A", file=a_file(papers.pdf()))
        response = send(officers_door, EDIT, **row, published_on="31/12/2099")
        assert "This date must be today or in the past" in errors(response)
        assert not Document.objects.exists()
        assert kept(folder) == set()
        with FormDraftFile.objects.get().file.open() as file:
            assert file.read() == papers.pdf()

    def test_a_database_that_fails_after_all_was_saved(self, officers_door, folder, monkeypatch):
        def fail(*_args: object) -> None:
            raise DatabaseError

        monkeypatch.setattr("django.contrib.admin.ModelAdmin.log_change", fail)
        row = add_row(officers_door, EDIT, "documents", title="A", file=a_file(papers.pdf()))
        with pytest.raises(DatabaseError):
            send(officers_door, EDIT, **row)
        assert kept(folder) == set()

    def test_a_folder_that_cannot_be_written(self, officers_door, settings, tmp_path):
        (tmp_path / "file").write_text("no folder")
        settings.MEDIA_ROOT = tmp_path / "file"
        row = add_row(officers_door, EDIT, "documents", title="A", file=a_file(papers.pdf()))
        assert "This file could not be stored. Try again later" in errors(
            send(officers_door, EDIT, **row)
        )
        assert not Document.objects.exists()
