"""Public text that is saved holds no e-mail address of a person."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from registers import changes
from registers.models import (
    Contact,
    Membership,
    News,
    Organisation,
    Party,
    Protocol,
    Resource,
    Theme,
)

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
