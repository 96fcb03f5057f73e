"""The lines of lists show what stands in the register, however much of them is remembered."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.models import Organisation, Party, Protocol, Succession
from registers.search import listed
from registers.search.index import current_index
from registers.search.search_writer import update_search
from registers.templatetags.fragments import _parts, fragment
from tests.makers import OrganisationFactory, PartyFactory, ProtocolFactory, withdrawn

pytestmark = pytest.mark.usefixtures("empty_register", "today")

VIEWS = ["", "view=table"]


@pytest.fixture
def owls() -> Protocol:
    """A protocol with a lead, Avocet, and one partner, Bittern."""
    protocol = ProtocolFactory(
        title="Barn owls", purpose="To count owls.", review_date=datetime.date(2027, 6, 1)
    )
    for name, role in (("Avocet", "lead"), ("Bittern", "partner")):
        PartyFactory(protocol=protocol, organisation__name=name, role=role)
    return protocol


def line(client: Client, reference: str, query: str = "") -> str:
    """The line of a protocol in the list that `query` asks for, as HTML."""
    page = client.get(f"/?{query}").content.decode()
    rows = re.findall(r'<li class="register-row">.*?</li>|<tr class=.*?</tr>', page, re.S)
    (found,) = (row for row in rows if f"/protocols/{reference}/" in row)
    return found


def with_fields(**fields: object) -> Callable[[Protocol], None]:
    def edit(protocol: Protocol) -> None:
        for name, value in fields.items():
            setattr(protocol, name, value)
        changes.save(protocol)

    return edit


def rename(name: str, new: str) -> Callable[[Protocol], None]:
    def edit(_: Protocol) -> None:
        organisation = Organisation.objects.get(name=name)
        organisation.name = new
        changes.save(organisation)

    return edit


def give_role(role: str) -> Callable[[Protocol], None]:
    return lambda protocol: PartyFactory(protocol=protocol, organisation__name="Curlew", role=role)


def change_parties(protocol: Protocol) -> None:
    changes.remove(Party.objects.get(protocol=protocol, role="lead"))


EDITS: dict[str, tuple[Callable[[Protocol], None], str]] = {
    "title": (with_fields(title="Tawny owls"), "Tawny owls"),
    "purpose": (with_fields(purpose="To ring owls."), "To ring owls."),
    "no purpose": (with_fields(purpose=""), "Purpose not recorded"),
    "review date": (with_fields(review_date=datetime.date(2028, 2, 1)), 'datetime="2028-02"'),
    "review status": (with_fields(review_date=datetime.date(2020, 2, 1)), 'datetime="2020-02"'),
    "review note": (with_fields(review_date=None, review_note="In talks"), "In talks"),
    "status": (with_fields(**withdrawn()), "Withdrawn"),
    "name of the lead": (rename("Avocet", "Auk"), "Auk"),
    "name of the partner": (rename("Bittern", "Brent"), "Brent"),
    "another partner": (give_role("partner"), "others"),
    "no lead": (change_parties, "ecorded"),
}


@pytest.mark.both_databases
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_seen(client: Client, owls: Protocol, name: str, view: str):
    edit, says = EDITS[name]
    query = f"status=all&sort=reference&{view}"
    before = line(client, owls.pk, query)
    edit(owls)
    after = line(client, owls.pk, query)
    if name == "another partner" and view:
        says = "Curlew"
    assert says in after
    assert after != before


@pytest.mark.parametrize("view", VIEWS)
def test_a_note_on_the_parties(client: Client, view: str):
    alone = ProtocolFactory(parties_note="Ask for the list.")
    assert "Ask for the list." in line(client, alone.pk, view)
    with_fields(parties_note="Ask us.")(alone)
    assert "Ask us." in line(client, alone.pk, view)


@pytest.mark.parametrize("view", VIEWS)
def test_the_words_of_each_search_are_marked(client: Client, owls: Protocol, view: str):
    assert "<mark>" not in line(client, owls.pk, view)
    assert "Barn <mark>owls</mark>" in line(client, owls.pk, f"q=owls&{view}")
    assert "<mark>Barn</mark> owls" in line(client, owls.pk, f"q=barn&{view}")
    assert "<mark>Avocet</mark>" in line(client, owls.pk, f"q=avocet&{view}")
    assert "<mark>Bittern</mark>" in line(client, owls.pk, f"q=bittern&{view}")
    assert "<mark>count</mark>" in line(client, owls.pk, f"q=count&{view}")
    assert "<mark>" not in line(client, owls.pk, view)


def test_the_day_and_the_rule_decide_what_a_line_says(client: Client, owls: Protocol, settings):
    with_fields(review_date=datetime.date(2027, 4, 1))(owls)
    assert "Review due in" in line(client, owls.pk)
    rule = replace(settings.PARTNERSHIP.review, months_of_notice=12)
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, review=rule)
    assert "Review due soon" in line(client, owls.pk)
    past = line(client, owls.pk, "on=2026-11-22")
    assert "?on=" not in past


def test_a_tag_stands_where_the_status_is_not_the_usual_one(client: Client, owls: Protocol):
    assert "register-tag--" not in line(client, owls.pk)
    for _ in range(2):
        ProtocolFactory(review_date=datetime.date(2020, 1, 1))
    assert "register-tag--in-date" in line(client, owls.pk)


@pytest.mark.parametrize("view", VIEWS)
def test_what_binds_whoever_is_asked_for(client: Client, owls: Protocol, view: str):
    heir = OrganisationFactory(name="Dunlin")
    organisation = Organisation.objects.get(name="Avocet")
    assert "place it took" not in line(client, owls.pk, f"organisation=avocet&{view}")
    Succession(organisation=organisation, successor=heir).save()
    update_search(protocols=[], organisations=[], links=True)
    assert "whose place it took" in line(client, owls.pk, f"organisation=dunlin&{view}")


def test_the_theme_stands_in_a_table_that_is_not_grouped(client: Client, owls: Protocol):
    query = "view=table&sort=title"
    assert owls.theme.name in line(client, owls.pk, query)
    owls.theme.name = "Night birds"
    changes.save(owls.theme)
    assert "Night birds" in line(client, owls.pk, query)


def test_an_edit_of_one_protocol_voids_one_line(client: Client, owls: Protocol):
    others = [ProtocolFactory(title="Crows") for _ in range(3)]
    client.get("/")
    with_fields(title="Tawny owls")(owls)
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/").content.decode()
    assert "Tawny owls" in page
    read = [each["sql"] for each in queries if "information_items" in each["sql"]]
    assert len(read) == 1
    assert owls.pk in read[0]
    assert not any(other.pk in read[0] for other in others)


def test_no_more_than_some_are_remembered(client: Client, owls: Protocol, monkeypatch):
    monkeypatch.setattr(listed, "MAX_REMEMBERED", 2)
    others = [ProtocolFactory(title="Crows") for _ in range(3)]
    page = client.get("/").content.decode()
    assert all(each.pk in page for each in (owls, *others))
    assert len(listed._remembered) == 2


@pytest.mark.parametrize("view", VIEWS)
def test_one_that_was_deleted_by_hand_has_no_line(client: Client, owls: Protocol, view: str):
    crows = ProtocolFactory(title="Crows")
    current_index()  # a worker that has the index and no line yet
    Party.objects.filter(protocol=owls).delete()
    Protocol.objects.filter(pk=owls.pk).delete()
    page = client.get(f"/?{view}")
    assert page.status_code == 200
    assert f"/protocols/{crows.pk}/" in page.content.decode()
    assert f"/protocols/{owls.pk}/" not in page.content.decode()


@pytest.mark.parametrize("view", VIEWS)
def test_a_party_that_was_deleted_by_hand_is_not_named(client: Client, owls: Protocol, view: str):
    assert "Bittern" in line(client, owls.pk, view)
    Party.objects.filter(protocol=owls, organisation__name="Bittern").delete()
    Organisation.objects.filter(name="Bittern").delete()
    ProtocolFactory(title="Crows")  # the register has another version, and the line the same
    assert "Bittern" not in line(client, owls.pk, view)


@pytest.mark.parametrize("query", ["", "view=table", "q=owls&view=table", "review_from=@@day@@"])
def test_a_text_that_looks_like_the_place_of_one_stays_as_it_is(client: Client, query: str):
    ProtocolFactory(title="@@title@@ and @@x@@ of owls")
    page = client.get(f"/?{query}").content.decode()
    assert "@@day@@" in page if "@@" in query else "@@title@@ and @@x@@" in page


def test_a_developer_sees_each_change_of_a_template(settings):
    settings.DEBUG = True
    before = _parts.cache_info().currsize
    assert "Day" in fragment("components/date_boxes.html", name="seen-once", label="Day")
    assert _parts.cache_info().currsize == before
