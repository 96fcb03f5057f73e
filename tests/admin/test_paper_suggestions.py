"""What a signed paper says is suggested on the form of a new protocol, and never filled in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile

from registers.models import Document, FormDraft, FormDraftFile, Protocol
from tests.admin.typing_in import Page, address, boxes
from tests.cast import door_of
from tests.papers import bomb, pdf_of

pytestmark = pytest.mark.usefixtures("real_register")
ADD = address("protocol", "add")


@pytest.fixture
def door(editor):
    return door_of(editor)


WORDS = "Family Hubs in Mid Essex\nReview date: 30 June 2024\nSigned 1 June 2022"


@pytest.fixture(autouse=True)
def papers(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def sent(door, content, **typed):
    file = SimpleUploadedFile("signed.pdf", content)
    return boxes(door, ADD) | {"documents-0-file": file, "_read": "Read"} | typed


def test_the_form_comes_back_with_suggestions_and_all_that_was_typed(door):
    form = sent(door, pdf_of(WORDS), title="Mine", purpose="To help.")
    answer = door.post(ADD, form)
    assert not answer.context["adminform"].form.errors
    page = answer.content.decode()
    assert 'data-box="id_title" data-value="Family Hubs in Mid Essex"' in page
    assert 'data-box="id_review_date" data-value="June 2024"' in page
    assert "1 June 2022" in page
    held = Page(page).boxes
    assert (held["title"], held["purpose"], held["review_date"]) == ("Mine", "To help.", "")
    assert not Protocol.objects.filter(title="Mine").exists()
    # The file is stored, and saved with the form.
    assert door.post(ADD, held).status_code == 302
    assert Document.objects.get(protocol__title="Mine").name == "signed.pdf"


@pytest.mark.parametrize("make", [lambda: pdf_of(""), bomb, lambda: b"MZ"])
def test_what_cannot_be_read_is_said_and_the_file_stays(door, make):
    answer = door.post(ADD, sent(door, make()))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert len(answer.context["read"]) > 20
    assert "data-box" not in page
    assert FormDraftFile.objects.get().name == "signed.pdf"


def test_a_page_that_says_nothing_and_no_file(door):
    answer = door.post(ADD, sent(door, pdf_of("Some")))
    assert "signed.pdf" in answer.context["read"]
    form = boxes(door, ADD) | {"_read": "Read"}
    assert "Choose a file" in door.post(ADD, form).context["read"]


def test_the_form_of_a_change_reads_and_saves_nothing(door):
    form = address("protocol", "change", Protocol.objects.create(reference="9001", title="Old").pk)
    answer = door.post(form, boxes(door, form) | {"title": "New", "_read": "Read"})
    assert 'value="New"' in answer.content.decode()
    assert "read" not in answer.context
    assert Protocol.objects.get(pk="9001").title == "Old"


def test_the_script_is_told_the_same_and_nothing_is_stored(door):
    sent = {"_read": "1", "documents-0-file": SimpleUploadedFile("a.pdf", pdf_of(WORDS))}
    answer = door.post(ADD, sent, headers={"Accept": "application/json"}).json()
    assert set(answer["beside"]) == {"id_title", "id_review_date"}
    assert not FormDraft.objects.exists()


def test_only_for_those_who_may_add(client):
    nina = User.objects.create_user("nina", is_staff=True)
    nina.user_permissions.add(Permission.objects.get(codename="view_protocol"))
    client.force_login(nina)
    sent = {"_read": "1", "documents-0-file": SimpleUploadedFile("a.pdf", pdf_of(WORDS))}
    for accept in ("application/json", "text/html"):
        assert client.post(ADD, sent, headers={"Accept": accept}).status_code == 403
