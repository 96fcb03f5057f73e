"""The index in memory after what seldom happens: it is right, or the page still stands."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from registers import changes
from registers.models import Name, Organisation, Party, Protocol, RegisterVersion, SearchEntry
from registers.search.index import clear_index, current_index
from registers.search.search_writer import rebuild_search
from tests.public.pages import found, listed
from tests.search.questions import results_of

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def register(real_register) -> None:
    current_index()


def afresh() -> list[str]:
    """What a worker finds that has read the whole register only now."""
    clear_index()
    return [each.reference for each in results_of("organisation=medway-council").page_protocols]


def test_a_party_that_moves_to_another_protocol_is_a_party_of_that_one_alone():
    party = Party.objects.get(protocol="0012", organisation__slug="medway-council")
    party.protocol_id = "0036"
    changes.save(party)
    kept = [each.reference for each in results_of("organisation=medway-council").page_protocols]
    assert "0036" in kept
    assert "0012" not in kept
    assert kept == afresh()


def test_the_protocols_with_a_lead_follow_their_parties():
    lead = Party.objects.get(protocol="0012", role="lead")
    lead.protocol_id, lead.role = "0036", "partner"
    changes.save(lead)
    index = current_index()
    clear_index()
    for role in Party.Role.values:
        assert (index.with_role(role) == current_index().with_role(role)).all()
    assert not index.with_role("lead")[index.position_of("0012")]


def test_a_name_that_moves_to_another_organisation_finds_that_one_alone():
    medway = Organisation.objects.get(slug="medway-council")
    name = Name(organisation=medway, text="Xanadu")
    changes.save(name)
    assert results_of("q=xanadu").count > 0
    name.organisation = Organisation.objects.get(slug="university-of-essex")
    changes.save(name)
    theirs = {
        each.reference for each in results_of("organisation=university-of-essex").page_protocols
    }
    assert {each.reference for each in results_of("q=xanadu").page_protocols} == theirs


def test_a_protocol_that_was_made_a_draft_by_hand_leaves_the_lists_when_search_is_rebuilt(
    client: Client,
):
    Protocol.objects.filter(pk="0012").update(status="draft")
    for address in ("/", "/?q=selep"):
        assert "0012" not in listed(client.get(address))
    rebuild_search()
    assert found(client.get("/")) == 24
    Protocol.objects.filter(pk="0012").update(status="published")
    rebuild_search()
    assert found(client.get("/")) == 25


def test_an_older_database_is_read_whole():
    before = RegisterVersion.now()
    entry = SearchEntry.objects.get(protocol="0012")
    protocol = Protocol.objects.get(pk="0012")
    protocol.status, protocol.withdrawn_reason = "withdrawn", "It ended."
    protocol.withdrawn_on = "2026-01-02"
    changes.save(protocol)
    assert results_of("").count == 24
    with connection.cursor() as cursor:  # as a back-up puts it back
        cursor.execute(
            "UPDATE registers_protocol SET status = 'published', withdrawn_on = NULL,"
            " withdrawn_reason = '' WHERE reference = '0012'"
        )
    RegisterVersion.objects.update(number=before.number, token=before.token)
    SearchEntry.objects.filter(pk=entry.pk).update(changed_in=entry.changed_in)
    assert results_of("").count == 25


LONG = ["k" * 195, "\U0001d11e" * 195, " ".join(map(chr, range(0x4E00, 0x4E00 + 97)))]


@pytest.mark.parametrize("typed", LONG, ids=["one word", "one strange sign", "many signs"])
def test_whatever_fills_the_box_is_a_search(client: Client, typed):
    assert client.get("/", {"q": typed}).status_code == 200


@pytest.mark.parametrize("role", ["", "lead"])
def test_many_organisations_find_what_each_of_them_finds(role):
    index = current_index()
    keys = list(Organisation.objects.values_list("pk", flat=True))
    whole = index.of_organisations([*keys, *range(max(keys) + 1, max(keys) + 2_000)], role)
    each = [index.of_organisations([key], role) for key in keys]
    assert whole.sum() > 0
    assert (whole == sum(each).astype(bool)).all()


def test_of_today_every_record_is_known():
    assert not current_index().uncertain.any()
