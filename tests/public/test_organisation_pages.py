"""Organisations: every name, every part, and what two of them share."""

from __future__ import annotations

import datetime
import json
import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from registers import changes
from registers.models import Approver, Name, Organisation, Party, Protocol, Theme
from tests.conftest import LOADED_AT
from tests.makers import OrganisationFactory, find_all
from tests.public.pages import links, listed, text

pytestmark = pytest.mark.django_db

PAIR = "/organisations/essex-county-council/with/essex-police/"


def test_the_index_finds_every_organisation_under_every_name(client: Client):
    words = text(client.get("/organisations/"))
    for name in Name.objects.all():
        assert name.text in words
    assert "EPUT: see Essex Partnership University NHS Foundation Trust" in words
    assert "All Essex Schools group" in words


def test_the_index_by_letter(client: Client):
    page = client.get("/organisations/?letter=e")
    words = text(page)
    assert "Organisations, A to Z: E" in words
    assert "EPUT: see" in words
    assert "Barnardos" not in words


def test_the_index_has_pages(client: Client):
    organisations = Organisation.objects.bulk_create(
        Organisation(name=f"Aa {number}", slug=f"aa-{number}") for number in range(250)
    )
    Name.objects.bulk_create(
        Name(organisation=o, text=o.name, key=o.name.lower(), kind="official")
        for o in organisations
    )
    first = client.get("/organisations/?letter=a")
    assert ("/organisations/?letter=a&page=2", "Next page") in links(first)
    second = client.get("/organisations/?letter=a&page=2")
    assert ("/organisations/?letter=a", "Previous page") in links(second)
    assert "Page 2 of 2" in text(second)


def test_an_organisation_shows_its_names_parts_and_partners(client: Client):
    page = client.get("/organisations/provide/")
    words = text(page)
    assert "Bound by 4 protocols in force: leads 1 and partner in 3 in its own name." in words
    assert "Provide official name, also written PROVIDE" in words
    assert listed(page) == ["0037", "0072", "0046", "0042"]
    assert "Approver Not recorded. Tell us" in words


def test_an_organisation_shows_its_approvers_and_note(client: Client):
    organisation = Organisation.objects.get(slug="provide")
    Approver.objects.create(organisation=organisation, job_title="Caldicott Guardian")
    Organisation.objects.filter(pk=organisation.pk).update(note="A community provider.")
    words = text(client.get("/organisations/provide/"))
    assert "Caldicott Guardian" in words
    assert "A community provider." in words
    assert "Provide Caldicott Guardian" in text(client.get("/approvers/"))


def test_what_an_organisation_became_and_came_from(client: Client):
    before = text(client.get("/organisations/west-essex-ccg/"))
    successor = "NHS Hertfordshire and West Essex Integrated Care Board"
    assert f"Became part of {successor} on 1 July 2022." in before
    assert "Source: NHS England" in before
    slug = Organisation.objects.get(name=successor).slug
    after = text(client.get(f"/organisations/{slug}/"))
    assert "Took the place of West Essex CCG 1 July 2022" in after
    assert "Bound by 1 protocol in force: 1 through a body whose place it took." in after


def test_names_stand_with_the_official_one_first(client: Client):
    words = text(client.get("/organisations/eput/", follow=True))
    official = "Essex Partnership University NHS Foundation Trust official name"
    assert words.index(official) < words.index("EPUT acronym") < words.index("also known as")


def test_what_is_without_a_review_date_stands_last(client: Client):
    Protocol.objects.filter(pk="0037").update(review_date=None)
    assert listed(client.get("/organisations/barnardos/")) == ["0036", "0061", "0037"]


def test_withdrawn_protocols_are_counted_apart(client: Client):
    Protocol.objects.filter(pk="0036").update(
        status="withdrawn", withdrawn_on=datetime.date(2026, 1, 2), withdrawn_reason="It ended."
    )
    page = client.get("/organisations/essex-police/")
    assert "No protocol in force names this organisation. 1 withdrawn" in text(page)
    assert ("/?organisation=essex-police&status=withdrawn", "1 withdrawn") in links(page)
    pair = text(client.get(PAIR))
    assert (
        "Named together in no protocol here that is in force. 1 withdrawn protocol named both."
        in pair
    )
    assert "Withdrawn" in pair


def test_a_long_list_of_protocols_leads_to_the_rest(client: Client):
    council = Organisation.objects.get(slug="essex-county-council")
    theme = Theme.objects.get(slug="safer-community")
    for number in range(60):
        protocol = Protocol.objects.create(
            reference=f"{8000 + number}",
            title="Earlier",
            theme=theme,
            status="published",
            review_date=datetime.date(2010, 1, 1),
        )
        Party.objects.create(protocol=protocol, organisation=council, role="lead")
    find_all()
    page = client.get("/organisations/essex-county-council/")
    assert "82 protocols" in text(page)
    assert ("/?organisation=essex-county-council", "82 protocols") in links(page)
    assert len(listed(page)) == 50
    assert ("/organisations/essex-county-council/?page=2", "Next page") in links(page)
    assert len(listed(client.get("/organisations/essex-county-council/?page=2"))) == 32


@pytest.mark.parametrize(
    "slug",
    ["eput", "EPUT", "essex-partnership-university-foundation-trust"],
)
def test_an_old_or_other_name_leads_on_to_the_one_address(client: Client, slug):
    answer = client.get(f"/organisations/{slug}/")
    assert answer.status_code == 301
    assert answer["Location"] == "/organisations/essex-partnership-university-nhs-foundation-trust/"


def test_after_a_rename_the_old_address_and_name_still_work(client: Client):
    provide = Organisation.objects.get(slug="provide")
    with changes.record_change(provide, at=LOADED_AT):
        provide.name = "Provide Community"
        changes.save(provide)
    answer = client.get("/organisations/provide/")
    assert (answer.status_code, answer["Location"]) == (301, "/organisations/provide-community/")
    assert "Provide former name, also written PROVIDE" in text(client.get(answer["Location"]))
    assert len(listed(client.get("/?organisation=provide"))) == 4


def test_what_two_are_named_in_is_answered_in_the_first_line(client: Client):
    words = text(client.get(PAIR))
    answer = "Named together in 1 protocol. Essex County Council leads 1."
    assert words.startswith(f"Named together Essex County Council and Essex Police {answer}")
    assert "0036 3rd Party Access ISP" in words
    assert "ISP This supports 3rd party access" in words
    assert "Leads Essex County Council Partners Essex Police and 25 others" in words
    assert "How it binds them" not in words


def test_others_that_lead_are_counted_and_few_partners_are_listed(client: Client):
    page = client.get("/organisations/eput/with/provide/", follow=True)
    words = text(page)
    assert "Named together in 2 protocols. Provide leads 1, Essex County Council leads 1." in words
    assert "(EPUT)’) and All Essex Schools Status Review overdue since April 2022" in words
    assert "(published as ‘EPUT’) and 3 others in 0072" in words


def test_two_that_no_protocol_names(client: Client):
    page = client.get("/organisations/essex-police/with/kent-county-council/", follow=True)
    assert "Named together in no protocol here." in text(page)
    assert "Essex Police bound by 1 protocol in force" in text(page)
    assert "mailto:weisf@essex.gov.uk" in dict(links(page))
    assert "/protocols.csv" not in str(links(page))


def test_the_files_of_a_pair_are_offered_and_have_its_protocols(client: Client):
    page = client.get("/organisations/essex-county-council/with/provide/")
    offered = [address for address, _ in links(page) if address.startswith("/protocols.")]
    endings = {address.partition("?")[0].rpartition(".")[2] for address in offered}
    assert endings == {"csv", "xlsx", "ods", "json", "ics", "atom"}
    assert {address.partition("?")[2] for address in offered} == {
        "organisation=essex-county-council&with=provide"
    }
    rows = client.get("/protocols.json?organisation=essex-county-council&with=provide")
    references = [each["reference"] for each in json.loads(rows.getvalue())["results"]]
    assert sorted(references) == sorted(articles(page))
    assert len(references) > 1


def articles(page) -> list[str]:
    return re.findall(r'<article [^>]*aria-labelledby="protocol-([^"]+)"', page.content.decode())


@pytest.mark.parametrize(
    "address",
    [
        "/organisations/essex-police/with/essex-county-council/",
        "/organisations/ecc/with/essex-police/",
        "/organisations/essex-police/with/ecc/",
        "/organisations/ECC/with/Essex-Police/",
    ],
)
def test_two_organisations_have_one_address(client: Client, address):
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (301, PAIR)


def test_an_organisation_with_itself_is_its_own_page(client: Client):
    answer = client.get("/organisations/ecc/with/essex-county-council/")
    assert (answer.status_code, answer["Location"]) == (302, "/organisations/essex-county-council/")


@pytest.mark.parametrize("typed", ["Essex Police", "nobody"])
def test_the_other_organisation_is_asked_for_beside_the_box(client: Client, typed):
    """The address of the box that stood on the page of an organisation still leads on."""
    answer = client.get("/organisations/essex-county-council/", {"with": typed})
    query = urlencode({"one": "essex-county-council", "other": typed})
    assert (answer.status_code, answer["Location"]) == (302, f"/sharing/together/?{query}")


def test_notes_for_administrators_are_not_public(client: Client):
    notes = [
        *Protocol.objects.exclude(admin_note="").values_list("reference", "admin_note"),
        *Organisation.objects.exclude(admin_note="").values_list("slug", "admin_note"),
    ]
    assert len(notes) > 10
    for key, note in notes:
        address = f"/protocols/{key}/" if key.isdigit() else f"/organisations/{key}/"
        for page in (address, f"{address}changes/" if key.isdigit() else address):
            assert note[:40] not in text(client.get(page))


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("/organisations/ecc/with/essex-police/?page=2", f"{PAIR}?page=2"),
        ("/organisations/essex-police/with/essex-county-council/?page=2", f"{PAIR}?page=2"),
        (
            "/organisations/ecc/?through=own&page=2",
            "/organisations/essex-county-council/?through=own&page=2",
        ),
        ("/organisations/grp/members/?page=2", "/organisations/some-group/members/?page=2"),
    ],
)
def test_an_earlier_address_leads_on_with_what_was_asked(client: Client, address, whole):
    group = OrganisationFactory(name="Some Group", kind="group")
    changes.save(Name(organisation=group, text="GRP", kind="acronym"))
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (301, whole)


def test_it_explains_the_abbreviations_of_its_list(client: Client):
    assert "ISP: information sharing protocol" in text(client.get("/organisations/essex-police/"))


def test_it_says_once_that_all_are_in_its_own_name(client: Client):
    for path in ("/organisations/essex-police/", "/?organisation=essex-police"):
        assert "In its own name ·" not in text(client.get(path))
    assert "in its own name" in text(client.get("/organisations/essex-police/"))
