"""What is left after words were taken out can be used: undone, logged in with, saved again."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from registers import changes
from registers.models import (
    Abbreviation,
    Change,
    Contact,
    Identifier,
    Merge,
    Name,
    Organisation,
    Protocol,
)
from tests.admin.typing_in import Page, address, send
from tests.cast import PASSWORD, door_of, somebody
from tests.changes.test_redaction import MARKER, WORD, take_out
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


def test_who_is_logged_in_by_password_stays_so():
    somebody("quxzorby", "Publisher", password=PASSWORD)
    door, protocol = Client(), Protocol.objects.get(pk="0036")
    page = door.get("/admin/", follow=True)
    typed = Page(page.content.decode()).boxes | {"login": "quxzorby", "password": PASSWORD}
    assert door.post(page.redirect_chain[-1][0], typed).status_code == 302
    session = door.session
    session["said"] = [{"method": "By password."}]
    session.save()
    before = Session.objects.get().get_decoded()
    with changes.record_change(protocol, at=NOW):
        protocol.purpose = "The method, username, password and account."
        changes.save(protocol)
    take_out(protocol, "method", "username", "password", "account")
    after = Session.objects.get().get_decoded()
    assert after.pop("said") == [{"method": f"By {MARKER}."}]
    assert after == {name: value for name, value in before.items() if name != "said"}
    assert door.get("/admin/").status_code == 200


@pytest.mark.both_databases
def test_what_was_cleaned_is_accepted_by_its_own_form(door):
    owner = Organisation.objects.get(name="Provide")
    saved(owner, Name(organisation=owner, text="QZ", source=f"https://example.org/{WORD}"))
    for short in ("QZIM", "QZIB"):
        take_out(saved(Abbreviation(short=short, meaning=f"Of {WORD}")), short)
    both = [saved(Abbreviation(short=short, meaning=f"Of {WORD}")) for short in ("QZA", "QZB")]
    take_out(owner, WORD, "QZA", "QZB")
    for thing in (owner, *Abbreviation.objects.filter(meaning__startswith="Of [")):
        noun = thing._meta.model_name
        answer = send(door, address(noun, "change", thing.pk), why="x")
        assert answer.redirect_chain, (noun, answer.context["errors"])
    shorts = Abbreviation.objects.filter(short__startswith="TAKENOUT").values_list("short")
    assert len(set(shorts)) == 2 + len(both)
    # A state from before can be put back.
    first = Change.objects.about(Abbreviation, both[0].pk).last()
    changes.restore(Abbreviation.objects.get(pk=both[0].pk), first.snapshot, at=NOW)
