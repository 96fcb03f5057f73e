"""The audit log of an object: every save of it and of its parts, for editors alone."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.models import (
    Approver,
    Contact,
    Document,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Review,
    Succession,
)
from tests.admin.test_history import AUDIT_LOG, NOON, words
from tests.admin.typing_in import Page, address
from tests.papers import pdf
from tests.public.pages import links

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]


@pytest.fixture
def protocol(real_register) -> Protocol:
    return Protocol.objects.get(pk="0046")


@pytest.fixture
def organisation(real_register) -> Organisation:
    return made("Ministry")


def made(name: str) -> Organisation:
    organisation = Organisation(name=name)
    save(organisation)
    return organisation


def save(thing, by: User | None = None, **values) -> None:
    for name, value in values.items():
        setattr(thing, name, value)
    thing._history_user = by
    changes.save(thing)


def saves(client, thing, **query) -> list[str]:
    """What each save says, the newest first."""
    noun = type(thing)._meta.model_name
    page = client.get(address(noun, "audit_log", thing.pk), query).content.decode()
    assert Page(page).inline == []
    found = re.findall(r'<section class="change">(.*?)</section>', page, re.S)
    return [re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", each)) for each in found]


def test_a_party_came_altered_and_went(officers_door, officer, protocol):
    body = made("Ministry")
    party = Party(protocol=protocol, organisation=body, note="Temps", position=99)
    save(party, by=officer)
    save(party, by=officer, signed_on=datetime.date(2026, 11, 2), note="")
    changes.remove(party)
    went, altered, came = saves(officers_door, protocol)[:3]
    assert "Added by: olive. Other organisation: Ministry (Temps)" in came
    assert "Changed by: olive. Other organisation: Ministry, signed 2 November 2026" in altered
    assert "Note Before Temps After Nothing" in altered
    assert "Signed on Before Nothing After 2 November 2026" in altered
    assert "Removed by: olive. Other organisation: Ministry" in went


def test_whoever_is_gone_is_named_as_last(officers_door, protocol):
    body = made("Ministry")
    party = Party(protocol=protocol, organisation=body)
    save(party)
    changes.remove(party)
    save(body, name="Department")
    changes.remove(body)
    assert "Other organisation: Department" in saves(officers_door, protocol)[0]
    Organisation.history.filter(id=party.organisation_id).delete()
    said = saves(officers_door, protocol)[0]
    assert "Other organisation: No longer in this register" in said


def test_what_a_protocol_comes_under(officers_door, protocol):
    save(Overarching(protocol=protocol, overarching_id="0042"))
    over = Protocol.objects.get(pk="0042")
    assert f"Added by: not recorded. Comes under: {over}" in saves(officers_door, protocol)[0]


def test_its_documents(officers_door, protocol):
    document = Document(protocol=protocol, title="Signed")
    document.file.save("signed.pdf", ContentFile(pdf()), save=False)
    save(document)
    save(document, title="Signed copy")
    for off in (True, False):
        document.taken_off = off
        document.save()
    back, off, altered, came = saves(officers_door, protocol)[:4]
    assert "Added by: not recorded. Document: Signed (" in came
    assert "Title Before Signed After Signed copy" in altered
    assert "Taken off by: not recorded. Document: Signed copy (" in off
    assert "Put back by" in back


def test_the_parts_of_an_organisation(officers_door, organisation):
    name = Name(organisation=organisation, text="MIN", kind="acronym")
    save(name)
    save(name, kind="alias")
    save(Succession(organisation=organisation, successor=made("Department"), source="An Order"))
    save(Approver(organisation=organisation, job_title="Caldicott Guardian"))
    save(Contact(organisation=organisation, email="ig@example.org"))
    contact, approver, succession, renamed, named = saves(officers_door, organisation)[:5]
    assert "Added by: not recorded. Contact for reminders: ig@example.org" in contact
    assert "Approver: Caldicott Guardian" in approver
    assert "Became part of: Department (An Order)" in succession
    assert "Changed by: not recorded. Name: MIN (also known as)" in renamed
    assert "Kind Before Acronym After Also known as" in renamed
    assert "Name: MIN (acronym)" in named


def test_what_a_merge_moved_came_here(officers_door, organisation):
    changes.merge(organisation, made("Department"), at=NOON)
    said = saves(officers_door, organisation)
    assert any("Moved here by: not recorded. Name: Department (also known as)" in s for s in said)


def test_parts_are_shown_to_whom_may_see_them(client, organisation):
    save(Contact(organisation=organisation, email="ig@example.org"))
    vera = User.objects.create_user("vera", is_staff=True)
    vera.user_permissions.add(Permission.objects.get(codename="view_organisation"))
    client.force_login(vera)
    said = " ".join(saves(client, organisation))
    assert "Added by: not recorded." in said
    assert "ig@example.org" not in said
    assert "Name:" not in said
    vera.user_permissions.add(Permission.objects.get(codename="change_contact"))
    assert "ig@example.org" in " ".join(saves(client, organisation))


def test_pages_and_the_same_few_queries(officers_door, organisation, monkeypatch):
    bodies = [made(f"Body {number}") for number in range(8)]
    protocol = Protocol.objects.get(pk="0046")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            saves(officers_door, protocol)
        return len(asked)

    save(Party(protocol=protocol, organisation=organisation))
    save(Overarching(protocol=protocol, overarching_id="0042"))
    few = queries()
    for body in bodies:
        party = Party(protocol=protocol, organisation=body)
        save(party)
        save(party, note="Temps")
    assert queries() <= few + 1  # what stood before, of parties: nothing then
    whole = saves(officers_door, protocol)
    monkeypatch.setattr("registers.admin.audit_log.ENTRIES_PER_PAGE", 5)
    numbers = range(1, -(-len(whole) // 5) + 1)
    assert [each for n in numbers for each in saves(officers_door, protocol, p=n)] == whole
    second = links(officers_door.get(AUDIT_LOG, {"p": 2}))
    assert {("?p=1", "Newer saves"), ("?p=3", "Older saves")} <= set(second)


def test_what_is_gone_keeps_those_of_its_parts(officers_door, organisation):
    save(Approver(organisation=organisation, job_title="Caldicott Guardian"))
    key = organisation.pk
    changes.remove(organisation)
    page = officers_door.get(address("organisation", "history", key))
    assert "Removed by: not recorded. Approver: Caldicott Guardian" in words(page)
    assert "See the official changes" not in words(page)


@pytest.mark.parametrize("key", ["999999", "abc", "9" * 30])
def test_of_what_was_never_there(officers_door, key):
    for page in ("audit_log", "history"):
        assert officers_door.get(address("organisation", page, key)).status_code == 404


def test_of_a_review_days_and_protocols_are_told(officers_door, protocol):
    review = Review.objects.create(
        protocol=protocol,
        reviewed_on=datetime.date(2026, 11, 2),
        outcome="unchanged",
        next_review=datetime.date(2027, 11, 1),
        job_title="Caldicott Guardian",
        recorded_at=NOON,
    )
    review.reviewed_on, review.protocol_id = datetime.date(2026, 11, 3), "0042"
    review.save()
    said = words(officers_door.get(address("review", "history", review.pk)))
    assert "Reviewed on 2 November 2026 3 November 2026" in said
    assert f"Protocol {protocol} {Protocol.objects.get(pk='0042')}" in said
