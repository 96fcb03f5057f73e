"""What is left after words were taken out can be used: undone, logged in with, saved again."""

from __future__ import annotations

import pytest
from django.test import Client

from registers import changes
from registers.models import Contact, Identifier, Merge, Organisation
from tests.admin.typing_in import address, send
from tests.cast import door_of
from tests.changes.test_redaction import take_out
from tests.models.making import NOW, saved

pytestmark = pytest.mark.usefixtures("real_register")


@pytest.fixture
def door(administrator) -> Client:
    return door_of(administrator)


@pytest.mark.both_databases
def test_undoing_a_merge_brings_no_removed_row_back(door):
    into, gone = (saved(Organisation(name=f"{each} Hostel")) for each in ("Ann", "Bob"))
    for each, mailbox in ((into, "ann"), (gone, "quxzorby")):
        saved(each, Contact(organisation=each, email=f"{mailbox}@example.org"))
    saved(gone, Identifier(organisation=gone, scheme="ods", value="QX99"))
    changes.merge(into, gone, at=NOW)
    take_out(into, "quxzorby@example.org", "QX99")
    gone = changes.undo_merge(Merge.objects.get(), at=NOW)
    assert [each.email for each in Contact.objects.all()] == ["ann@example.org"]
    assert not gone.identifiers.exists()
    assert send(door, address("organisation", "change", gone.pk), note="x").redirect_chain
