"""An officer's words for some of the protocols, each compared with plain Python."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registers.models import Organisation, Party, Protocol
from registers.models.review_dates import ReviewStatus, reviewed
from tests.models.making import NOW, a_party, a_protocol, make_cast, saved, shared_by_a_module
from tests.models.oracles import status_of

LEAD, PARTNER = Party.Role.LEAD, Party.Role.PARTNER


pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_rich_register()
        yield


def make_rich_register() -> None:
    """Beside the real register a draft, a withdrawn protocol and an organisation twice."""
    make_cast()
    saved(a_party("9001", "Ashdown Council", position=2))
    saved(a_party("9004", "Birch Trust"))
    withdrawn = {"withdrawn_on": NOW.date(), "withdrawn_reason": "It ended."}
    for reference, lead, status, why in (
        ("9100", "Essex County Council", "draft", {}),
        ("9101", "Provide", "withdrawn", withdrawn),
        ("9102", "Birch Trust", "published", {}),
    ):
        saved(a_protocol(reference, status=status, **why))
        saved(a_party(reference, lead, "lead"))
        saved(a_party(reference, "Essex Police"))


@pytest.fixture
def roles() -> dict[str, dict[str, set[str]]]:
    """By reference, then by organisation: its roles there. From the parties, one by one."""
    held: dict[str, dict[str, set[str]]] = {each.pk: {} for each in Protocol.objects.all()}
    for party in Party.objects.select_related("organisation"):
        held[party.protocol_id].setdefault(party.organisation.name, set()).add(party.role)
    return held


def references(protocols) -> set[str]:
    """The references, after making sure that none comes twice."""
    found = [protocol.pk for protocol in protocols]
    assert len(found) == len(set(found))
    return set(found)


def test_public_has_no_draft_and_everything_else():
    drafts = {each.pk for each in Protocol.objects.all() if each.status == "draft"}
    everything = references(Protocol.objects.all())
    assert drafts == {"9004", "9100"}
    assert references(Protocol.public.all()) == everything - drafts
    assert references(Protocol.objects.all().public()) == everything - drafts
    assert not Protocol.public.filter(reference="9004").exists()


def test_current_withdrawn_and_drafts_are_all_there_is():
    by_status = defaultdict(set)
    for each in Protocol.objects.all():
        by_status[each.status].add(each.pk)
    assert references(Protocol.public.current()) == by_status["published"]
    assert references(Protocol.objects.all().current()) == by_status["published"]
    assert by_status["withdrawn"] == {"9003", "9101"}


@pytest.mark.parametrize("on", ["2018-02-01", "2020-01-01", "2022-06-30", "2026-11-22"])
def test_overdue_on_any_day(on):
    day = datetime.date.fromisoformat(on)
    expected = {
        each.pk for each in Protocol.objects.all() if status_of(each.review_date, day) == "overdue"
    }
    assert expected
    assert references(Protocol.objects.filter(reviewed(ReviewStatus.OVERDUE, day))) == expected


@pytest.mark.parametrize("role", [None, LEAD, PARTNER])
def test_of_one_organisation_in_any_role_or_in_one(roles, role):
    for organisation in Organisation.objects.all():
        expected = {
            reference
            for reference, held in roles.items()
            if organisation.name in held and (role is None or role in held[organisation.name])
        }
        assert references(Protocol.objects.of_organisations([organisation], role)) == expected


@pytest.mark.parametrize("role", [None, LEAD, PARTNER])
def test_of_several_organisations_is_any_of_them(roles, role):
    everybody = list(Organisation.objects.all())
    for start in range(len(everybody)):
        some = everybody[start::13]
        names = {each.name for each in some}
        expected = {
            reference
            for reference, held in roles.items()
            if any(name in names and (role is None or role in held[name]) for name in held)
        }
        assert references(Protocol.objects.of_organisations(some, role)) == expected
    assert references(Protocol.objects.of_organisations([], role)) == set()


def test_words_chain():
    essex = Organisation.objects.named("ECC").get()
    provide = Organisation.objects.named("PROVIDE").get()
    found = Protocol.public.current().of_organisations([essex]).of_organisations([provide])
    assert {"0037", "0042", "0072"} <= references(found)
    assert references(found) == {
        each.pk
        for each in Protocol.public.current()
        if {essex, provide} <= {party.organisation for party in each.parties.all()}
    }
    led = Protocol.public.current().of_organisations([provide], LEAD)
    assert references(led) == {"0046"}


def test_protocol_count_is_of_current_protocols_each_once(roles):
    current = references(Protocol.public.current())
    for organisation in Organisation.objects.with_protocol_count():
        expected = sum(organisation.name in roles[reference] for reference in current)
        assert organisation.protocol_count == expected, organisation


def test_parties_come_with_two_queries_however_many_protocols():
    for number in (1, 5, 30):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            protocols = list(Protocol.objects.with_parties()[:number])
            said = [
                (
                    protocol.lead and protocol.lead.organisation.name,
                    [party.organisation.name for party in protocol.partners],
                )
                for protocol in protocols
            ]
        assert len(said) == number
        assert len(asked) == 2


def test_lead_and_partners_are_the_parties_as_published_in_order():
    protocol = Protocol.objects.with_parties().get(reference="0046")
    assert protocol.lead.organisation.name == "Provide"
    assert [party.name_as_published for party in protocol.partners] == [
        "Essex Partnership University NHS Foundation Trust (EPUT)",
        "All Essex Schools",
    ]
    alone = Protocol.objects.get(reference="9002")
    assert alone.lead is None
    assert alone.partners == []


def test_an_organisation_is_found_by_any_name_and_any_address():
    trust = Organisation.objects.get(name="Essex Partnership University NHS Foundation Trust")
    for name in ("EPUT", " eput ", "essex partnership university foundation trust"):
        assert list(Organisation.objects.named(name)) == [trust]
    for slug in ("eput", "essex-partnership-university-nhs-foundation-trust"):
        assert list(Organisation.objects.at(slug)) == [trust]
    assert not Organisation.objects.named("").exists()
    assert not Organisation.objects.at("nobody").exists()
