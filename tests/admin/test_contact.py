"""Contacts: kept on the organisation's page, told to nobody else."""

from __future__ import annotations

import pytest

from registers.models import Change, Contact, Organisation
from tests.admin.test_lists import found
from tests.admin.typing_in import address, boxes, errors, messages, send

pytestmark = pytest.mark.usefixtures("real_register")

MAILBOX = "information.governance@medway.example"


@pytest.fixture
def medway(real_register) -> Organisation:
    return Organisation.objects.get(name="Medway Council")


def page(organisation):
    return address("organisation", "change", organisation.pk)


class TestOnTheOrganisationsPage:
    def test_one_can_be_added_and_is_told_to_nobody(self, officers_door, officer, medway):
        before = Change.objects.public().count()
        send(officers_door, page(medway), **{"contact-0-email": MAILBOX})
        assert medway.contact.email == MAILBOX
        last = Change.objects.about(Organisation, medway.pk)[0]
        assert (last.by, last.public, last.what) == (officer, False, "")
        assert last.snapshot["parts"]["contact"][0]["email"] == MAILBOX
        assert Change.objects.public().count() == before

    def test_a_reason_for_it_is_kept_in_the_audit_log_alone(self, officers_door, medway):
        typed = {"contact-0-email": MAILBOX, "why": "They asked."}
        response = send(officers_door, page(medway), **typed)
        assert "audit log" in messages(response)
        assert Change.objects.get(why="They asked.").public is False

    def test_it_can_be_altered_and_taken_away(self, officers_door, medway):
        Contact.objects.create(organisation=medway, email="old@medway.example")
        send(officers_door, page(medway), **{"contact-0-email": MAILBOX})
        assert Contact.objects.get().email == MAILBOX
        send(officers_door, page(medway), **{"contact-0-DELETE": "on"})
        assert not Contact.objects.exists()

    def test_there_is_room_for_one(self, officers_door, medway):
        Contact.objects.create(organisation=medway, email=MAILBOX)
        held = boxes(officers_door, page(medway))
        assert (held["contact-TOTAL_FORMS"], held["contact-MAX_NUM_FORMS"]) == ("1", "1")

    def test_an_empty_box_is_none(self, officers_door, medway):
        send(officers_door, page(medway), note="A note.")
        medway.refresh_from_db()
        assert medway.note == "A note."
        assert not Contact.objects.exists()

    def test_the_box_says_that_it_is_never_public_and_not_a_persons(self, officers_door, medway):
        html = officers_door.get(page(medway)).content.decode()
        assert "Never public. A mailbox of a role" in html

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ("medway", "Enter a valid email address."),
            ("a@b.example, c@d.example", "Enter a valid email address."),
            ("", "This field is required."),
        ],
    )
    def test_what_is_no_address_is_refused(self, officers_door, medway, typed, sentence):
        Contact.objects.create(organisation=medway, email=MAILBOX)
        response = send(officers_door, page(medway), **{"contact-0-email": typed})
        assert sentence in errors(response)
        assert Contact.objects.get().email == MAILBOX


def names(door, **question) -> set[str]:
    return {each.name for each in found(door, "organisation", **question)}


LEADS = {
    "Anglia Ruskin University",
    "Department for Education",
    "Essex County Council",
    "Home Office",
    "Provide",
    "Ministry of Housing, Communities and Local Government",
    "Southend-on-Sea City Council",
    "West Essex CCG",
    # It took the place of the last.
    "NHS Hertfordshire and West Essex Integrated Care Board",
}


class TestTheList:
    def test_of_those_that_lead_and_cannot_be_reminded(self, officers_door, medway):
        assert names(officers_door, contact="lacking") == LEADS
        for name in ("Provide", "Medway Council"):
            organisation = Organisation.objects.get(name=name)
            Contact.objects.create(organisation=organisation, email=MAILBOX)
        assert names(officers_door, contact="lacking") == LEADS - {"Provide"}
        assert names(officers_door, contact="has") == {"Provide", "Medway Council"}

    def test_counts_protocols_as_ever(self, officers_door):
        counted = found(officers_door, "organisation", contact="lacking")
        essex = next(each for each in counted if each.name == "Essex County Council")
        assert (
            essex.protocol_count
            == Organisation.objects.with_protocol_count().get(pk=essex.pk).protocol_count
        )

    def test_a_lead_of_what_is_withdrawn_needs_none(self, officers_door):
        office = Organisation.objects.get(name="Home Office")
        (party,) = office.parties.filter(role="lead")
        party.protocol.status = "withdrawn"
        party.protocol.withdrawn_on, party.protocol.withdrawn_reason = "2026-11-01", "It ended."
        party.protocol.save()
        assert "Home Office" not in names(officers_door, contact="lacking")

    def test_another_answer_is_refused(self, officers_door):
        response = officers_door.get(address("organisation", "changelist"), {"contact": "maybe"})
        assert response.status_code == 302
