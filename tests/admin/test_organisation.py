"""Keeping organisations: names, addresses, successors, approvers."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from registers import changes
from registers.models import Approver, Change, Name, Organisation, Slug
from tests.admin.typing_in import add_row, address, errors, messages, row_of, send

pytestmark = pytest.mark.usefixtures("real_register")

ADD = address("organisation", "add")


@pytest.fixture
def medway(real_register) -> Organisation:
    return Organisation.objects.get(name="Medway Council")


def page(organisation):
    return address("organisation", "change", organisation.pk)


def names(organisation):
    return dict(organisation.names.values_list("text", "kind"))


class TestAdding:
    def test_with_names(self, officers_door, officer):
        typed = add_row(officers_door, ADD, "names", text="BCC", kind="acronym")
        send(officers_door, ADD, name="Basildon Council", why="New partner.", **typed)
        organisation = Organisation.objects.named("bcc").get()
        assert names(organisation) == {"Basildon Council": "official", "BCC": "acronym"}
        assert organisation.slug == "basildon-council"
        change = organisation.changes.get()
        assert (change.what, change.why) == ("Added to this register.", "New partner.")
        assert change.by == officer

    def test_with_how_its_name_is_also_written(self, officers_door):
        send(officers_door, ADD, name="Basildon Council", also_written="BASILDON COUNCIL")
        assert Name.objects.get(text="Basildon Council").also_written == "BASILDON COUNCIL"

    def test_with_the_link_beside_a_partys_box(self, officers_door):
        response = send(officers_door, f"{ADD}?_popup=1", name="Basildon Council")
        assert "django-admin-popup-response" in response.content.decode()


class TestRenaming:
    def test_keeps_the_old_name_and_address(self, officers_door, medway):
        send(officers_door, page(medway), name="Medway Unitary Council")
        medway.refresh_from_db()
        assert medway.slug == "medway-unitary-council"
        assert names(medway) == {
            "Medway Unitary Council": "official",
            "Medway Council": "former",
            "Medway": "alias",
        }
        assert Organisation.objects.at("medway-council").get() == medway

    def test_to_a_name_that_is_given_up_in_the_same_breath(self, officers_door, medway):
        url = page(medway)
        alias = row_of(officers_door, url, "names", "text", "Medway")
        send(officers_door, url, name="Medway", **{alias + "DELETE": "on"})
        assert names(medway) == {"Medway": "official", "Medway Council": "former"}

    def test_the_form_says_what_will_happen(self, officers_door, medway):
        said = "the old name stays as a former name, and the old address leads here"
        assert said in officers_door.get(page(medway)).content.decode()
        assert said not in officers_door.get(ADD).content.decode()

    def test_back_to_a_former_name(self, officers_door, client, medway):
        send(officers_door, page(medway), name="Medway Unitary Council")
        send(officers_door, page(medway), name="Medway Council")
        medway.refresh_from_db()
        assert medway.slug == "medway-council"
        assert names(medway) == {
            "Medway Council": "official",
            "Medway Unitary Council": "former",
            "Medway": "alias",
        }
        answer = client.get("/organisations/medway-unitary-council/")
        assert (answer.status_code, answer["Location"]) == (301, "/organisations/medway-council/")

    def test_to_another_case_of_the_same_name(self, officers_door, medway):
        send(officers_door, page(medway), name="MEDWAY COUNCIL")
        assert names(medway) == {"MEDWAY COUNCIL": "official", "Medway": "alias"}


class TestParts:
    def test_the_official_name_is_also_written(self, officers_door):
        provide = Organisation.objects.named("Provide").get()
        official = provide.names.get(kind="official")
        url = page(provide)
        send(officers_door, url, also_written="provide")
        official.refresh_from_db()
        assert official.also_written == "provide"
        send(officers_door, url, also_written="")
        official.refresh_from_db()
        assert official.also_written == ""

    def test_job_titles_in_use_are_offered(self, officers_door, medway):
        used = ["Caldicott Guardian", "SIRO"]
        for title in used:
            changes.save(Approver(organisation=medway, job_title=title))
        for url in (address("organisation", "change", medway.pk), address("approver", "add")):
            answer = officers_door.get(url)
            assert set(answer.context["job_titles"]) == set(used)
            assert 'list="job-titles"' in answer.content.decode()
            assert answer.content.decode().count('<datalist id="job-titles">') == 1

    def test_a_successor_and_an_approver(self, officers_door, medway):
        kent = Organisation.objects.get(name="Kent County Council")
        url = page(medway)
        typed = add_row(officers_door, url, "successions", successor=kent.pk) | add_row(
            officers_door, url, "approvers", job_title="Caldicott Guardian"
        )
        send(officers_door, url, **typed)
        assert medway.successions.get().successor == kent
        what = medway.changes.first().what
        assert "Successors recorded: Kent County Council." in what
        assert "Approvers recorded: Caldicott Guardian." in what

    def test_every_address_is_shown_and_none_can_be_altered(self, officers_door, medway):
        html = officers_door.get(page(medway)).content.decode()
        assert "/organisations/medway/" in html
        assert "/organisations/medway-council/" in html
        slug = Slug.objects.get(text="medway")
        send(
            officers_door,
            page(medway),
            **{"slugs-0-id": slug.pk, "slugs-0-text": "x", "slugs-0-DELETE": "on"},
        )
        assert Slug.objects.filter(text="medway").exists()


BAD = {
    "no name": ({"name": ""}, "This field is required."),
    "another's name": ({"name": "kent county council"}, "has the name 'kent county council'"),
    "another's acronym": ({"name": "EPUT"}, "has the name 'EPUT' already."),
    "another's address": (
        {"slug": "eput"},
        "This address already leads to another organisation. Enter a different one.",
    ),
    "an address with spaces": ({"slug": "Medway Council"}, "Enter a valid “slug”"),
    "written otherwise": ({"also_written": "MEDWEY COUNCIL"}, "differs in more than capitals"),
    "an unknown kind": ({"kind": "person"}, "Select a valid choice."),
}
BAD_NAMES = {
    "another's name": ({"text": "eput", "kind": "alias"}, "has the name 'eput' already."),
    "a second official name": ({"text": "MC", "kind": "official"}, "Select a valid choice."),
    "its own name again": ({"text": "medway", "kind": "alias"}, "already"),
    "spaces": ({"text": "   ", "kind": "acronym"}, "This field is required."),
}


def test_the_database_refuses_a_name_that_another_has(medway):
    another = Name.objects.get(text="EPUT")
    with pytest.raises(IntegrityError), transaction.atomic():
        Name.objects.create(organisation=medway, text="eput", key=another.key)


def refuse(door, organisation, typed, sentence):
    before = names(organisation)
    changed = Change.objects.count()
    url = page(organisation)
    response = send(door, url, note="Kept as typed.", **typed)
    assert sentence in errors(response)
    assert response.context["adminform"].form["note"].value() == "Kept as typed."
    organisation.refresh_from_db()
    assert (organisation.name, organisation.note) == ("Medway Council", "")
    assert names(organisation) == before
    assert Change.objects.count() == changed
    return response


@pytest.mark.parametrize(("typed", "sentence"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_beside_the_box(officers_door, medway, typed, sentence):
    response = refuse(officers_door, medway, typed, sentence)
    assert list(response.context["adminform"].form.errors) == list(typed)


@pytest.mark.parametrize(("typed", "sentence"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_name_that_cannot_be(officers_door, medway, typed, sentence):
    row = add_row(officers_door, page(medway), "names", **typed)
    refuse(officers_door, medway, row, sentence)


def test_one_name_in_two_rows(officers_door, medway):
    row = add_row(officers_door, page(medway), "names", text="MC", kind="acronym")
    twice = row | {name.replace("-1-", "-2-"): value for name, value in row.items()}
    twice["names-TOTAL_FORMS"] = 3
    refuse(officers_door, medway, twice, "Name 'MC': Medway Council has the name 'MC' already.")


def test_a_successor_that_is_itself(officers_door, medway):
    row = add_row(officers_door, page(medway), "successions", successor=medway.pk)
    refuse(officers_door, medway, row, "An organisation cannot succeed itself.")


class TestDeleting:
    def test_one_in_use_is_refused(self, officers_door, medway):
        for method in (officers_door.get, officers_door.post):
            html = method(address("organisation", "delete", medway.pk), {"post": "yes"}).content
            assert b"Medway Council is in use, so it cannot be deleted." in html
            assert b"Medway Council in 0012" in html
        assert Organisation.objects.filter(pk=medway.pk).exists()

    def test_one_that_is_not_in_use(self, officers_door):
        send(officers_door, ADD, name="Basildon Council")
        organisation = Organisation.objects.get(name="Basildon Council")
        url = address("organisation", "delete", organisation.pk)
        response = send(officers_door, url)
        assert "was deleted successfully" in messages(response)
        assert not Organisation.objects.filter(name="Basildon Council").exists()
        assert Change.objects.first().what == (
            "Organisation 'Basildon Council': Taken out of this register."
        )
