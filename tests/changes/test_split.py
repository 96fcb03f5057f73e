"""A name that was joined by mistake becomes an organisation of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from registers import changes
from registers.models import Apart, Change, Organisation, Party, Protocol
from tests.merging import NOON, dump, merged, named
from tests.models.making import a_name, a_party, make_cast, saved, shared_by_a_module

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        saved(a_name("Birch Trust", "Birch Clinic"))
        saved(Protocol.objects.get(pk="9002"), a_party("9002", "Birch Trust"))
        saved(
            Protocol.objects.get(pk="9003"),
            a_party("9003", "Birch Trust", name_as_published="Birch Clinic"),
        )
        yield


def part(reference: str) -> Party:
    return Party.objects.get(protocol=reference, organisation=named("Birch Trust"))


def split(name: str = "Birch Clinic", *parts: int, **how) -> Organisation:
    found = named(name).names.get(text=name)
    return changes.split(found, parties=parts, **{"at": NOON, **how})


def test_its_name_its_address_and_its_parts_go_with_it():
    clinic = split("Birch Clinic", part("9003").pk)
    assert dict(clinic.names.values_list("text", "kind")) == {"Birch Clinic": "official"}
    assert (clinic.name, clinic.slug, clinic.kind) == ("Birch Clinic", "birch-clinic", "body")
    assert [each.protocol_id for each in clinic.parties.all()] == ["9003"]
    birch = named("Birch Trust")
    assert set(birch.names.values_list("text", flat=True)) == {"Birch Trust"}
    assert {each.protocol_id for each in birch.parties.all()} == {"9001", "9002"}
    page = Client().get("/organisations/birch-clinic/")
    assert page.status_code == 200


def test_each_is_told():
    newest = Change.objects.latest("pk").pk
    split("Birch Clinic", part("9003").pk, why="Two bodies.")
    told = {(c.protocol_id, str(c.organisation)): c for c in Change.objects.filter(pk__gt=newest)}
    sentence = "Birch Clinic was split off from Birch Trust: they are two organisations."
    assert told["9003", "None"].why == f"{sentence} Two bodies."
    assert told[None, "Birch Trust"].what.splitlines() == [
        sentence,
        "Names taken out: Birch Clinic (also known as).",
    ]
    assert told[None, "Birch Clinic"].what == (
        "Split off from Birch Trust: they are two organisations."
    )
    assert len(told) == 3


def test_merging_undoes_it():
    before = dump()
    clinic = split("Birch Clinic", part("9003").pk)
    assert Apart.objects.get().other == clinic
    merged("Birch Trust", "Birch Clinic")
    assert dump() == before


def test_its_own_address_stays_with_the_one_that_has_it():
    birch = named("Birch Trust")
    birch.slug = "birch-clinic"
    saved(birch)
    assert split().slug == "birch-clinic-2"
    assert Organisation.objects.at("birch-clinic").get().name == "Birch Trust"


def test_a_name_without_an_address_gets_one():
    saved(a_name("Birch Trust", "東京都"))
    assert split("東京都").slug == "organisation"
    assert Organisation.objects.at("organisation").get().name == "東京都"


BAD = {
    "the official name": ({"name": "Birch Trust"}, "name", "This is the official name."),
    "another's part": ({"part": "Ashdown Council"}, "parties", "Choose among the parts"),
    "not as was shown": ({"expected_digest": "x"}, "__all__", "The register changed after"),
}


@pytest.mark.parametrize(("bad", "field", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_split_off(bad, field, sentence):
    before = dump()
    keys = Party.objects.filter(organisation__name=bad.pop("part", "")).values_list("pk", flat=True)
    with pytest.raises(ValidationError) as refusal:
        split(bad.pop("name", "Birch Clinic"), *keys, **bad)
    told = refusal.value.message_dict if field != "__all__" else {"__all__": refusal.value.messages}
    assert sentence in told[field][0]
    assert dump() == before


def test_a_name_that_went_elsewhere_meanwhile():
    name = named("Birch Trust").names.get(text="Birch Clinic")
    split()
    with pytest.raises(ValidationError, match="Choose one of the names of this organisation"):
        changes.split(name, at=NOON)
