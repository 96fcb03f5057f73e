"""An officer's search, by anything in the record, and against a slow plain version."""

from __future__ import annotations

import datetime

import pytest

from registers.models import Document, Name, Organisation, Party, Protocol
from registers.models.keys import key_of
from registers.search.admin_search import search_organisations, search_protocols
from tests.makers import make_rich_register
from tests.models.making import a_name

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]


def found(typed: str) -> list[str]:
    return list(
        search_protocols(Protocol.objects.order_by("pk"), typed).values_list("pk", flat=True)
    )


ONE = {
    name: (name, "Zebra crossing")
    for name in (
        *("title", "purpose", "summary", "information_items", "data_subjects"),
        *("lawful_basis", "admin_note", "review_note", "version", "parties_note"),
    )
}


@pytest.mark.parametrize(("field", "text"), ONE.values(), ids=ONE)
def test_words_of_a_field(field, text):
    Protocol.objects.filter(pk="0042").update(**{field: text})
    assert found("zebra") == found("CROSSING zebra") == found('"zebra crossing"') == ["0042"]
    assert found('"crossing zebra"') == []


def test_the_reason_of_a_withdrawal():
    Protocol.objects.filter(pk="0042").update(
        status="withdrawn",
        withdrawn_on=datetime.date(2026, 1, 1),
        withdrawn_reason="The zebra left.",
    )
    assert found("zebra") == ["0042"]


@pytest.mark.parametrize("field", ["name_as_published", "note"])
def test_words_of_a_party(field):
    party = Party.objects.filter(protocol="0042").first()
    Party.objects.filter(pk=party.pk).update(**{field: "Zebra Trust"})
    assert found("zebra") == ["0042"]


def test_a_document():
    Document.objects.create(protocol_id="0042", title="Zebra, signed", file="a.pdf")
    assert found("zebra") == ["0042"]
    Document.objects.update(taken_off=True)
    assert found("zebra") == []


@pytest.mark.parametrize("kind", ["acronym", "former", "alias", "misspelling"])
def test_any_name_of_a_party(kind):
    a_name("Provide", "Zébra of old", kind).save()
    Name.objects.filter(text="Zébra of old").update(key=key_of("Zébra of old"))
    expected = list(
        Party.objects.filter(organisation__name="Provide").values_list("protocol", flat=True)
    )
    assert found("ZÉBRA") == sorted(set(expected))


NUMBERS = {
    "as it is": "0012",
    "short": "12",
    "long": "00012",
    "with its kind": "ISP 0012",
    "with its kind in small letters": "isp12",
    "of another kind": "DSA-12",
    "with spaces": "  12 ",
}


@pytest.mark.parametrize("typed", NUMBERS.values(), ids=NUMBERS)
def test_a_reference(typed):
    assert found(typed) == ["0012"]


def test_a_number_that_no_protocol_has_is_looked_for_as_words():
    assert found("004") == [r for r in Protocol.objects.values_list("pk", flat=True) if "004" in r]
    Protocol.objects.filter(pk="0042").update(purpose="Since 9876.")
    assert found("9876") == ["0042"]


@pytest.mark.parametrize("typed", ["Dept’s", "dept's"])
@pytest.mark.parametrize("written", ["The dept's form", "The dept’s form"])
def test_either_shape_of_apostrophe(typed, written):
    Protocol.objects.filter(pk="0042").update(purpose=written)
    assert found(typed) == ["0042"]


@pytest.mark.parametrize("typed", ["", " ", "\0", '"', '""'])
def test_nothing_typed_finds_all(typed):
    assert len(found(typed)) == 25


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'; drop table", "x" * 5000, "a " * 500])
def test_what_is_odd_is_looked_for_as_it_is(typed):
    assert len(found(typed)) < 26


def slowly(typed: str) -> list[str]:
    """Those in whose whole record, read aloud, each word stands."""
    chosen = []
    for protocol in Protocol.objects.order_by("pk"):
        said = [protocol.pk, protocol.title, protocol.purpose, protocol.withdrawn_reason]
        for party in protocol.parties.all():
            said += [party.name_as_published, party.note]
            said += party.organisation.names.values_list("text", flat=True)
        whole = [text.lower() for text in said]
        if all(any(word in text for text in whole) for word in typed.lower().split()):
            chosen.append(protocol.pk)
    return chosen


@pytest.mark.parametrize(
    "typed", ["nurse", "taxes council", "ashc", "dept 90", "temp workers", "50%", "a_b", "ended fp"]
)
def test_against_the_slow_one(empty_register, typed):
    make_rich_register(3)
    assert found(typed) == slowly(typed)
    assert 0 < len(slowly("nurse")) < 60


def test_organisations_by_the_words_of_their_names():
    names = search_organisations("NHS  trust essex partnership").values_list("name", flat=True)
    assert list(names) == ["Essex Partnership University NHS Foundation Trust"]
    assert search_organisations("\0").count() == Organisation.objects.count()
