"""Parties are judged together, as they will be when all of them are saved."""

from __future__ import annotations

import pytest

from registers.models import Organisation, Party, Protocol
from tests.admin.typing_in import add_row, address, boxes, errors, row_of, send

pytestmark = pytest.mark.usefixtures("real_register")

EDIT = address("protocol", "change", "0046")


def organisation(name):
    return Organisation.objects.named(name).get()


def row(door, name):
    return row_of(door, EDIT, "parties", "organisation", organisation(name).pk)


def parties():
    """Return who takes part in 0046, in order, the lead marked by a star."""
    return [
        str(party.organisation) + ("*" if party.role == Party.Role.LEAD else "")
        for party in Protocol.objects.get(pk="0046").parties.all()
    ]


class TestPublishedAs:
    """What the signed paper calls an organisation: empty boxes mean its official name."""

    def add(self, door, **typed):
        medway = organisation("Medway Council")
        rest = {"organisation": medway.pk, "role": "partner"}
        return add_row(door, EDIT, "parties", **rest, **typed)

    def stored(self, name="Medway Council"):
        return Party.objects.get(protocol="0046", organisation__name=name).name_as_published

    @pytest.mark.parametrize(
        ("typed", "stored"), [("", "Medway Council"), ("Medway Towns", "Medway Towns")]
    )
    def test_of_a_new_party(self, officers_door, typed, stored):
        send(officers_door, EDIT, **self.add(officers_door, name_as_published=typed))
        assert self.stored() == stored

    def test_of_a_row_with_another_organisation(self, officers_door):
        Party.objects.filter(protocol="0046", organisation__name="Provide").update(
            name_as_published="Provide"
        )
        typed = {row(officers_door, "Provide") + "organisation": organisation("Medway Council").pk}
        send(officers_door, EDIT, **typed)
        assert self.stored() == "Medway Council"

    def test_stays_where_it_was_never_recorded(self, officers_door):
        Party.objects.filter(protocol="0046").update(name_as_published="")
        send(officers_door, EDIT, **{row(officers_door, "Provide") + "note": "Nurses"})
        assert self.stored("Provide") == ""

    def test_emptied_is_the_official_name(self, officers_door):
        Party.objects.update(name_as_published="Pro")
        opened = "<details open><summary>Written differently"
        assert officers_door.get(EDIT).content.decode().count(opened) == 3
        send(officers_door, EDIT, **{row(officers_door, "Provide") + "name_as_published": ""})
        assert self.stored("Provide") == "Provide"
        assert officers_door.get(EDIT).content.decode().count(opened) == 2

    def test_of_a_draft_stays_empty(self, officers_door):
        Protocol.objects.filter(pk="0046").update(status="draft")
        Party.objects.filter(protocol="0046", organisation__name="Provide").update(
            name_as_published=""
        )
        form = boxes(officers_door, EDIT) | self.add(officers_door)
        for _ in range(2):
            assert officers_door.post(EDIT, form).status_code == 302
        typed = {row(officers_door, "Provide") + "organisation": organisation("Essex Police").pk}
        send(officers_door, EDIT, **typed)
        assert (self.stored(), self.stored("Essex Police")) == ("", "")

    def test_pressed_twice_is_saved_once(self, officers_door):
        form = boxes(officers_door, EDIT) | self.add(officers_door)
        for _ in range(2):
            assert officers_door.post(EDIT, form).status_code == 302
        assert self.stored() == "Medway Council"


EPUT = "Essex Partnership University NHS Foundation Trust"


def test_as_it_stands():
    assert parties() == ["Provide*", EPUT, "All Essex Schools"]


class TestTogether:
    def test_the_lead_changes_places(self, officers_door):
        typed = {
            row(officers_door, "Provide") + "role": "partner",
            row(officers_door, "EPUT") + "role": "lead",
        }
        send(officers_door, EDIT, **typed)
        assert parties() == ["Provide", EPUT + "*", "All Essex Schools"]
        assert "Lead organisation changed from Provide to Essex Partnership" in (
            Protocol.objects.get(pk="0046").changes.first().what
        )

    def test_one_goes_and_another_leads(self, officers_door):
        typed = {
            row(officers_door, "Provide") + "DELETE": "on",
            row(officers_door, "EPUT") + "role": "lead",
        }
        send(officers_door, EDIT, **typed)
        assert parties() == [EPUT + "*", "All Essex Schools"]

    def test_two_rows_take_each_others_organisation(self, officers_door):
        Party.objects.filter(protocol="0046").update(name_as_published="")
        eput, schools = organisation("EPUT"), organisation("All Essex Schools")
        typed = {
            row(officers_door, "EPUT") + "organisation": schools.pk,
            row(officers_door, "All Essex Schools") + "organisation": eput.pk,
        }
        send(officers_door, EDIT, **typed)
        assert parties() == ["Provide*", "All Essex Schools", EPUT]
        assert "another one" not in Protocol.objects.get(pk="0046").changes.first().what

    @pytest.mark.both_databases
    def test_one_that_is_deleted_and_added_is_no_change(self, officers_door):
        Party.objects.filter(protocol="0046").update(name_as_published="")
        typed = add_row(
            officers_door, EDIT, "parties", organisation=organisation("Provide").pk, role="lead"
        )
        send(officers_door, EDIT, **typed, **{row(officers_door, "Provide") + "DELETE": "on"})
        assert parties() == [EPUT, "All Essex Schools", "Provide*"]
        kinds = Protocol.objects.get(pk="0046").changes.values_list("kind", flat=True)
        assert [*kinds] == ["added"]

    def test_a_new_one_stands_last(self, officers_door):
        medway = organisation("Medway")
        typed = add_row(
            officers_door,
            EDIT,
            "parties",
            organisation=medway.pk,
            name_as_published="Medway",
            note="Temp workers",
            signed_on="1/2/2026",
        )
        send(officers_door, EDIT, **typed)
        assert parties() == ["Provide*", EPUT, "All Essex Schools", "Medway Council"]
        party = Party.objects.get(protocol="0046", organisation=medway)
        assert (party.role, party.name_as_published, party.note) == (
            "partner",
            "Medway",
            "Temp workers",
        )
        assert (party.signed_on.day, party.signed_on.month) == (1, 2)

    def test_the_lead_may_be_a_partner_too(self, officers_door):
        provide = organisation("Provide")
        typed = add_row(officers_door, EDIT, "parties", organisation=provide.pk)
        send(officers_door, EDIT, **typed)
        assert parties() == ["Provide*", EPUT, "All Essex Schools", "Provide"]


class TestRefused:
    def refuse(self, door, sentence, **typed):
        before = parties()
        assert sentence in errors(send(door, EDIT, title="Not kept", **typed))
        assert parties() == before
        assert Protocol.objects.get(pk="0046").title != "Not kept"

    def test_two_leads(self, officers_door):
        typed = {row(officers_door, "EPUT") + "role": "lead"}
        self.refuse(officers_door, "A protocol can have only one lead organisation. ", **typed)

    def test_a_role_twice(self, officers_door):
        typed = add_row(officers_door, EDIT, "parties", organisation=organisation("EPUT").pk)
        self.refuse(officers_door, f"{EPUT} has this role twice.", **typed)

    def test_a_row_without_an_organisation(self, officers_door):
        typed = add_row(officers_door, EDIT, "parties", note="Temp workers")
        self.refuse(officers_door, "This field is required.", **typed)

    def test_an_unknown_role(self, officers_door):
        typed = {row(officers_door, "EPUT") + "role": "chair"}
        self.refuse(officers_door, "Select a valid choice.", **typed)

    def test_a_forged_row_of_another_protocol(self, officers_door):
        other = Party.objects.filter(protocol="0012").first()
        mine = row(officers_door, "EPUT")
        send(officers_door, EDIT, **{mine + "id": other.pk, mine + "note": "Mine"})
        other.refresh_from_db()
        assert (other.protocol_id, other.note) == ("0012", "")

    def test_what_two_rows_of_one_organisation_do_to_each_other(self, officers_door):
        provide = organisation("Provide")
        Party.objects.create(protocol_id="0046", organisation=provide, position=9)
        lead, partner = Party.objects.filter(protocol="0046", organisation=provide)
        typed = {
            row_of(officers_door, EDIT, "parties", "id", lead.pk) + "role": "partner",
            row_of(officers_door, EDIT, "parties", "id", partner.pk) + "role": "lead",
        }
        sentence = "Party 'Provide in 0046': This organisation has this role"
        self.refuse(officers_door, sentence, **typed)
