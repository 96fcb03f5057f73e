"""Approvals that stand in a paper: recorded, read by the public, and begun anew with a version."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from registers import changes
from registers.changes.approval import PaperApproval, record_paper_approval, start_approvals_anew
from registers.history.snapshot import snapshot_of
from registers.models import Change, Document, Party, Protocol
from tests import papers
from tests.admin.typing_in import address, boxes, messages, row_of, send
from tests.merging import named
from tests.models.making import saved
from tests.public.pages import facts, links, text

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.usefixtures("real_register", "today"),
]
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
FORM = address("protocol", "approvals", "0046")
EDIT = address("protocol", "change", "0046")
PAGE = "/protocols/0046/"
TITLE = "Caldicott Guardian"


def stored(reference: str = "0046") -> Protocol:
    return Protocol.objects.get(pk=reference)


def a_paper(reference: str = "0046") -> Document:
    paper = Document(protocol_id=reference, title="Signed copy")
    paper.file = ContentFile(papers.pdf(), "signed.pdf")
    return saved(paper, at=NOW)


@pytest.fixture(autouse=True)
def version(real_register) -> None:
    protocol = stored()
    protocol.version = "V2"
    saved(protocol)


@pytest.fixture
def paper() -> Document:
    return a_paper()


def provide() -> Party:
    return Party.objects.get(protocol="0046", organisation__name="Provide")


def typed(paper: Document, /, **fields: object) -> dict[str, object]:
    given = {
        "organisations": [provide().organisation_id],
        "signed_on": "12/05/2021",
        "job_title": TITLE,
        "paper": paper.pk,
    }
    return given | fields


def approve(paper: Document, officer, *names: str, at: datetime.datetime = NOW) -> None:
    approval = PaperApproval(
        organisations=[named(name) for name in names],
        signed_on=datetime.date(2021, 5, 12),
        job_title=TITLE,
        paper=paper,
    )
    record_paper_approval(stored(paper.protocol_id), approval, at=at, by=officer)


def test_one_from_paper_is_read_everywhere_and_not_before_its_day(client, officers_door, paper):
    assert 'id="approvals"' not in client.get(PAGE).content.decode()
    page = officers_door.post(FORM, typed(paper), follow=True)
    assert "The approval is recorded." in messages(page)
    public = client.get(PAGE)
    count = len({party.organisation_id for party in stored().all_parties})
    assert f"1 of {count} have approved version V2" in text(public)
    assert f"Provide {TITLE}, 12 May 2021, from paper: Signed copy" in text(public)
    assert (paper.get_absolute_url(), "Signed copy") in links(public)
    assert "when the others signed" in facts(public)["missing"]
    change = Change.objects.filter(protocol="0046").first()
    assert f"signed 12 May 2021, approved by: {TITLE}, version V2, from paper" in change.what
    says = [each for each in client.get("/protocols/0046.json").json()["parties"] if each["signed"]]
    assert (
        says[0].items()
        >= {
            "name": "Provide",
            "signed": "2021-05-12",
            "approved_by": TITLE,
            "approved_version": "V2",
            "approval_source": "paper",
        }.items()
    )
    with time_machine.travel(NOW + datetime.timedelta(days=9)):
        assert "have approved" not in text(client.get(PAGE, {"on": "2026-11-21"}))
        past = text(client.get(PAGE, {"on": "2026-11-22"}))
        assert f"{TITLE}, 12 May 2021, from paper" in past


BAD = {
    "nobody": ({"organisations": []}, "organisations", "This field is required."),
    "who takes no part": ({"organisations": ["none"]}, "organisations", "not a valid value"),
    "no day": ({"signed_on": ""}, "signed_on", "This field is required."),
    "a day that is none": ({"signed_on": "31/02/2021"}, "signed_on", "like 31/03/2027"),
    "a day to come": ({"signed_on": "23/11/2026"}, "signed_on", "today or in the past"),
    "a person": ({"job_title": "Dr Smith"}, "job_title", "like the name of a person"),
    "an address": ({"job_title": "a@b.cd"}, "job_title", "Remove the e-mail"),
    "too long a title": ({"job_title": "x" * 151}, "job_title", "at most 150 characters"),
    "no paper": ({"paper": ""}, "paper", "This field is required."),
}


@pytest.mark.parametrize(("fields", "field", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_right_is_said_beside_its_box(officers_door, paper, fields, field, sentence):
    before = snapshot_of(stored())
    page = officers_door.post(FORM, typed(paper, **fields))
    assert sentence in str(page.context["adminform"].form.errors[field])
    assert TITLE in page.content.decode() or field == "job_title"
    assert snapshot_of(stored()) == before


def test_a_paper_of_another_protocol_shows_nothing(officers_door, officer, paper):
    other = a_paper("0042")
    page = officers_door.post(FORM, typed(paper, paper=other.pk))
    assert "paper" in page.context["adminform"].form.errors
    with pytest.raises(ValidationError, match="of the documents of this protocol"):
        record_paper_approval(
            stored(),
            PaperApproval(
                organisations=[named("Provide")],
                signed_on=datetime.date(2021, 5, 12),
                job_title=TITLE,
                paper=other,
            ),
            at=NOW,
            by=officer,
        )


def test_of_two_who_record_the_same_the_second_is_told(officers_door, officer, paper):
    approve(paper, officer, "Provide")
    with pytest.raises(ValidationError, match="Provide: the approval of this version is recorded"):
        approve(paper, officer, "Provide")
    with pytest.raises(ValidationError, match="of those that take part"):
        approve(paper, officer, "Essex Police")
    others = officers_door.get(FORM).context["adminform"].form.fields["organisations"].queryset
    assert named("Provide") not in others
    approve(paper, officer, *(str(each) for each in others))
    assert "Every organisation’s approval" in text(officers_door.get(FORM))


def test_a_withdrawn_or_deleted_protocol_has_nothing_to_approve(officers_door, officer, paper):
    Party.objects.filter(protocol="0046").update(signed_on=NOW.date())
    Protocol.objects.filter(pk="0046").update(
        status="withdrawn", withdrawn_on=NOW.date(), withdrawn_reason="Over."
    )
    assert "nothing to approve" in text(officers_door.get(FORM))
    page = officers_door.post(FORM, typed(paper))
    assert "is not in force" in str(page.context["adminform"].form.errors)
    with pytest.raises(ValidationError, match="deleted"):
        start_approvals_anew(Protocol(pk="9999"), at=NOW, by=officer)


def test_without_organisations_the_page_leads_to_them(officers_door):
    Party.objects.filter(protocol="0046").delete()
    assert "Add those that take part" in text(officers_door.get(FORM))


class TestAVersionThatChangesWhatWasAgreed:
    def test_starts_anew_where_that_is_ticked(self, client, officers_door, officer, paper):
        approve(paper, officer, "Provide")
        page = officers_door.post(FORM, {"_anew": "x"}, follow=True)
        assert "Tick the box first" in messages(page)
        assert provide().signed_on
        page = officers_door.post(FORM, {"_anew": "x", "changes_agreed": "on"}, follow=True)
        assert "start anew" in messages(page)
        assert (provide().signed_on, provide().approved_by) == (None, "")
        assert "have approved" not in text(client.get(PAGE))
        words = text(client.get(f"{PAGE}changes/"))
        assert "Version V2 changes what was agreed" in words
        assert TITLE in words
        page = officers_door.post(FORM, {"_anew": "x", "changes_agreed": "on"}, follow=True)
        assert "No approval is recorded" in messages(page)

    def test_else_the_former_approval_stands_with_its_version(self, client, officer, paper):
        approve(paper, officer, "Provide")
        protocol = stored()
        protocol.version = "V3"
        saved(protocol)
        page = client.get(PAGE)
        assert "have approved this protocol" in text(page)
        assert "12 May 2021, of version V2" in text(page), text(page)[400:1800]
        approve(paper, officer, "Provide")  # and can be approved again
        assert provide().approved_version == "V3"


def test_a_version_without_a_name_starts_anew_too(officers_door):
    Party.objects.filter(protocol="0046").update(signed_on=NOW.date())
    Protocol.objects.filter(pk="0046").update(version="")
    officers_door.post(FORM, {"_anew": "x", "changes_agreed": "on"})
    assert "This version changes" in Change.objects.filter(protocol="0046").first().why


class TestOnTheFormOfTheProtocol:
    def row(self, door) -> str:
        return row_of(door, EDIT, "parties", "organisation", provide().organisation_id)

    def test_the_day_of_an_approval_from_paper_stays(self, officers_door, officer, paper):
        approve(paper, officer, "Provide")
        row = self.row(officers_door)
        send(officers_door, EDIT, **{f"{row}signed_on": "", f"{row}note": "Nurses"})
        assert (provide().note, provide().signed_on) == ("Nurses", datetime.date(2021, 5, 12))

    def test_another_organisation_has_not_approved_it(self, officers_door, officer, paper):
        approve(paper, officer, "Provide")
        row = self.row(officers_door)
        send(officers_door, EDIT, **{f"{row}organisation": named("Medway Council").pk})
        party = Party.objects.get(protocol="0046", organisation__name="Medway Council")
        assert (party.signed_on, party.approved_by, party.approval_paper) == (None, "", None)

    def test_nothing_is_left_of_one_whose_day_is_taken_away(self, officers_door):
        Party.objects.filter(pk=provide().pk).update(signed_on=NOW.date(), approved_version="V1")
        assert boxes(officers_door, EDIT)
        send(officers_door, EDIT, **{f"{self.row(officers_door)}signed_on": ""})
        assert (provide().signed_on, provide().approved_version) == (None, "")
        with pytest.raises(IntegrityError), transaction.atomic():
            Party.objects.filter(pk=provide().pk).update(approved_by=TITLE)


def test_a_merge_takes_the_whole_approval_along(officer, paper):
    partner = stored().partners[0].organisation
    approve(paper, officer, str(partner))
    saved(stored(), Party(protocol_id="0046", organisation=named("Medway Council")))
    changes.merge(named("Medway Council"), partner, at=NOW)
    party = Party.objects.get(protocol="0046", organisation__name="Medway Council")
    assert (party.approved_by, party.approval_source, party.approval_paper) == (
        TITLE,
        "paper",
        paper,
    )


def test_a_state_of_before_the_upgrade_has_its_day_alone(officer, paper):
    Party.objects.filter(pk=provide().pk).update(signed_on=datetime.date(2020, 1, 1))
    record = snapshot_of(stored())
    for party in record["parts"]["parties"]:
        for name in ("approved_by", "approved_version", "approval_source", "approval_paper"):
            del party[name]
    approve(paper, officer, "Provide")
    changes.restore(stored(), record, at=NOW)
    assert (provide().signed_on.year, provide().approved_by, provide().approval_paper) == (
        2020,
        "",
        None,
    )


def test_one_who_is_lead_and_partner_approves_once(client, officer, paper):
    lead = stored().lead.organisation
    saved(stored(), Party(protocol_id="0046", organisation=lead, role="partner"))
    approve(paper, officer, str(lead))
    count = len({party.organisation_id for party in stored().all_parties})
    assert f"1 of {count} have approved version V2" in text(client.get(PAGE))
    assert Party.objects.filter(protocol="0046", organisation=lead, approved_by=TITLE).count() == 2
