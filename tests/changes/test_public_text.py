"""Public text that is saved holds no e-mail address of a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.forms import BaseForm

from registers import changes
from registers.changes.record import record_changes
from registers.models import (
    Contact,
    Document,
    Membership,
    News,
    Organisation,
    Party,
    Protocol,
    Resource,
    Theme,
)
from tests import papers
from tests.models.making import NOW

PRIVATE, ROLE = "jane.smith@example.org", "weisf@essex.gov.uk"
PLACES: list[tuple[type[Any], str]] = [
    (Protocol, "title"),
    (Protocol, "purpose"),
    (Protocol, "lawful_basis"),
    (Protocol, "parties_note"),
    (Party, "note"),
    (Organisation, "note"),
    (News, "body"),
    (Resource, "body"),
    (Theme, "description"),
]
pytestmark = pytest.mark.usefixtures("real_register")


@pytest.mark.parametrize(
    ("model", "field"), PLACES, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_new_address_is_refused_beside_its_field(model, field):
    thing = model.objects.first() or model(title="A page", slug="a-page")
    setattr(thing, field, f"Ask {PRIVATE}.")
    with pytest.raises(ValidationError) as refused:
        changes.save(thing)
    assert set(refused.value.message_dict) == {field}
    setattr(thing, field, f"Ask {ROLE}.")
    changes.save(thing)


def test_what_was_stored_before_can_be_saved():
    protocol = Protocol.objects.get(pk="0046")
    Protocol.objects.filter(pk="0046").update(purpose=f"Ask {PRIVATE}.")
    protocol.purpose = f"Ask {PRIVATE} now."
    changes.save(protocol)
    protocol.purpose = f"Ask {PRIVATE} or john@example.org."
    with pytest.raises(ValidationError):
        changes.save(protocol)


def test_notes_for_administrators_and_contacts_are_not_public():
    protocol = Protocol.objects.get(pk="0046")
    protocol.admin_note = PRIVATE
    changes.save(protocol)
    changes.save(Contact(organisation=Organisation.objects.first(), email=PRIVATE))


def test_each_record_of_the_real_register_can_be_saved():
    for model in (Protocol, Organisation, News, Resource, Theme, Party, Membership):
        for thing in model.objects.all():
            changes.save(thing)


@pytest.mark.parametrize(
    "record",
    [
        changes.record_change,
        lambda protocol, **how: record_changes(Protocol, [protocol.pk], by=None, **how),
    ],
    ids=["one", "several"],
)
def test_the_reason_of_a_change_holds_no_address(record):
    recording = record(Protocol.objects.get(pk="0046"), at=NOW, why=f"Ask {PRIVATE}.")
    with pytest.raises(ValidationError) as refused:
        recording.__enter__()
    assert set(refused.value.message_dict) == {"why"}


def forms(base: type[BaseForm] = BaseForm) -> Iterator[Any]:
    for form in base.__subclasses__():
        yield form
        yield from forms(form)


def test_each_form_that_asks_for_a_reason_refuses_an_address():
    assert admin.site.urls  # which imports each page
    asking = [form for form in forms() if "why" in getattr(form, "base_fields", ())]
    ours = [form for form in asking if form.__module__.startswith("registers.")]
    assert len(ours) > 8
    for form in ours:
        with pytest.raises(ValidationError):
            form.base_fields["why"].clean(f"Ask {PRIVATE}.")


def test_the_name_of_a_file_holds_no_address(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    document = Document(protocol=Protocol.objects.get(pk="0046"), title="Signed")
    document.file = ContentFile(papers.pdf(), f"{PRIVATE}.pdf")
    with pytest.raises(ValidationError) as refused:
        changes.save(document)
    assert set(refused.value.message_dict) == {"file"}
    assert list(tmp_path.iterdir()) == []
