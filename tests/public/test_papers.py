"""Papers for readers: how they are sent, what stays of them, and who does not get them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client

from registers import changes
from registers.files.kinds import KINDS
from registers.models import Document, EarlierVersion, Protocol, Resource
from registers.models.document import clear_name
from registers.public.upload_limit import MAX_FORM_SIZE
from tests import papers
from tests.public.pages import text

AT = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
LATER = AT + datetime.timedelta(days=40)
MADE = {
    "pdf": papers.pdf,
    "docx": papers.docx,
    "xlsx": papers.xlsx,
    "odt": papers.odt,
    "ods": papers.ods,
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, real_register) -> Path:
    """Papers are kept in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def put(paper: Document | Resource, content: bytes, name: str = "signed.pdf", at=AT):
    """Save a paper with this file, as an official change."""
    paper.file = ContentFile(content, name)
    with changes.record_change(getattr(paper, "protocol", paper), at=at):
        changes.save(paper)
    return paper


def a_document(reference: str = "0046", **how) -> Document:
    document = Document(protocol=Protocol.objects.get(pk=reference), title="Signed copy")
    return put(document, papers.pdf(), **how)


class TestHowItIsSent:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_kind_is_saved_and_never_run(self, client: Client, kind):
        resource = put(Resource(title="A", slug="a"), MADE[kind](), f"A paper.{kind}")
        answer = client.get("/resources/a/download/")
        assert answer.getvalue() == MADE[kind]()
        assert answer["Content-Type"] == KINDS[kind]
        assert answer["Content-Disposition"] == f'attachment; filename="A paper.{kind}"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["Content-Length"] == str(len(MADE[kind]()))
        assert "Set-Cookie" not in answer
        assert f"Download A {kind.upper()}, {resource.size}" in text(client.get("/resources/a/"))

    def test_a_name_in_other_letters(self, client: Client):
        document = a_document(name="Überprüfung 2026.pdf")
        answer = client.head(document.get_absolute_url())
        assert answer["Content-Disposition"] == (
            "attachment; filename*=utf-8''%C3%9Cberpr%C3%BCfung%202026.pdf"
        )

    def test_a_paper_from_before_names_were_kept(self, client: Client, folder):
        (folder / "x.pdf").write_bytes(papers.pdf())
        document = Document.objects.create(protocol_id="0046", title="A/B: c", file="x.pdf")
        answer = client.head(document.get_absolute_url())
        assert answer["Content-Disposition"] == 'attachment; filename="A B c.pdf"'

    def test_head_has_the_headers_alone(self, client: Client):
        address = a_document().get_absolute_url()
        whole, head = client.get(address), client.head(address)
        assert (head.content, whole.getvalue()) == (b"", papers.pdf())
        assert dict(head.headers) == dict(whole.headers)

    def test_what_may_change_is_asked_for_each_time(self, client: Client, settings):
        settings.SHARED_CACHE_SECONDS = 7
        document = a_document()
        address = document.get_absolute_url()
        answer = client.head(address)
        assert answer["Cache-Control"] == "public, max-age=0, s-maxage=7"
        unchanged = client.get(address, headers={"If-None-Match": answer["ETag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        put(document, papers.pdf("new"), at=LATER)
        newer = client.get(address, headers={"If-None-Match": answer["ETag"]})
        assert newer.getvalue() == papers.pdf("new")

    def test_no_other_method(self, client: Client):
        assert client.post(a_document().get_absolute_url()).status_code == 405


class TestEarlierVersions:
    def test_of_a_document(self, client: Client):
        document = a_document()
        put(document, papers.docx(), "newer.docx", at=LATER)
        [version] = EarlierVersion.objects.all()
        address = f"/protocols/0046/documents/{document.pk}/versions/{version.pk}/"
        page = client.get("/protocols/0046/")
        assert f'href="{address}"' in page.content.decode()
        assert "Earlier versions of Signed copy signed.pdf PDF, " in text(page)
        assert "Replaced on 1 January 2027" in text(page)
        assert client.get(address).getvalue() == papers.pdf()
        assert client.head(address)["Content-Disposition"] == 'attachment; filename="signed.pdf"'
        assert client.get(document.get_absolute_url()).getvalue() == papers.docx()

    def test_of_a_resource(self, client: Client):
        resource = put(Resource(title="A", slug="a"), papers.ods(), "one.ods")
        put(resource, papers.xlsx(), "two.xlsx", at=LATER)
        [version] = resource.replaced
        assert version.get_absolute_url() == f"/resources/a/versions/{version.pk}/"
        assert version.get_absolute_url() in client.get("/resources/a/").content.decode()
        assert client.get(version.get_absolute_url()).getvalue() == papers.ods()

    def test_none_is_listed_where_there_is_none(self, client: Client):
        a_document()
        assert "Earlier versions" not in text(client.get("/protocols/0046/"))

    def test_one_that_is_brought_back(self, client: Client, folder):
        document = a_document()
        put(document, papers.pdf("new"), "newer.pdf", at=LATER)
        [version] = document.replaced
        with changes.record_change(document.protocol, at=LATER):
            changes.bring_back(document, version, at=LATER)
        document.refresh_from_db()
        assert (document.name, document.size) == ("signed.pdf", len(papers.pdf()))
        assert document.uploaded_at == AT
        assert [each.name for each in document.replaced] == ["newer.pdf"]
        assert "newer.pdf" in document.protocol.changes.first().what
        for address in (document.get_absolute_url(), version.get_absolute_url()):
            assert client.get(address).getvalue() == papers.pdf()
        put(document, papers.pdf("third"), at=LATER + datetime.timedelta(days=1))
        assert sorted(each.name for each in document.replaced) == ["newer.pdf", "signed.pdf"]
        assert len(list(folder.iterdir())) == 3

    def test_one_that_is_lost_cannot_be_brought_back(self, folder):
        document = a_document()
        put(document, papers.pdf("new"), at=LATER)
        [version] = document.replaced
        (folder / version.file.name).unlink()
        with pytest.raises(ValidationError, match="not in the place where documents are kept"):
            changes.bring_back(document, version, at=LATER)
        document.refresh_from_db()
        assert document.file.read() == papers.pdf("new")
        document.file.close()

    def test_one_of_another_paper_cannot_be_brought_back(self):
        document, other = a_document(), a_document("0036")
        put(document, papers.pdf("new"), at=LATER)
        with pytest.raises(ValueError, match="another document"):
            changes.bring_back(other, document.replaced[0], at=LATER)

    def test_a_stored_file_that_is_not_what_it_says_is_refused(self, folder):
        (folder / "page.pdf").write_bytes(b"<html>")
        with pytest.raises(ValidationError, match="web page"):
            changes.save(Document(protocol_id="0046", title="A", file="page.pdf"))

    def test_a_file_is_replaced_within_an_official_change(self, folder):
        document = a_document()
        document.file = ContentFile(papers.pdf("new"), "new.pdf")
        with pytest.raises(ValueError, match="within an official change"):
            changes.save(document)
        assert len(list(folder.iterdir())) == 1


class TestWhoDoesNotGetThem:
    def test_one_that_was_taken_off(self, client: Client, officers_door, folder):
        document = a_document()
        put(document, papers.pdf("new"), at=LATER)
        [version] = document.replaced
        with changes.record_change(document.protocol, at=LATER):
            changes.remove(document)
        assert "Signed copy" not in client.get("/protocols/0046/").content.decode()
        for address in (document.get_absolute_url(), version.get_absolute_url()):
            answer = client.get(address)
            assert answer.status_code == 410
            assert "This document was removed from the register" in text(answer)
        assert len(list(folder.iterdir())) == 2
        document.taken_off = False
        with changes.record_change(document.protocol, at=LATER):
            changes.save(document)
        assert client.get(document.get_absolute_url()).getvalue() == papers.pdf("new")

    def test_those_of_a_withdrawn_protocol_stay_public(self, client: Client):
        address = a_document().get_absolute_url()
        Protocol.objects.filter(pk="0046").update(
            status="withdrawn", withdrawn_on=AT.date(), withdrawn_reason="Over."
        )
        assert client.get(address).getvalue() == papers.pdf()

    def test_a_draft_s(self, client: Client, officers_door):
        theme = Protocol.objects.get(pk="0046").theme
        Protocol.objects.create(reference="9001", title="A draft", theme=theme)
        document = a_document("9001")
        version = EarlierVersion.objects.create(document=document, file="x.pdf", replaced_at=AT)
        for door in (client, officers_door):
            for address in (document.get_absolute_url(), version.get_absolute_url()):
                assert door.get(address).status_code == 404

    WRONG = {
        "another protocol": "/protocols/0036/documents/{}/",
        "a number that no database has": "/protocols/0046/documents/{}0000000000000000000000/",
        "another paper's version": "/protocols/0046/documents/{}/versions/999/",
        "a resource that is not there": "/resources/{}/versions/1/",
        "a resource without a file": "/resources/review-template/download/",
        "a resource's version": "/resources/review-template/versions/{}/",
    }

    @pytest.mark.parametrize("address", WRONG.values(), ids=WRONG)
    def test_at_a_wrong_address(self, client: Client, address):
        assert client.get(address.format(a_document().pk)).status_code == 404

    def test_whose_file_is_lost(self, client: Client, folder):
        document = a_document()
        (folder / document.file.name).unlink()
        for answer in (client.get, client.head):
            assert answer(document.get_absolute_url()).status_code == 404
        assert "This file is not here" in text(client.get(document.get_absolute_url()))


NAMES = {
    "plain": ("Signed copy.PDF", "Signed copy.pdf"),
    "a path": ("C:\\Users\\olive\\../signed.pdf", "signed.pdf"),
    "a path of Linux": ("/etc/passwd/../x.ods", "x.ods"),
    "controls": ("a\0b\r\nSet-Cookie: x\x7f.pdf", "a b Set-Cookie x.pdf"),
    "read backwards": ("invoice\u202efdp.exe.pdf", "invoice fdp.exe.pdf"),
    "unseen": ("a\u200b\ufeffb.pdf", "a b.pdf"),
    "what other systems forbid": ('a<b>:"|?*c.pdf', "a b c.pdf"),
    "nothing before its ending": (".pdf", "paper.pdf"),
    "dots and blanks": (" .. a . .pdf", "a.pdf"),
    "no ending": ("paper", "paper"),
    "two ways to write it": ("U\u0308.pdf", "Ü.pdf"),
}


@pytest.mark.parametrize(("given", "clear"), NAMES.values(), ids=NAMES)
def test_a_clear_name(given, clear):
    assert clear_name(given) == clear


def test_a_name_is_not_too_long():
    assert clear_name("x" * 300 + ".docx") == "x" * 145 + ".docx"


class TestForms:
    def test_one_that_is_too_large_is_not_read(self, officers_door):
        answer = officers_door.generic(
            "POST", "/admin/", b"", CONTENT_LENGTH=str(MAX_FORM_SIZE + 1)
        )
        assert answer.status_code == 413
        assert "all files in a form up to 50 MB together" in text(answer)

    @pytest.mark.parametrize("said", ["", "x", "²", "-1"])
    def test_lengths_that_are_none(self, client: Client, said):
        assert client.generic("GET", "/about/", b"", CONTENT_LENGTH=said).status_code == 200
