"""Everything public of one protocol or organisation as JSON, and the same in lists."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from registers import changes
from registers.models import (
    Approver,
    Change,
    Document,
    EarlierVersion,
    Gap,
    Membership,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Review,
    Slug,
    Succession,
    TakenOn,
)
from registers.search.search_writer import update_search
from tests.conftest import LOADED_AT
from tests.makers import OrganisationFactory, ProtocolFactory, withdrawn
from tests.papers import pdf

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db,
    pytest.mark.usefixtures("real_register", "today"),
]

SITE = "http://localhost:8000"
DAY = datetime.date(2026, 11, 1)
TO_COME = datetime.date(2028, 4, 1)
AT = datetime.datetime(2026, 11, 1, 9, 30, tzinfo=datetime.UTC)
ESSEX = {"name": "Essex County Council", "slug": "essex-county-council"}


def one(client: Client, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return answer.json()


def listed(client: Client, reference: str) -> dict[str, Any]:
    answer = json.loads(client.get(f"/protocols.json?status=all&q={reference}").getvalue())
    return next(each for each in answer["results"] if each["reference"] == reference)


def link(reference: str) -> dict[str, str]:
    protocol = Protocol.objects.get(pk=reference)
    url = f"{SITE}/protocols/{reference}/"
    return {"reference": reference, "title": protocol.title, "url": url}


@pytest.fixture
def rich(settings, tmp_path) -> Protocol:
    """Protocol 9001, of which everything is recorded, among others."""
    settings.MEDIA_ROOT = tmp_path
    newer = ProtocolFactory(reference="9002", title="Newer")
    draft = ProtocolFactory(reference="9003", title="Draft", status="draft")
    protocol = ProtocolFactory(
        reference="9001",
        title="Rich",
        parties_complete=False,
        review_note="Under review",
        replaced_by=newer,
        **withdrawn(DAY),
    )
    ProtocolFactory(reference="9004", title="Older", replaced_by=protocol, **withdrawn(DAY))
    for under, over in (("9001", "0036"), ("0037", "9001"), ("9003", "9001")):
        Overarching.objects.create(protocol_id=under, overarching_id=over)
    split, part = OrganisationFactory(name="Split"), OrganisationFactory(name="Part")
    Succession.objects.create(organisation=split, successor=part, happened_on=TO_COME)
    TakenOn.objects.create(protocol=protocol, predecessor=split, successor=part)
    council = Organisation.objects.get(slug="essex-county-council")
    Party.objects.create(
        protocol=protocol,
        organisation=council,
        role="lead",
        note="A note",
        signed_on=DAY,
        legal_role="controller",
        flow="gives",
    )
    for outcome, other, month in (("replaced", newer, None), ("unchanged", None, "2028-03-01")):
        Review.objects.create(
            protocol=protocol,
            reviewed_on=DAY,
            outcome=outcome,
            replaced_by=other,
            next_review=month,
            job_title="Caldicott Guardian",
            recorded_at=AT,
        )
    document = Document(protocol=protocol, title="Signed", file=ContentFile(pdf("x"), "signed.pdf"))
    changes.save(document)
    EarlierVersion.objects.create(document=document, file="old.pdf", name="o.pdf", replaced_at=AT)
    Document.objects.create(protocol=protocol, title="Removed", file="r.pdf", taken_off=True)
    Change.objects.create(
        made_at=AT, protocol=protocol, public=True, subject_type="protocol", subject_key="9001"
    )
    assert draft.status == "draft"
    return protocol


def test_a_protocol_says_everything(client: Client, rich):
    said = one(client, "/protocols/9001.json")
    (document,) = said.pop("documents")
    (earlier,) = document.pop("earlier_versions")
    stored = rich.documents.get(title="Signed")
    assert document == {
        "title": "Signed",
        "file_name": stored.file_name,
        "bytes": stored.size,
        "uploaded": None,
        "url": f"{SITE}/protocols/9001/documents/{stored.pk}/",
    } | {"uploaded": document["uploaded"]}
    assert (earlier["file_name"], earlier["url"]) == (
        "o.pdf",
        f"{SITE}{stored.get_absolute_url()}versions/{stored.earlier_versions.get().pk}/",
    )
    review = {"reviewed": "2026-11-01", "job_title": "Caldicott Guardian", "note": None}
    assert said["reviews"] == [
        review | {"outcome": "unchanged", "next_review": "2028-03", "replaced_by": None},
        review | {"outcome": "replaced", "next_review": None, "replaced_by": link("9002")},
    ]
    expected = {
        "parties_complete": False,
        "review_note": "Under review",
        "withdrawn": "2026-11-01",
        "withdrawn_reason": "It ended.",
        "modified": "2026-11-01T09:30:00Z",
        "replaced_by": link("9002"),
        "replaces": [link("9004")],
        "comes_under": [link("0036")],
        "covers": [link("0037")],  # and not the draft
        "taken_on": [
            {
                "from": {"name": "Split", "slug": "split"},
                "by": {"name": "Part", "slug": "part"},
                "on": TO_COME.isoformat(),
            }
        ],
        "parties": [
            ESSEX
            | {"role": "lead", "name_as_published": None, "note": "A note", "signed": "2026-11-01"}
            | {"legal_role": "controller", "flow": "gives"}
            | dict.fromkeys(("approved_by", "approved_version", "approval_source"))
        ],
    }
    assert {name: said[name] for name in expected} == expected
    assert "Draft" not in str(said)


@pytest.mark.parametrize("reference", ["9001", "9002", "0036", "0037", "0012"])
def test_a_list_says_the_same_of_each(client: Client, rich, reference):
    update_search(protocols={"9001", "9002", "9004"}, organisations=set())
    assert listed(client, reference) == one(client, f"/protocols/{reference}.json")


def test_an_organisation_says_everything(client: Client):
    council = Organisation.objects.get(slug="essex-county-council")
    group = OrganisationFactory(name="Group", kind="group", group_rule="All that want.")
    whole = OrganisationFactory(name="Whole", kind="group")
    Membership.objects.create(group=group, member=council, from_day=DAY, source="A list")
    Membership.objects.create(group=whole, member=group, to_day=DAY)
    Approver.objects.create(organisation=council, job_title="Caldicott Guardian")
    old = OrganisationFactory(name="Old")
    Succession.objects.create(organisation=old, successor=council, happened_on=DAY, source="Order")
    said = one(client, "/organisations/essex-county-council.json")
    assert said["approvers"] == ["Caldicott Guardian"]
    assert said["came_from"] == [
        {"name": "Old", "slug": "old", "on": "2026-11-01", "source": "Order"}
    ]
    membership = {"from": "2026-11-01", "to": None, "source": "A list"}
    assert said["groups"] == [{"name": "Group", "slug": "group"} | membership]
    assert (said["group_rule"], said["members"]) == (None, [])
    # Only the register's own load is recorded.
    assert said["modified"] == LOADED_AT.isoformat().replace("+00:00", "Z")
    said = one(client, "/organisations/group.json")
    assert said["group_rule"] == "All that want."
    assert said["members"] == [ESSEX | membership]
    assert said["groups"] == [
        {"name": "Whole", "slug": "whole", "from": None, "to": "2026-11-01", "source": None}
    ]
    results = client.get("/organisations.json?letter=g").json()["results"]
    in_list = next(each for each in results if each["slug"] == "group")
    assert in_list | {"members": said["members"]} == said


def test_they_are_files_of_the_data(client: Client):
    for address in ("/protocols/0036.json", "/organisations/essex-police.json"):
        answer = client.get(address)
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert 'rel="service-desc"' in answer["Link"]
        page = client.get(f"{address.removesuffix('.json')}/").content.decode()
        assert f'<link rel="alternate" type="application/json" href="{address}"' in page


LEADING = {
    "/protocols/36.json": "/protocols/0036.json",
    "/protocols/036.json": "/protocols/0036.json",
    "/protocols/00036.json": "/protocols/0036.json",
    "/organisations/an-old-address.json": "/organisations/essex-police.json",
    "/organisations/Essex-Police.json": "/organisations/essex-police.json",
}


@pytest.mark.parametrize(("address", "place"), LEADING.items())
def test_another_spelling_leads_to_today_s(client: Client, address, place):
    police = Organisation.objects.get(slug="essex-police")
    Slug.objects.create(organisation=police, text="an-old-address")
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (301, place)
    assert answer["Access-Control-Allow-Origin"] == "*"


ABSENT = {
    "/protocols/9999.json": 404,
    "/protocols/9.json": 301,
    "/protocols/9003.json": 404,
    "/protocols/0013.json": 410,
    "/protocols/13.json": 301,
    "/protocols/0014.json": 404,
    "/protocols/abc.json": 404,
    "/organisations/nobody.json": 404,
    "/organisations/no body.json": 404,
    "/nothing/at/all.json": 404,
}


@pytest.mark.parametrize(("address", "status"), ABSENT.items())
def test_what_is_not_there_gets_problem_json(client: Client, address, status):
    ProtocolFactory(reference="9003", title="Draft", status="draft")
    Gap.objects.update_or_create(pk="0013", defaults={"fate": "withdrawn", "note": "Long ago."})
    Gap.objects.update_or_create(pk="0014", defaults={"fate": "never", "note": ""})
    answer = client.get(address)
    if "abc" in address or status != 404:
        assert client.get(address.replace(".json", "/")).status_code == status
    assert answer.status_code == status
    assert answer["Access-Control-Allow-Origin"] == "*"
    if status != 301:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert "Draft" not in answer.content.decode()
    if status == 410:
        assert "Long ago." in answer.json()["detail"]
