"""Two editors on one thing, one of whom sends a file: what becomes of it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registers.models import Document, FormDraft, Protocol, Resource
from tests.admin.conflicts import EDIT, choose, differing, save_both
from tests.admin.typing_in import add_row, address, send
from tests.papers import pdf

pytestmark = pytest.mark.usefixtures("real_register")


class TestFiles:
    @pytest.fixture(autouse=True)
    def papers(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path

    def paper(self, name: str, content: bytes = pdf()) -> SimpleUploadedFile:
        return SimpleUploadedFile(name, content)

    def test_one_is_stored_until_the_choice(self, officers_door, percys_door):
        row = add_row(
            officers_door, EDIT, "documents", title="Signed copy", file=self.paper("mine.pdf")
        )
        response = save_both(officers_door, percys_door, row, {"title": "Theirs"})
        added = differing(response)["Document: Signed copy"]
        ((box, name),) = added.uploads.items()
        assert name == "mine.pdf"
        assert box == "documents-0-file"
        assert not Document.objects.filter(protocol="0046").exists()
        choose(officers_door, response)
        document = Document.objects.get(protocol="0046")
        assert document.name == "mine.pdf"
        with document.file.open() as file:
            assert file.read() == pdf()
        assert Protocol.objects.get(pk="0046").title == "Theirs"

    def test_one_is_left_out(self, officers_door, percys_door):
        row = add_row(officers_door, EDIT, "documents", title="Copy", file=self.paper("mine.pdf"))
        response = save_both(officers_door, percys_door, row, {"title": "Theirs"})
        added = differing(response)["Document: Copy"]
        (box,) = added.uploads
        choose(officers_door, response, **{added.name: "stored", box: self.paper("mine.pdf")})
        assert not Document.objects.filter(protocol="0046").exists()

    def test_one_that_the_other_put_there_stays(self, officers_door, percys_door):
        row = add_row(
            officers_door, EDIT, "documents", title="Signed copy", file=self.paper("old.pdf")
        )
        send(officers_door, EDIT, **row)
        before = Document.objects.get(protocol="0046").file.name
        response = save_both(
            officers_door,
            percys_door,
            {"documents-0-title": "Signed copy, mine"},
            {"documents-0-file": self.paper("new.pdf", pdf("New"))},
        )
        (row,) = differing(response).values()
        assert row.changed_by == "both"
        choose(officers_door, response, **{row.name: "wanted"})
        document = Document.objects.get(protocol="0046")
        assert document.title == "Signed copy, mine"
        assert document.file.name != before

    def test_one_is_taken_away(self, officers_door, percys_door):
        url = address("resource", "add")
        send(officers_door, url, title="Paper", slug="paper", file=self.paper("a.pdf"))
        edit = address("resource", "change", Resource.objects.get(slug="paper").pk)
        typed = {"file-clear": "on", "body": "Mine"}
        response = save_both(officers_door, percys_door, typed, {"title": "Theirs"}, edit)
        assert differing(response)["File"].changed_by == "yours"
        choose(officers_door, response)
        resource = Resource.objects.get(slug="paper")
        assert (resource.file.name, resource.title, resource.body) == ("", "Theirs", "Mine")

    def test_one_stays_where_that_is_chosen(self, officers_door, percys_door):
        url = address("resource", "add")
        send(officers_door, url, title="Paper", slug="paper", file=self.paper("a.pdf"))
        edit = address("resource", "change", Resource.objects.get(slug="paper").pk)
        typed = {"file": self.paper("b.pdf")}
        response = save_both(officers_door, percys_door, typed, {"title": "Theirs"}, edit)
        before = Resource.objects.get(slug="paper").file.name
        choose(officers_door, response, **{"choose-file": "stored", "file": self.paper("b.pdf")})
        assert Resource.objects.get(slug="paper").file.name == before

    def test_one_that_is_lost_is_chosen_again(self, officers_door, percys_door):
        row = add_row(officers_door, EDIT, "documents", title="Copy", file=self.paper("mine.pdf"))
        response = save_both(officers_door, percys_door, row, {"title": "Theirs"})
        FormDraft.objects.all().discard()
        again = choose(officers_door, response)
        error = differing(again)["Document: Copy"].error
        assert error == "Choose the file ‘mine.pdf’ again, or keep what is stored."
        choose(officers_door, again, **{"documents-0-file": self.paper("mine.pdf", pdf("Mine"))})
        with Document.objects.get(protocol="0046").file.open() as file:
            assert file.read() == pdf("Mine")
