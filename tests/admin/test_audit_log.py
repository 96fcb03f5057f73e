"""The audit log of an object: every save of it and of its parts, for editors alone."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.models import (
    Approver,
    Change,
    Contact,
    Document,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Resource,
    Review,
    Succession,
    Theme,
)
from tests.admin.test_history import AUDIT_LOG, NOON, words
from tests.admin.typing_in import Page, address
from tests.papers import pdf
from tests.public.pages import links

pytestmark = pytest.mark.usefixtures("real_register")


@pytest.fixture
def protocol(real_register) -> Protocol:
    return Protocol.objects.get(pk="0046")


@pytest.fixture
def organisation(real_register) -> Organisation:
    return made("Ministry")


def made(name: str) -> Organisation:
    organisation = Organisation(name=name)
    save(organisation, organisation)
    return organisation


def save(subject, thing, by: User | None = None, **values) -> None:
    """Save one thing as a change of `subject`, a second later than the last."""
    save.seconds += 1
    for name, value in values.items():
        setattr(thing, name, value)
    with changes.record_change(subject, at=NOON + datetime.timedelta(seconds=save.seconds), by=by):
        changes.save(thing)


save.seconds = 0


def remove(subject, thing) -> None:
    save.seconds += 1
    with changes.record_change(subject, at=NOON + datetime.timedelta(seconds=save.seconds)):
        changes.remove(thing)


def saves(client, thing: models.Model, **query) -> list[str]:
    """What each save says, the newest first."""
    noun = type(thing)._meta.model_name
    page = client.get(address(noun, "audit_log", thing.pk), query).content.decode()
    assert Page(page).inline == []
    found = re.findall(r'<section class="change">(.*?)</section>', page, re.S)
    texts = [re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", each)) for each in found]
    return [text.replace(" Before ", " ").replace(" After ", " ") for text in texts]


@pytest.mark.both_databases
def test_a_party_came_altered_and_went(officers_door, officer, protocol):
    body = made("Ministry")
    party = Party(protocol=protocol, organisation=body, note="Temps", position=99)
    save(protocol, party, by=officer)
    save(protocol, party, by=officer, signed_on=datetime.date(2026, 11, 2), note="")
    remove(protocol, party)
    went, altered, came = saves(officers_door, protocol)[:3]
    assert "Changed by: olive." in came
    assert "Other organisation Nothing Ministry (Temps)" in came
    assert "Other organisation Ministry (Temps) Ministry, signed 2 November 2026" in altered
    assert "Other organisation Ministry, signed 2 November 2026 Nothing" in went
    assert "Changed by: not recorded." in went


def test_a_draft_from_its_first_save_to_its_end(officers_door, officer):
    draft = Protocol(reference="9001", title="Draft", theme=Theme.objects.first())
    save(draft, draft, by=officer)
    save(draft, draft, by=officer, purpose="To pay.")
    altered, came = saves(officers_door, draft)
    assert "Added by: olive. Not public." in came
    assert "Title Nothing Draft" in came
    assert "Changed by: olive. Not public." in altered
    assert "Purpose Nothing To pay." in altered
    remove(draft, draft)
    page = officers_door.get(address("protocol", "history", "9001"))
    assert "Audit log: 9001 - Draft" in words(page)
    assert "Removed by: not recorded." in words(page)
    assert officers_door.get("/protocols/9001/").status_code == 404


def test_a_note_for_administrators_beside_what_the_public_reads(officers_door, protocol):
    save(protocol, protocol, admin_note="Ask Essex.")
    save(protocol, protocol, admin_note="Asked.", title="Flood alerts")
    both, alone = saves(officers_door, protocol)[:2]
    assert "Not public." in alone
    assert "Note for administrators Nothing Ask Essex." in alone
    assert "Not public." not in both
    assert "Note for administrators Ask Essex. Asked." in both
    assert "Title" in both
    for page in ("/protocols/0046/", "/protocols/0046/changes/", "/protocols.atom"):
        assert b"Asked." not in officers_door.get(page).getvalue()
    assert "Asked." not in words(officers_door.get(address("protocol", "history", "0046")))


def test_its_documents(officers_door, protocol):
    document = Document(protocol=protocol, title="Signed")
    document.file.save("signed.pdf", ContentFile(pdf()), save=False)
    save(protocol, document)
    save(protocol, document, title="Signed copy")
    remove(protocol, document)
    went, altered, came = saves(officers_door, protocol)[:3]
    assert "Document Nothing Signed (" in came
    assert "Document Signed (" in altered
    assert "Signed copy (" in altered
    assert "Document Signed copy (" in went


def test_the_file_of_a_resource_came_and_went(officers_door, real_register):
    resource = Resource(title="Template", slug="template-1")
    resource.file.save("template.pdf", ContentFile(pdf()), save=False)
    save(resource, resource)
    save(resource, resource, file="")
    went, came = saves(officers_door, resource)
    assert "File Nothing PDF" in came
    assert "File PDF" in went


def test_what_a_protocol_comes_under(officers_door, protocol):
    save(protocol, Overarching(protocol=protocol, overarching_id="0042"))
    over = Protocol.objects.get(pk="0042")
    assert f"Comes under Nothing {over}" in saves(officers_door, protocol)[0]


def test_the_parts_of_an_organisation(officers_door, organisation):
    name = Name(organisation=organisation, text="MIN", kind="acronym")
    save(organisation, name)
    save(organisation, name, kind="alias")
    successor = made("Department")
    became = Succession(organisation=organisation, successor=successor, source="An Order")
    save(organisation, became)
    save(organisation, Approver(organisation=organisation, job_title="Caldicott Guardian"))
    save(organisation, Contact(organisation=organisation, email="ig@example.org"))
    contact, approver, succession, renamed, named = saves(officers_door, organisation)[:5]
    assert "Contact for reminders Nothing ig@example.org" in contact
    assert "Not public." in contact
    assert "Approver Nothing Caldicott Guardian" in approver
    assert "Became part of Nothing Department (An Order)" in succession
    assert "Name MIN (acronym) MIN (also known as)" in renamed
    assert "Name Nothing MIN (acronym)" in named


def test_a_merge_is_told_on_both_sides(officers_door, officer, organisation):
    gone = made("Department")
    key = gone.pk
    changes.merge(organisation, gone, at=NOON + datetime.timedelta(hours=1), by=officer)
    assert "Name Nothing Department (also known as)" in saves(officers_door, organisation)[0]
    page = words(officers_door.get(address("organisation", "history", key)))
    assert "Audit log: Department" in page
    assert "Removed by: olive." in page


def test_parts_are_shown_to_whom_may_see_them(client, organisation):
    save(organisation, Contact(organisation=organisation, email="ig@example.org"))
    vera = User.objects.create_user("vera", is_staff=True)
    vera.user_permissions.add(Permission.objects.get(codename="view_organisation"))
    client.force_login(vera)
    said = " ".join(saves(client, organisation))
    assert "Added by: not recorded." in said
    assert "ig@example.org" not in said
    assert "Name Nothing" not in said
    vera.user_permissions.add(Permission.objects.get(codename="change_contact"))
    assert "ig@example.org" in " ".join(saves(client, organisation))


@pytest.mark.both_databases
def test_pages_and_the_same_few_queries(officers_door, organisation, protocol, monkeypatch):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            saves(officers_door, protocol)
        return len(asked)

    save(protocol, Party(protocol=protocol, organisation=organisation))
    few = queries()
    for number in range(8):
        party = Party(protocol=protocol, organisation=made(f"Body {number}"))
        save(protocol, party)
        save(protocol, party, note="Temps")
    assert queries() == few
    whole = saves(officers_door, protocol)
    monkeypatch.setattr("registers.admin.history.PER_PAGE", 5)
    numbers = range(1, -(-len(whole) // 5) + 1)
    assert [each for n in numbers for each in saves(officers_door, protocol, p=n)] == whole
    second = links(officers_door.get(AUDIT_LOG, {"p": 2}))
    assert {("?p=1", "Newer saves"), ("?p=3", "Older saves")} <= set(second)


def test_who_may_not_view_is_refused_what_is_gone(client, organisation):
    key = organisation.pk
    remove(organisation, organisation)
    client.force_login(User.objects.create_user("nina", is_staff=True))
    assert client.get(address("organisation", "audit_log", key)).status_code == 403


@pytest.mark.parametrize("key", ["999999", "abc", "9" * 30])
def test_of_what_was_never_there(officers_door, key):
    for page in ("audit_log", "history"):
        assert officers_door.get(address("organisation", page, key)).status_code == 404


def test_a_review_and_an_approver_show_what_they_belong_to(officers_door, organisation, protocol):
    review = Review(
        protocol=protocol,
        reviewed_on=datetime.date(2026, 11, 2),
        outcome="unchanged",
        next_review=datetime.date(2027, 11, 1),
        job_title="Caldicott Guardian",
    )
    changes.record_review(review, at=NOON)
    approver = Approver(organisation=organisation, job_title="SIRO")
    save(organisation, approver)
    said = words(officers_door.get(address("review", "history", review.pk)))
    assert "Review Nothing 2 November 2026, still needed, unchanged" in said
    said = words(officers_door.get(address("approver", "history", approver.pk)))
    assert "Approver Nothing SIRO" in said


def test_a_thing_that_nobody_saved_here(officers_door):
    theme = Theme.objects.create(name="Bare", slug="bare")
    assert not Change.objects.about(Theme, theme.pk).exists()
    assert "No save is recorded." in words(officers_door.get(address("theme", "history", theme.pk)))
