"""Keeping protocols through the editors' door."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registers import changes
from registers.models import Change, Document, Organisation, Protocol, Theme
from tests import papers
from tests.admin.typing_in import add_row, address, boxes, errors, messages, send

pytestmark = pytest.mark.usefixtures("real_register")

ADD = address("protocol", "add")
EDIT = address("protocol", "change", "0046")


@pytest.fixture
def draft(real_register) -> Protocol:
    return Protocol.objects.create(reference="9001", title="A draft", theme=Theme.objects.first())


def new(**typed):
    given = {"reference": "9002", "title": "Flood alerts", "theme": Theme.objects.first().pk}
    return given | typed


def as_stored(reference="0046"):
    """Return everything of a protocol, to see that nothing of it was saved."""
    protocol = Protocol.objects.get(pk=reference)
    return (
        Protocol.objects.filter(pk=reference).values().get(),
        list(protocol.parties.values()),
        list(Change.objects.about(Protocol, reference).values()),
    )


def test_the_form_as_it_stands_changes_nothing_public(officers_door):
    before = as_stored()
    send(officers_door, EDIT)
    assert as_stored() == before


class TestEditing:
    def test_a_review_month(self, officers_door, officer, today):
        response = send(officers_door, EDIT, review_date="March 2027", why="It was reviewed.")
        assert "was changed successfully" in messages(response)
        protocol = Protocol.objects.get(pk="0046")
        assert protocol.review_date == datetime.date(2027, 3, 1)
        assert protocol.updated_on == today
        change = protocol.changes.first()
        assert change.what == "Review date changed from April 2022 to March 2027."
        assert (change.why, change.by) == ("It was reviewed.", officer)

    def test_a_note_for_administrators_is_not_told(self, officers_door):
        response = send(officers_door, EDIT, admin_note="Ask Provide.", why="Nobody knows.")
        assert "audit log" in messages(response)
        assert Protocol.objects.get(pk="0046").admin_note == "Ask Provide."
        assert Protocol.objects.get(pk="0046").changes.count() == 1

    def test_a_reason_alone_saves_nothing(self, officers_door):
        before = as_stored()
        response = send(officers_door, EDIT, why="Because.")
        assert "your reason was not recorded" in messages(response)
        assert as_stored() == before

    def test_a_reference_cannot_be_forged(self, officers_door):
        assert "reference" not in boxes(officers_door, EDIT)
        send(officers_door, EDIT, reference="0099", title="Renamed")
        assert Protocol.objects.get(pk="0046").title == "Renamed"
        assert not Protocol.objects.filter(pk="0099").exists()

    def test_coming_under_another(self, officers_door):
        send(officers_door, EDIT, **add_row(officers_door, EDIT, "overarching", overarching="0062"))
        assert [p.pk for p in Protocol.objects.get(pk="0046").comes_under.all()] == ["0062"]

    def test_a_document(self, officers_door, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        paper = SimpleUploadedFile("signed.pdf", papers.pdf())
        row = add_row(officers_door, EDIT, "documents", title="Signed copy", file=paper)
        send(officers_door, EDIT, **row)
        stored = Document.objects.get(protocol="0046")
        assert stored.title == "Signed copy"
        assert stored.file.read() == papers.pdf()
        stored.file.close()
        assert "Signed copy" in Protocol.objects.get(pk="0046").changes.first().what


class TestAdding:
    def test_a_draft_is_not_told(self, officers_door):
        send(officers_door, ADD, **new())
        assert Protocol.objects.get(pk="9002").status == "draft"
        assert not Change.objects.filter(protocol="9002").exists()

    def test_with_its_parties(self, officers_door):
        organisation = Organisation.objects.named("EPUT").get()
        row = add_row(officers_door, ADD, "parties", organisation=organisation.pk, role="lead")
        send(officers_door, ADD, **new(review_date="2028-01"), **row)
        assert Protocol.objects.get(pk="9002").lead.organisation == organisation


class TestDeleting:
    def test_a_draft(self, officers_door, draft):
        send(officers_door, address("protocol", "delete", "9001"))
        assert not Protocol.objects.filter(pk="9001").exists()

    @pytest.mark.parametrize("status", ["published", "withdrawn"])
    def test_what_was_published_is_refused(self, officers_door, status):
        if status == "withdrawn":
            Protocol.objects.filter(pk="0046").update(
                status=status, withdrawn_on="2026-01-01", withdrawn_reason="Over."
            )
        response = officers_door.post(address("protocol", "delete", "0046"), {"post": "yes"})
        assert response.status_code == 403
        assert Protocol.objects.filter(pk="0046").exists()
        assert 'class="deletelink"' not in officers_door.get(EDIT).content.decode()

    def test_published_in_the_same_moment(self, officers_door, draft, monkeypatch):
        def publish_first(thing, remove=changes.remove):
            thing.status = Protocol.Status.PUBLISHED
            remove(thing)

        monkeypatch.setattr(changes, "remove", publish_first)
        response = send(officers_door, address("protocol", "delete", "9001"))
        assert "A published protocol stays for ever." in messages(response)
        assert Protocol.objects.filter(pk="9001").exists()


BAD = {
    "no title": ({"title": ""}, "title", "This field is required."),
    "a title too long": ({"title": "x" * 301}, "title", "at most 300 characters"),
    "an unknown theme": ({"theme": "999"}, "theme", "Select a valid choice."),
    "a month that is none": ({"review_date": "soon"}, "review_date", "Write it like March 2027."),
    "a day that is none": ({"published_on": "31/02/2026"}, "published_on", "like 31/03/2027."),
}


@pytest.mark.parametrize(("typed", "field", "sentence"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_beside_the_box_and_nothing_is_saved(
    officers_door, typed, field, sentence
):
    before = as_stored()
    response = send(officers_door, EDIT, why="Kept as typed.", **typed)
    form = response.context["adminform"].form
    assert sentence in str(form.errors[field])
    assert form["why"].value() == "Kept as typed."
    assert as_stored() == before


BAD_REFERENCES = {
    "taken": ("0046", "A protocol has this reference already."),
    "too short": ("12", "Enter the number as 4 to 8 digits"),
    "letters": ("ISP0012", "Enter the number as 4 to 8 digits"),
    "too long": ("123456789", "Enter the number as 4 to 8 digits"),
    "missing": ("", "This field is required."),
    "other digits": ("٠٠١٢", "Enter the number as 4 to 8 digits"),
}


@pytest.mark.parametrize(("reference", "sentence"), BAD_REFERENCES.values(), ids=BAD_REFERENCES)
def test_a_reference_that_cannot_be_given(officers_door, reference, sentence):
    before = as_stored()
    response = send(officers_door, ADD, **new(reference=reference))
    assert sentence in errors(response)
    assert as_stored() == before
    assert Protocol.objects.count() == 25


def test_a_paper_of_another_kind_is_refused(officers_door):
    page = SimpleUploadedFile("signed.html", b"<script>")
    row = add_row(officers_door, EDIT, "documents", title="Signed copy", file=page)
    assert "“html” is not allowed" in errors(send(officers_door, EDIT, **row))


def test_a_form_without_its_counters_is_refused(officers_door):
    before = as_stored()
    typed = {"title": "Renamed", "theme": 1, "status": "published"}
    edit_token = boxes(officers_door, EDIT)["edit_token"]
    response = officers_door.post(EDIT, typed | {"edit_token": edit_token})
    assert response.status_code == 200
    assert "ManagementForm data is missing" in errors(response)
    assert as_stored() == before
