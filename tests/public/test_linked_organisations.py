"""The pages of organisations that took another's place, will end, or belong to a group."""

from __future__ import annotations

import csv
import datetime
import io
import json

import pytest
from django.test import Client

from registers.models import Membership, Organisation, Protocol, Succession, TakenOn, Theme
from registers.public import organisations
from registers.search.search_writer import update_search
from tests.makers import OrganisationFactory, PartyFactory, ProtocolFactory
from tests.public.pages import found, links, listed, text

pytestmark = pytest.mark.usefixtures("real_register", "today")

ICB = "nhs-hertfordshire-and-west-essex-integrated-care-board"
PAST, TO_COME = datetime.date(2024, 4, 1), datetime.date(2028, 4, 1)


def link(*rows: Succession | Membership) -> None:
    for row in rows:
        row.save()
    update_search(protocols=[], organisations=[], links=True)


def body(name: str) -> Organisation:
    return OrganisationFactory(name=name)


@pytest.fixture
def schools() -> Organisation:
    group = Organisation.objects.get(slug="all-essex-schools")
    group.group_rule = "Every school that the county council maintains."
    group.save()
    return group


@pytest.mark.both_databases
def test_who_took_the_place_of_another_is_bound_through_it(client: Client):
    page = client.get(f"/organisations/{ICB}/")
    assert listed(page) == ["0045"]
    assert "Through West Essex CCG, whose place it took on 1 July 2022" in text(page)
    assert listed(client.get(f"/organisations/{ICB}/?through=another")) == ["0045"]
    assert listed(client.get(f"/organisations/{ICB}/?through=own")) == []


def test_the_pair_of_a_successor(client: Client):
    page = client.get(f"/organisations/essex-county-council/with/{ICB}/")
    words = text(page)
    assert "Named together in 1 protocol." in words
    assert "Integrated Care Board leads 1." in words
    assert "whose place NHS Hertfordshire and West Essex Integrated Care Board took" in words
    assert "Leads West Essex CCG Partners" in words
    assert "says that both signed, no more" not in words
    plain = text(client.get("/organisations/essex-county-council/with/essex-police/"))
    assert "says that both signed, no more" in plain
    assert found(client.get(f"/?organisation=essex-county-council&with={ICB}")) == 1


def test_a_protocol_says_who_took_the_places_of_those_it_names(client: Client):
    words = text(client.get("/protocols/0045/"))
    assert f"West Essex CCG leads Became part of {ICB_NAME} on 1 July 2022." in words
    assert "Source: " in words
    provide, one, other = Organisation.objects.get(slug="provide"), body("Aa"), body("Bb")
    link(
        Succession(organisation=provide, successor=one, happened_on=TO_COME),
        Succession(organisation=provide, successor=other, happened_on=TO_COME),
    )
    words = text(client.get("/protocols/0046/"))
    assert "Provide leads Ends on 1 April 2028, when it is split into Aa and Bb." in words
    assert "Who will take this protocol on is not recorded." in words
    words = text(client.get("/protocols/0046/?on=2028-04-01"))
    assert "Provide leads Was split on 1 April 2028 into Aa and Bb." in words
    assert "Who took this protocol on is not recorded." in words
    TakenOn.objects.create(protocol_id="0046", predecessor=provide, successor=other)
    assert "This protocol will be taken on by Bb." in text(client.get("/protocols/0046/"))
    words = text(client.get("/protocols/0046/?on=2028-04-01"))
    assert "This protocol was taken on by Bb." in words
    assert "this protocol on" not in text(client.get("/protocols/0012/"))


ICB_NAME = "NHS Hertfordshire and West Essex Integrated Care Board"
THROUGH_THE_CCG = f"{ICB_NAME} through West Essex CCG, whose place {ICB_NAME} took on 1 July 2022"
SAID_OF_EACH = {
    "beside another": (
        f"organisation=essex-county-council&with={ICB}",
        ["Essex County Council in its own name", THROUGH_THE_CCG],
    ),
    "the other way round": (
        f"organisation={ICB}&with=essex-county-council",
        [THROUGH_THE_CCG, "Essex County Council in its own name"],
    ),
    "in a role, which is not that of the other": (
        f"organisation=essex-county-council&role=partner&with={ICB}",
        ["Essex County Council in its own name", THROUGH_THE_CCG],
    ),
    "with one alone": (
        f"with={ICB}",
        ["through West Essex CCG, whose place it took on 1 July 2022"],
    ),
}


@pytest.mark.parametrize(("query", "words"), SAID_OF_EACH.values(), ids=SAID_OF_EACH)
def test_it_is_said_of_each_organisation_asked_for_how_it_is_bound(client: Client, query, words):
    page = client.get(f"/?{query}")
    (row,) = page.context["results"].rows
    assert (row.reference, [each.words for each in row.through]) == ("0045", words)
    assert all(f"{each[0].upper()}{each[1:]}" in text(page) for each in words)
    lines = client.get(f"/protocols.csv?{query}").getvalue().decode()
    assert [line["through"] for line in csv.DictReader(io.StringIO(lines))] == ["; ".join(words)]
    (record,) = json.loads(client.get(f"/protocols.json?{query}").getvalue())["results"]
    assert [each["words"] for each in record["through"]] == words


def test_a_body_that_will_be_split_says_so(client: Client):
    council = Organisation.objects.get(slug="essex-county-council")
    east, west = body("East Essex Council"), body("West Essex Council")
    link(
        Succession(organisation=council, successor=east, happened_on=TO_COME, source="An Order"),
        Succession(organisation=council, successor=west, happened_on=TO_COME),
    )
    words = text(client.get("/organisations/essex-county-council/"))
    split = "Ends on 1 April 2028, when it is split into East Essex Council and West Essex Council."
    assert split in words
    assert "Source for East Essex Council: An Order." in words
    words = text(client.get(east.get_absolute_url()))
    assert "No protocol in force names this organisation." in words
    assert "Will take the place of Part of Essex County Council to come on 1 April 2028" in words


def test_a_body_that_will_become_part_of_another_says_so(client: Client):
    provide, trust = Organisation.objects.get(slug="provide"), body("North Trust")
    link(Succession(organisation=provide, successor=trust, happened_on=TO_COME))
    words = text(client.get("/organisations/provide/"))
    assert "Ends on 1 April 2028, when it becomes part of North Trust." in words


def test_a_body_that_was_split_on_two_days(client: Client):
    provide, one, other = Organisation.objects.get(slug="provide"), body("Aa"), body("Bb")
    link(
        Succession(organisation=provide, successor=one, happened_on=PAST),
        Succession(organisation=provide, successor=other),
    )
    words = text(client.get("/organisations/provide/"))
    assert "Was split into" in words
    assert "Aa on 1 April 2024" in words
    page = client.get(one.get_absolute_url())
    assert "Bound by 4 protocols in force: 4 through a body whose place it took." in text(page)
    assert "who took it on is not recorded" in text(page)
    pair = text(client.get("/organisations/aa/with/essex-county-council/"))
    assert "Named together in no protocol here." in pair
    assert "Both bound by 0037" in pair
    pair = text(client.get("/organisations/aa/with/bb/"))
    assert "Both bound by 0037" in pair
    assert "through Provide (who took it on is not recorded)." in pair


def test_what_a_successor_and_its_predecessor_are_both_bound_by(client: Client):
    pair = text(client.get(f"/organisations/{ICB}/with/west-essex-ccg/"))
    assert "Named together in no protocol here." in pair
    assert "Both bound by 0045" in pair
    assert "West Essex CCG in its own name" in pair


@pytest.mark.both_databases
def test_members_of_a_group_are_bound_through_it(client: Client, schools):
    one, other = body("First School"), body("Second School")
    trust = OrganisationFactory(name="Trust Schools", kind="group")
    link(
        Membership(group=schools, member=one, from_day=PAST, source="A list"),
        Membership(group=schools, member=trust),
        Membership(group=trust, member=other, to_day=TO_COME),
    )
    page = client.get(one.get_absolute_url())
    assert listed(page) == ["0046"]
    words = text(page)
    assert "Through All Essex Schools, of which it is a member" in words
    assert "Member of All Essex Schools, from 1 April 2024 Source: A list." in words
    assert "1 through a group that it belongs to." in words
    assert listed(client.get(other.get_absolute_url())) == ["0046"]
    pair = text(client.get("/organisations/first-school/with/second-school/"))
    assert "Named together in no protocol here." in pair
    assert "Both bound by 0046" in pair
    assert "through All Essex Schools." in pair
    assert found(client.get("/?organisation=first-school&with=second-school")) == 0
    assert "Named together in 1 protocol. Provide leads 1." in text(
        client.get("/organisations/first-school/with/provide/")
    )


@pytest.mark.both_databases
def test_groups_of_the_past_and_to_come_are_shown(client: Client, schools):
    one, other = body("First School"), body("Second School")
    link(
        Membership(group=schools, member=one, from_day=TO_COME),
        Membership(group=schools, member=other, to_day=PAST),
    )
    words = text(client.get(one.get_absolute_url()))
    assert "Will be a member of All Essex Schools, from 1 April 2028" in words
    words = text(client.get(other.get_absolute_url()))
    assert "Was a member of All Essex Schools, until 1 April 2024" in words


@pytest.mark.parametrize(
    ("through", "query"),
    [
        ("any", "organisation=essex-county-council"),
        ("own", "organisation=essex-county-council&through=own"),
        ("another", None),
    ],
)
def test_the_files_that_are_offered_have_the_list(client: Client, through, query):
    council, provide = (
        Organisation.objects.get(slug=slug) for slug in ("essex-county-council", "provide")
    )
    link(Succession(organisation=provide, successor=council, happened_on=PAST))
    page = client.get(f"/organisations/essex-county-council/?through={through}")
    offered = [where for where, _ in links(page) if where.startswith("/protocols.csv")]
    assert offered == ([f"/protocols.csv?{query}"] if query else [])
    if query:
        lines = client.get(offered[0]).getvalue().decode()
        references = {line["reference"] for line in csv.DictReader(io.StringIO(lines))}
        assert references == set(listed(page))
        assert f"Download or follow these {len(references)}" in text(page)
    assert listed(page)


def test_what_a_group_leads_its_members_do_not_lead(client: Client, schools):
    school = body("First School")
    link(Membership(group=schools, member=school))
    theme = Theme.objects.first()
    led = ProtocolFactory(reference="9301", theme=theme)
    PartyFactory(protocol=led, organisation=schools, role="lead")
    PartyFactory(protocol=led, organisation=school, role="partner")
    words = text(client.get("/organisations/all-essex-schools/with/first-school/"))
    assert "Named together in 1 protocol. All Essex Schools leads 1." in words
    assert "First School leads" not in words


def test_after_a_split_that_nobody_decided_no_successor_leads(client: Client):
    provide, one, other = Organisation.objects.get(slug="provide"), body("Aa"), body("Bb")
    link(
        Succession(organisation=provide, successor=one, happened_on=PAST),
        Succession(organisation=provide, successor=other),
    )
    protocol = Protocol.objects.get(reference="0046")
    assert protocol.lead.organisation == provide
    PartyFactory(protocol=protocol, organisation=one)
    words = text(client.get("/organisations/aa/with/provide/"))
    assert "Named together in 1 protocol. Provide leads 1." in words
    assert "Aa leads" not in words


def test_a_group_shows_its_rule_and_its_members_on_pages(client: Client, schools, monkeypatch):
    link(Membership(group=schools, member=body("Gone School"), to_day=PAST))
    monkeypatch.setattr(organisations, "MEMBERS_PER_PAGE", 25)
    everybody = [body(f"School {number}") for number in range(30)]
    Membership.objects.bulk_create(Membership(group=schools, member=each) for each in everybody)
    link()
    page = client.get("/organisations/all-essex-schools/")
    words = text(page)
    assert "Who belongs to it: Every school that the county council maintains." in words
    assert "30 members" in words
    assert "Gone School" not in words
    assert "Members of the past and to come" in words
    address = "/organisations/all-essex-schools/members/"
    assert (address, "Show all 30 members") in links(page)
    first = client.get(address)
    assert "30 members today." in text(first)
    assert "Gone School, until 1 April 2024" in text(first)
    second = client.get(f"{address}?page=2")
    members = {where for where, _ in links(first) + links(second) if "/school-" in where}
    assert members == {each.get_absolute_url() for each in everybody}


def test_a_body_that_ended_was_a_member(client: Client, schools):
    gone, new = body("Gone School"), body("New School")
    link(
        Membership(group=schools, member=gone),
        Succession(organisation=gone, successor=new, happened_on=PAST),
    )
    page = client.get("/organisations/gone-school/")
    assert [len(page.context[name]) for name in ("memberships", "left")] == [0, 1]
    results = client.get("/protocols.json?organisation=gone-school&organisation=new-school")
    (record,) = json.loads(results.getvalue())["results"]
    assert len(record["through"]) == 2
    (alone,) = client.get("/?organisation=gone-school").context["results"].rows
    (through,) = alone.through
    assert through.words == "through All Essex Schools, of which it was a member"


def test_a_group_without_members_says_so(client: Client):
    words = text(client.get("/organisations/all-essex-schools/"))
    assert "No member is recorded today." in words
    members = text(client.get("/organisations/all-essex-schools/members/"))
    assert "No member is recorded today." in members


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/organisations/provide/members/", 404),
        ("/organisations/nobody/members/", 404),
        ("/organisations/All-Essex-Schools/members/", 301),
        ("/organisations/all-essex-schools/members/?page=x", 400),
        ("/organisations/all-essex-schools/members/?page=9", 404),
        ("/organisations/provide/?through=luck", 400),
        ("/organisations/provide/?page=9", 404),
    ],
)
def test_an_address_that_is_not_right(client: Client, address, status):
    assert client.get(address).status_code == status
