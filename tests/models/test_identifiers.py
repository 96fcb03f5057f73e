"""Identifiers of organisations: their forms, and each way in which they are found and kept."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from registers import changes
from registers.history.diff import differences, words_of
from registers.history.snapshot import snapshot_of
from registers.models import Change, Identifier, Name, Organisation, Protocol
from registers.models.identifier import FORMS
from tests.merging import dump, merged, named, undone
from tests.models.making import NOW, make_cast, saved, shared_by_a_module

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def an_identifier(name: str, scheme: str, value: str) -> Identifier:
    return Identifier(organisation=named(name), scheme=scheme, value=value)


VALID = {
    "a trust": ("ods", "R9Z", "R9Z"),
    "a surgery": ("ods", "F81099", "F81099"),
    "a site": ("ods", "RQ8L0", "RQ8L0"),
    "small letters": ("ods", "qz7", "QZ7"),
    "spaces, one of them a no-break space": ("ods", " Q Z\u00a07 ", "QZ7"),
    "a school": ("urn", "115001", "115001"),
    "a provider": ("ukprn", "10098765", "10098765"),
    "an old registration": ("ico", "Z571783X", "Z571783X"),
    "a newer registration": ("ico", "za123456", "ZA123456"),
    "a company": ("company", "01234567", "01234567"),
    "a company without its zero": ("company", "1234567", "01234567"),
    "a company without three": ("company", "61625", "00061625"),
    "a company in Scotland": ("company", "sc 123456", "SC123456"),
    "a company in Northern Ireland": ("company", "NI012345", "NI012345"),
    "a partnership": ("company", "OC301234", "OC301234"),
    "a company of before 1922": ("company", "R0000123", "R0000123"),
    "a registered society": ("company", "IP12345R", "IP12345R"),
    "a charity": ("charity", "216999", "216999"),
    "a newer charity": ("charity", "1999940", "1999940"),
    "a linked charity": ("charity", "1999940-12", "1999940-12"),
    "a charity in Scotland": ("charity", "SC099605", "SC099605"),
    "a charity in Northern Ireland": ("charity", "NIC100123", "NIC100123"),
    "a county": ("gss", "E10000911", "E10000911"),
    "a Welsh council": ("gss", "W06000015", "W06000015"),
}


@pytest.mark.parametrize(("scheme", "typed", "stored"), VALID.values(), ids=VALID)
def test_a_valid_one_is_stored_as_its_scheme_writes_it(scheme, typed, stored):
    identifier = an_identifier("Birch Trust", scheme, typed)
    saved(identifier)
    identifier.refresh_from_db()
    assert identifier.value == stored


INVALID = {
    "a code that is short": ("ods", "R1"),
    "a code that is long": ("ods", "R9Z4567890"),
    "a code with a sign": ("ods", "R1-L"),
    "a school of five digits": ("urn", "11500"),
    "a school of letters": ("urn", "11500A"),
    "a provider that begins with 2": ("ukprn", "20098765"),
    "a registration without its letter": ("ico", "1234567"),
    "a registration that is long": ("ico", "Z12345678"),
    "a company of nine digits": ("company", "012345678"),
    "a company of four digits": ("company", "1234"),
    "a company of an unknown kind": ("company", "XX123456"),
    "a charity of five digits": ("charity", "12345"),
    "a charity that begins with 0": ("charity", "0123456"),
    "a linked charity without its number": ("charity", "1999940-"),
    "an area of an unknown country": ("gss", "X10000911"),
    "an area of seven digits": ("gss", "E1000001"),
    "digits of another script": ("urn", "١١٥٠٠١"),
    "full-width digits": ("urn", "１１５００１"),
    "a character that nobody sees": ("ods", "QZ\u200b7"),
    "nothing": ("ods", ""),
    "spaces": ("ods", "  "),
    "too much": ("ods", "A" * 21),
}


@pytest.mark.parametrize(("scheme", "typed"), INVALID.values(), ids=INVALID)
def test_one_of_another_form_is_refused_beside_its_field(scheme, typed):
    with pytest.raises(ValidationError) as refusal:
        changes.save(an_identifier("Birch Trust", scheme, typed))
    assert refusal.value.message_dict.keys() == {"value"}
    assert len(refusal.value.messages) == 1


def test_every_scheme_has_a_form_and_says_an_example_of_it():
    assert set(FORMS) == set(Identifier.Scheme.values)
    for form in FORMS.values():
        examples = form.words.partition("like ")[2].replace(" or ", ", ").split(", ")
        assert all(re.fullmatch(form.pattern, each) for each in examples)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(ValidationError) as refusal:
        changes.save(an_identifier("Birch Trust", "duns", "123456789"))
    assert refusal.value.message_dict.keys() == {"scheme"}


@pytest.mark.both_databases
def test_no_two_organisations_have_one():
    saved(an_identifier("Birch Trust", "ods", "QZ7"))
    with pytest.raises(ValidationError) as refusal:
        changes.save(an_identifier("Cedar Charity", "ods", "qz7"))
    assert "Birch Trust" in refusal.value.message_dict["value"][0]
    with pytest.raises(IntegrityError), transaction.atomic():
        an_identifier("Cedar Charity", "ods", "QZ7").save()
    # A company and a charity can have the same number.
    saved(an_identifier("Birch Trust", "company", "SC123456"))
    saved(an_identifier("Cedar Charity", "charity", "SC123456"))


def test_one_organisation_can_have_several_of_one_kind():
    saved(an_identifier("Birch Trust", "charity", "1999940"))
    saved(an_identifier("Birch Trust", "charity", "SC099092"))
    assert [str(each) for each in named("Birch Trust").identifiers.all()] == [
        "Charity number 1999940",
        "Charity number SC099092",
    ]


# History, merge, undo, restore ----------------------------------------------------------------


def test_the_public_reads_that_it_was_added_and_taken_out():
    birch = named("Birch Trust")
    identifier = an_identifier("Birch Trust", "ods", "QZ7")
    saved(birch, identifier)
    assert birch.changes.first().what == "Identifiers recorded: ODS code QZ7."
    with changes.record_change(birch, at=NOW):
        changes.remove(identifier)
    assert "ODS code QZ7" in birch.changes.first().what
    assert not birch.identifiers.exists()


def test_a_source_that_is_added_is_a_change_and_no_name_taken_out():
    birch = named("Birch Trust")
    saved(birch, Name(organisation=birch, text="BT", kind=Name.Kind.ACRONYM))
    one = birch.names.get(text="BT")
    one.source = "www.birch.example"
    saved(birch, one)
    assert birch.changes.first().what == (
        "Names changed: BT (acronym), now BT (acronym; source: www.birch.example)."
    )


def test_many_altered_parts_are_listed_and_the_others_counted():
    rows = [
        {"id": number, "title": "A", "file": None, "name": "", "size": 1} for number in range(120)
    ]
    other = [row | {"title": "B"} for row in rows]
    before, after = ({"fields": {}, "parts": {"documents": parts}} for parts in (rows, other))
    what = words_of(differences(Protocol, before, after))
    assert what.startswith("Documents changed: A (1 byte), now B (1 byte); ")
    assert what.endswith("; 20 more.")


@pytest.mark.both_databases
def test_a_merge_keeps_those_of_both_and_its_undo_gives_them_back():
    saved(named("Birch Trust"), an_identifier("Birch Trust", "charity", "1999940"))
    saved(named("Cedar Charity"), an_identifier("Cedar Charity", "charity", "SC099092"))
    before = dump()
    merge = merged("Cedar Charity", "Birch Trust")
    cedar = named("Cedar Charity")
    assert [each.value for each in cedar.identifiers.all()] == ["1999940", "SC099092"]
    undone(merge)
    assert dump() == before


def test_one_that_was_altered_since_the_merge_stays_and_is_said():
    saved(named("Birch Trust"), an_identifier("Birch Trust", "charity", "1999940"))
    merge = merged("Cedar Charity", "Birch Trust")
    changed = Identifier.objects.get(value="1999940")
    changed.value = "1999941"
    saved(named("Cedar Charity"), changed)
    assert [sentence for sentence in changes.plan_undo(merge).left if "1999940" in sentence]
    undone(merge)
    assert changed in named("Cedar Charity").identifiers.all()


@pytest.mark.both_databases
def test_an_earlier_state_has_its_identifiers_and_sources_again():
    birch = named("Birch Trust")
    official = birch.names.get()
    official.source = "www.birch.example"
    saved(birch, an_identifier("Birch Trust", "charity", "1999940"), official)
    then = snapshot_of(birch)
    official.source = "Elsewhere"
    with changes.record_change(birch, at=NOW):
        changes.remove(birch.identifiers.get())
        changes.save(an_identifier("Birch Trust", "ods", "QZ7"))
        changes.save(official)
    assert changes.restore(birch, then, at=NOW)
    assert [str(each) for each in birch.identifiers.all()] == ["Charity number 1999940"]
    assert birch.names.get().source == "www.birch.example"
    assert not changes.restore(birch, then, at=NOW)


def test_a_state_from_before_there_were_any_leaves_them_as_they_are():
    birch = named("Birch Trust")
    then = snapshot_of(birch)
    del then["parts"]["identifiers"]
    for name in then["parts"]["names"]:
        del name["source"]
    official = birch.names.get()
    official.source = "www.birch.example"
    saved(birch, an_identifier("Birch Trust", "charity", "1999940"), official)
    changes.restore(birch, then, at=NOW)
    assert birch.identifiers.count() == 1
    assert birch.names.get().source == "www.birch.example"
    assert not [each for each in differences(Organisation, then, then) if "dentifier" in each.field]


def test_one_that_another_has_today_is_not_put_back():
    birch = named("Birch Trust")
    saved(birch, an_identifier("Birch Trust", "ods", "QZ7"))
    then = snapshot_of(birch)
    with changes.record_change(birch, at=NOW):
        changes.remove(birch.identifiers.get())
    saved(an_identifier("Cedar Charity", "ods", "QZ7"))
    before = Change.objects.count()
    with pytest.raises(ValidationError, match="Cedar Charity"):
        changes.restore(birch, then, at=NOW)
    assert Change.objects.count() == before


# Found, shown and exported --------------------------------------------------------------------

FOUND_BY = {
    "as it is written": "E10000912",
    "in small letters": "e10000912",
    "digits alone": "115001",
    "one with a hyphen": "1999940-2",
    "in quotes": '"E10000912"',
}


@pytest.fixture
def identified() -> None:
    for scheme, value in (("gss", "E10000912"), ("urn", "115001"), ("charity", "1999940-2")):
        saved(an_identifier("Birch Trust", scheme, value))


@pytest.mark.both_databases
@pytest.mark.usefixtures("identified")
@pytest.mark.parametrize("query", FOUND_BY.values(), ids=FOUND_BY)
def test_it_finds_the_protocols_of_its_organisation(client: Client, query):
    found = json.loads(client.get("/protocols.json", {"q": query, "status": "all"}).getvalue())
    assert [each["reference"] for each in found["results"]] == ["9001"]


@pytest.mark.both_databases
@pytest.mark.usefixtures("identified")
@pytest.mark.parametrize("query", ["E10000912", "e10000912", "115001", "1999940", "birch 115001"])
def test_editors_find_its_organisation(officers_door: Client, query):
    answer = officers_door.get("/admin/registers/organisation/", {"q": query})
    assert [each.name for each in answer.context["cl"].result_list] == ["Birch Trust"]


@pytest.mark.usefixtures("identified")
def test_one_that_is_taken_out_finds_nothing(client: Client):
    with changes.record_change(named("Birch Trust"), at=NOW):
        changes.remove(Identifier.objects.get(value="E10000912"))
    found = json.loads(client.get("/protocols.json", {"q": "E10000912"}).getvalue())
    assert found["count"] == 0


@pytest.mark.usefixtures("identified")
def test_the_page_and_the_exports_have_them(client: Client):
    official = named("Birch Trust").names.get(kind="official")
    official.source = "www.birch.example"
    saved(named("Birch Trust"), official)
    page = client.get("/organisations/birch-trust/").content.decode()
    for text in ("E10000912", "115001", "1999940-2", "www.birch.example"):
        assert text in page
    assert 'id="identifiers"' not in client.get("/organisations/cedar-charity/").content.decode()
    table = client.get("/organisations.csv?letter=b").content.decode()
    (row,) = [r for r in csv.DictReader(io.StringIO(table)) if r["name"] == "Birch Trust"]
    assert row["identifiers"] == "1999940-2 (charity); E10000912 (gss); 115001 (urn)"
    assert row["official_name_source"] == "www.birch.example"
    results = client.get("/organisations.json?letter=b").json()["results"]
    (one,) = [each for each in results if each["name"] == "Birch Trust"]
    assert one["identifiers"] == [
        {"scheme": "charity", "value": "1999940-2"},
        {"scheme": "gss", "value": "E10000912"},
        {"scheme": "urn", "value": "115001"},
    ]
    assert one["official_name_source"] == "www.birch.example"
