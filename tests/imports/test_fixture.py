"""A whole register from one file: all of it as the file says, or a sentence and nothing."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from registers.imports.fixture import FixtureError, is_empty, load_register, read_register
from registers.models import Change, Name, News, Organisation, Party, Protocol, Resource, Theme
from tests.conftest import FIXTURES, LOADED_AT
from tests.imports.small import small_register

pytestmark = pytest.mark.usefixtures("empty_register")


def file_of(folder: Path, register: object) -> Path:
    path = folder / "register.json"
    path.write_text(json.dumps(register), encoding="utf-8")
    return path


def load(folder: Path, register: object) -> int:
    return load_register(read_register(file_of(folder, register)), at=LOADED_AT)


def filled(entry: dict[str, object]) -> dict[str, object]:
    """Without what is empty: a file may say so or leave it out."""
    return {key: value for key, value in entry.items() if value not in (None, "", [])}


def party_again(party: Party) -> dict[str, object]:
    return filled(
        {
            "organisation": party.organisation.name,
            "role": party.role,
            "name_as_published": party.name_as_published,
            "note": party.note,
            "signed_on": party.signed_on and party.signed_on.isoformat(),
        }
    )


def protocol_again(protocol: Protocol) -> dict[str, object]:
    plain = (
        *("reference", "title", "version", "purpose", "summary", "information_items"),
        *("data_subjects", "lawful_basis", "parties_complete", "parties_note", "review_note"),
        *("withdrawn_reason", "admin_note", "agreement_kind"),
    )
    days = ("published_on", "withdrawn_on", "updated_on")
    return filled(
        {field: getattr(protocol, field) for field in plain}
        | {day: value.isoformat() for day in days if (value := getattr(protocol, day))}
        | {
            "theme": protocol.theme.name,
            "status": "" if protocol.status == "published" else protocol.status,
            "review_date": protocol.review_date and f"{protocol.review_date:%Y-%m}",
            "parties": [party_again(party) for party in protocol.parties.all()],
        }
    )


def organisation_again(organisation: Organisation) -> dict[str, object]:
    others = organisation.names.exclude(kind="official").order_by("pk")
    return filled(
        {
            "name": organisation.name,
            "kind": "" if organisation.kind == "body" else organisation.kind,
            "note": organisation.note,
            "admin_note": organisation.admin_note,
            "also_written": organisation.names.get(kind="official").also_written,
            "name_source": organisation.names.get(kind="official").source,
            "names": [
                filled({"text": name.text, "kind": name.kind, "source": name.source})
                for name in others
            ],
            "identifiers": [
                {"scheme": each.scheme, "value": each.value}
                for each in organisation.identifiers.order_by("pk")
            ],
            "approvers": [approver.job_title for approver in organisation.approvers.all()],
            "became": [
                filled(
                    {
                        "name": became.successor.name,
                        "on": became.happened_on and became.happened_on.isoformat(),
                        "source": became.source,
                    }
                )
                for became in organisation.successions.all()
            ],
        }
    )


def register_again(source: str) -> dict[str, object]:
    """The database as a file would hold it."""
    return {
        "source": source,
        "themes": [{"name": theme.name, "slug": theme.slug} for theme in Theme.objects.all()],
        "organisations": [organisation_again(o) for o in Organisation.objects.order_by("pk")],
        "protocols": [protocol_again(each) for each in Protocol.objects.all()],
        "news": [filled({**item}) for item in News.objects.values("title", "slug", "body")],
        "resources": [
            filled({**item}) for item in Resource.objects.values("title", "slug", "body")
        ],
    }


def test_the_real_register_is_loaded_as_its_file_says():
    register = read_register(FIXTURES / "register.json")
    assert load_register(register, at=LOADED_AT) == 25
    expected = register | {
        "protocols": sorted(
            (filled(entry) for entry in register["protocols"]), key=lambda one: one["reference"]
        ),
        "news": [filled(entry) for entry in register["news"]],
    }
    assert register_again(register["source"]) == expected


@pytest.mark.both_databases
def test_a_register_with_something_of_every_kind_is_loaded(tmp_path):
    register = small_register()
    assert load(tmp_path, register) == 2
    register["protocols"] = [filled(entry) for entry in register["protocols"]]
    # The file may name an organisation in any of its ways.
    register["protocols"][0]["parties"][0]["organisation"] = "Ashdown Council"
    register["organisations"][1]["became"][0]["name"] = "Ashdown Council"
    published_on = register["news"][0].pop("published_on")
    register["news"] = [filled(entry) for entry in register["news"]]
    assert register_again("a page") == register
    assert News.objects.get().published_on == datetime.date.fromisoformat(published_on)


@pytest.mark.both_databases
def test_themes_and_parties_stand_in_the_order_of_the_file():
    register = small_register()
    register["themes"].reverse()
    load_register(register, at=LOADED_AT)
    assert list(Theme.objects.values_list("name", "position")) == [("Travel", 0), ("Housing", 1)]
    parties = Party.objects.values_list("organisation__name", "position")
    assert list(parties) == [("Ashdown Council", 0), ("Birch Trust", 1)]


def test_each_protocol_is_told_of_once_with_its_source_and_keeps_its_days():
    load_register(small_register(), at=LOADED_AT)
    said = Change.objects.filter(protocol__isnull=False)
    assert sorted(said.values_list("protocol", "what", "why", "made_at")) == [
        (number, "Added to this register.", "Taken over from a page.", LOADED_AT)
        for number in ("0001", "0002")
    ]
    assert not Protocol.objects.exclude(published_on=None, updated_on=None).exists()


@pytest.mark.both_databases
def test_a_draft_in_a_file_stays_a_draft():
    register = small_register()
    register["protocols"][0]["status"] = "draft"
    load_register(register, at=LOADED_AT)
    assert Protocol.objects.get(reference="0001").status == "draft"
    assert not Change.objects.filter(protocol="0001").exists()


def queries_to_load(protocols: int) -> int:
    """Count them, and take back what was loaded."""
    register = small_register()
    register["protocols"] = [
        register["protocols"][0] | {"reference": f"{number:04}"} for number in range(protocols)
    ]
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        load_register(register, at=LOADED_AT)
        transaction.set_rollback(True)
    return len(asked)


def test_a_protocol_costs_the_same_queries_when_there_are_many():
    one, two, twelve = (queries_to_load(number) for number in (1, 2, 12))
    assert twelve - two == 10 * (two - one)


def test_an_empty_register_is_known_as_such():
    assert is_empty()
    Theme.objects.create(name="Housing", slug="housing", key="housing")
    assert not is_empty()


# Files that cannot be read -----------------------------------------------------------------


def parts(**changed: object) -> dict[str, object]:
    return small_register() | changed


UNREADABLE = {
    "not JSON": (b"{", "cannot be read as JSON: Expecting property name"),
    "an empty file": (b"", "cannot be read as JSON: Expecting value"),
    "not UTF-8": (b'{"source": "\xe9"}', "cannot be read as JSON: 'utf-8' codec can't decode"),
    "a list": (b"[]", "must hold exactly: source, themes, organisations, protocols, news"),
    "a part too few": (b'{"source": "a page"}', "must hold exactly: source, themes"),
    "a part too many": (
        json.dumps(parts(more=[])).encode(),
        "must hold exactly: source, themes, organisations, protocols, news, resources.",
    ),
    "themes that are no list": (
        json.dumps(parts(themes={})).encode(),
        "must hold a list of objects as themes.",
    ),
    "protocols that are words": (
        json.dumps(parts(protocols=["0001"])).encode(),
        "must hold a list of objects as protocols.",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content, sentence):
    path = tmp_path / "register.json"
    path.write_bytes(content)
    with pytest.raises(FixtureError) as refusal:
        read_register(path)
    assert str(refusal.value).startswith(f"{path} {sentence}")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FixtureError, match=r"no\.json cannot be read as JSON: .*No such file"):
        read_register(tmp_path / "no.json")


@pytest.mark.skipif(os.name != "posix", reason="a folder is opened as a file only there")
def test_a_folder_is_refused(tmp_path):
    with pytest.raises(FixtureError, match="cannot be read as JSON"):
        read_register(tmp_path)


# Files with one wrong entry ----------------------------------------------------------------


def protocol(**changed: object):
    """Spoil the first protocol; None takes a field out."""

    def spoil(register):
        entry = register["protocols"][0] | changed
        register["protocols"][0] = {k: v for k, v in entry.items() if v is not None}

    return spoil


def party(**changed: object):
    return lambda register: register["protocols"][0]["parties"][1].update(changed)


def organisation(**changed: object):
    return lambda register: register["organisations"][1].update(changed)


def added(part: str, **entry: object):
    return lambda register: register[part].append(entry)


WRONG = {
    "a reference twice": (
        protocol(reference="0002"),
        "Protocol '0002': reference: A protocol has this reference already.",
    ),
    "a reference of letters": (
        protocol(reference="12"),
        "Protocol '12': reference: Enter the number as 4 to 8 digits, such as 0012.",
    ),
    "no title": (protocol(title=None), "Protocol '0001': title: This field cannot be blank."),
    "no theme": (protocol(theme=None), "Protocol '0001' lacks 'theme'."),
    "an unknown theme": (
        protocol(theme="Health"),
        "Protocol '0001' names 'Health', which is not among the themes.",
    ),
    "an unknown field": (
        protocol(colour="red"),
        "Protocol '0001' cannot be read: Protocol() got unexpected keyword arguments: 'colour'.",
    ),
    "a thirteenth month": (
        protocol(review_date="2024-13"),
        "Protocol '0001' cannot be read: month must be in 1..12.",
    ),
    "a month in words": (
        protocol(review_date="March 2024"),
        "Protocol '0001' cannot be read: Invalid isoformat string: 'March 2024-01'.",
    ),
    "a month that is a number": (
        protocol(review_date=202403),
        "Protocol '0001' cannot be read: Invalid isoformat string: '202403-01'.",
    ),
    "withdrawn without a reason": (
        protocol(status="withdrawn", withdrawn_on="2024-01-01"),
        "Protocol '0001': Only a withdrawn protocol has a withdrawal date and a reason,"
        " and it must have both.",
    ),
    "an unknown status": (
        protocol(status="gone"),
        "Protocol '0001': status: Value 'gone' is not a valid choice.",
    ),
    "no parties": (protocol(parties=None), "Protocol '0001' lacks 'parties'."),
    "parties that are words": (
        protocol(parties=["Birch Trust"]),
        "Protocol '0001' cannot be read: 'str' object is not a mapping.",
    ),
    "an unknown organisation": (
        party(organisation="Cedar"),
        "Protocol '0001' names 'Cedar', which is not among the organisations.",
    ),
    "an organisation that is a number": (
        party(organisation=7),
        "Protocol '0001' cannot be read: 'int' object has no attribute 'isascii'.",
    ),
    "two leads": (
        party(role="lead"),
        "Protocol '0001': A protocol can have only one lead organisation.",
    ),
    "an unknown role": (
        party(role="boss"),
        "Protocol '0001': role: Value 'boss' is not a valid choice.",
    ),
    "a day that is none": (
        party(signed_on="2024-02-30"),
        "Protocol '0001': signed_on: “2024-02-30” value has the correct format",
    ),
    "an organisation twice": (
        added("organisations", name="birch TRUST"),
        "Organisation 'birch TRUST': name: Birch Trust has the name 'birch TRUST' already.",
    ),
    "a name of another": (
        organisation(names=[{"text": "ac", "kind": "alias"}]),
        "Organisation 'Birch Trust': text: Ashdown Council has the name 'ac' already.",
    ),
    "an unknown kind of name": (
        organisation(names=[{"text": "BT", "kind": "nickname"}]),
        "Organisation 'Birch Trust': kind: Value 'nickname' is not a valid choice.",
    ),
    "a second official name": (
        organisation(names=[{"text": "BT", "kind": "official"}]),
        "Organisation 'Birch Trust': kind: The official name is the organisation's own.",
    ),
    "another spelling in more than capitals": (
        organisation(also_written="BIRCHES"),
        "Organisation 'Birch Trust': also_written: This differs in more than capitals.",
    ),
    "an approver twice": (
        organisation(approvers=["Guardian", "Guardian"]),
        "Organisation 'Birch Trust': This job title is already here.",
    ),
    "an unknown successor": (
        organisation(became=[{"name": "Elm Trust"}]),
        "Organisation 'Birch Trust' names 'Elm Trust', which is not among the organisations.",
    ),
    "its own successor": (
        organisation(became=[{"name": "Birch Trust"}]),
        "Organisation 'Birch Trust': An organisation cannot succeed itself.",
    ),
    "a theme twice": (
        added("themes", name="HOUSING", slug="housing-2"),
        "Theme 'HOUSING': key: A theme has this name already.",
    ),
    "a theme without an address": (
        added("themes", name="Energy"),
        "Theme 'Energy': slug: This field cannot be blank.",
    ),
    "news without a title": (added("news", slug="n"), "News 'None': title: This field cannot be"),
    "news of no day": (
        added("news", title="Old", slug="old", published_on="soon"),
        "News 'Old': published_on: “soon” value has an invalid date format.",
    ),
    "a resource at the address of another": (
        added("resources", title="Other", slug="template"),
        "Resource 'Other': slug: Resource with this Slug already exists.",
    ),
}


@pytest.mark.parametrize(("spoil", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_named_and_nothing_is_kept(tmp_path, spoil, sentence):
    register = small_register()
    spoil(register)
    with pytest.raises(FixtureError) as refusal:
        load(tmp_path, register)
    assert str(refusal.value).startswith(sentence)
    for model in (Theme, Organisation, Name, Protocol, Party, Change, News, Resource):
        assert not model.objects.exists(), model
