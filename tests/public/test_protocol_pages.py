"""The page of one protocol: everything that is recorded, and 'Not recorded' for the rest."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from registers import changes
from registers.models import Document, Organisation, Overarching, Party, Protocol, Theme
from tests.conftest import LOADED_AT
from tests.makers import find_all
from tests.public.pages import links, text

pytestmark = pytest.mark.django_db


def test_all_that_the_page_of_the_25_gave_is_there(client: Client, today):
    words = text(client.get("/protocols/0036/"))
    assert "Protocol 0036 3rd Party Access ISP In force. Review due by 31 August 2019." in words
    assert "Overdue by 7 years" in words
    assert "necessary and appropriate." in words
    assert "Essex County Council Lead Essex County Council" in words.replace("Role ", "").replace(
        "Published as ", ""
    )
    for name, note in Party.objects.filter(protocol="0036").values_list(
        "name_as_published", "note"
    ):
        assert name in words
        assert note in words


def test_what_is_unknown_is_said(client: Client):
    words = text(client.get("/protocols/0036/"))
    for what in (
        "Information shared",
        "Whose information it is",
        "Lawful basis for sharing",
        "Version",
        "Is the list of organisations complete?",
        "Published",
        "Updated",
        "Comes under",
        "Replaces",
        "Documents",
        "When each organisation signed:",
    ):
        assert f"{what} Not recorded" in words


def test_a_protocol_with_everything_shows_everything(client: Client, settings, tmp_path, today):
    settings.MEDIA_ROOT = tmp_path
    theme = Theme.objects.get(slug="safer-community")
    council, police = (
        Organisation.objects.get(slug=slug) for slug in ("essex-county-council", "essex-police")
    )
    protocol = Protocol.objects.create(
        reference="7001",
        title="Everything",
        theme=theme,
        status="published",
        version="V3",
        purpose="The purpose.\n\nIts second paragraph.",
        summary="In short.",
        information_items="Names and addresses",
        data_subjects="Children in care",
        lawful_basis="Public task",
        parties_complete=True,
        parties_note="Ask us",
        review_date=datetime.date(2027, 1, 1),
        review_note="Under review",
        published_on=datetime.date(2024, 2, 29),
        updated_on=datetime.date(2025, 3, 1),
    )
    Party.objects.create(protocol=protocol, organisation=council, role="lead")
    Party.objects.create(
        protocol=protocol,
        organisation=police,
        name_as_published="The Police",
        note="Traffic",
        signed_on=datetime.date(2024, 2, 1),
    )
    Overarching.objects.create(protocol=protocol, overarching_id="0062")
    Protocol.objects.filter(pk="0061").update(replaced_by=protocol)
    document = Document(protocol=protocol, title="The signed paper")
    document.file.save("signed.pdf", ContentFile(b"%PDF-1.7 x"))

    page = client.get("/protocols/7001/")
    words = text(page)
    for what in (
        "In plain English In short.",
        "The purpose. Its second paragraph.",
        "The Police",
        "Traffic",
        "1 February 2024",
        "Information shared Names and addresses",
        "Whose information it is Children in care",
        "Lawful basis for sharing Public task",
        "Version V3",
        "Is the list of organisations complete? Yes",
        "Ask us",
        "Review due by 31 January 2027. Due soon",
        "Review date January 2027 Under review",
        "Published 29 February 2024",
        "Updated 1 March 2025",
        "Comes under 0062 - Overarching Safeguarding ISP",
        "Replaces 0061 - FGM",
        "The signed paper PDF",
    ):
        assert what in words, what
    assert "Covers 7001 - Everything" in text(client.get("/protocols/0062/"))

    paper = client.get(document.get_absolute_url())
    assert paper.getvalue() == b"%PDF-1.7 x"
    assert "attachment" in paper["Content-Disposition"]
    assert paper["Content-Security-Policy"].startswith("sandbox")
    assert paper["X-Content-Type-Options"] == "nosniff"
    (tmp_path / document.file.name).unlink()
    assert client.get(document.get_absolute_url()).status_code == 404
    assert "The signed paper PDF" in text(client.get("/protocols/7001/"))
    Document.objects.filter(pk=document.pk).update(file="")
    assert client.get(document.get_absolute_url()).status_code == 404


def test_a_protocol_with_nothing_still_has_a_page(client: Client):
    theme = Theme.objects.get(slug="safer-community")
    Protocol.objects.create(reference="7002", title="Bare", theme=theme, status="published")
    find_all()
    words = text(client.get("/protocols/7002/"))
    assert "Purpose Not recorded" in words
    assert "In force. No review date" in words
    assert "Review date Not recorded" in words
    assert words.count("Not recorded") >= 14
    assert "Not recorded" in text(client.get("/?q=bare"))


def test_a_review_note_stands_where_there_is_no_month(client: Client):
    Protocol.objects.filter(pk="0012").update(review_date=None, review_note="Under Review")
    assert "In force. Review: Under Review. No review date" in text(client.get("/protocols/0012/"))
    assert "Under Review" in text(client.get("/?q=0012"))


def test_a_withdrawn_protocol_keeps_its_page_and_says_why_and_what_replaced_it(client: Client):
    Protocol.objects.filter(pk="0053").update(
        status="withdrawn",
        withdrawn_on=datetime.date(2026, 1, 2),
        withdrawn_reason="The work ended.",
        replaced_by="0054",
    )
    words = text(client.get("/protocols/0053/"))
    assert "Withdrawn: no longer in force" in words
    assert "Since: 2 January 2026" in words
    assert "Why: The work ended." in words
    assert "Replaced by 0054 - School Penalty Notice for Non Attendance" in words
    assert "In force" not in words


BEFORE = "is not known: the register has been kept here since 22 November 2026. Below is the"
TO_COME = "This is what is recorded today, with its review status worked out for 31 December 9998"


@pytest.mark.parametrize(
    ("day", "status", "said"),
    [
        ("2022-06-30", "Due soon", BEFORE),
        ("2022-07-01", "Overdue by under a month", BEFORE),
        ("2022-03-29", "In date", BEFORE),
        ("0002-01-01", "In date", BEFORE),
        ("9998-12-31", "Overdue by 7976 years", TO_COME),
    ],
)
def test_the_review_can_be_judged_on_another_day_and_says_so(
    client: Client, today, day, status, said
):
    words = text(client.get(f"/protocols/0042/?on={day}"))
    assert f"Review due by 30 June 2022. {status}" in words
    assert "Not today’s page." in words
    assert said in words
    for as_today in ("", "?on=", "?on=2026-11-22"):
        assert "Not today’s" not in text(client.get(f"/protocols/0042/{as_today}"))


@pytest.mark.parametrize(
    "day", ["2022-02-30", "2022-13-01", "2022-6-30", "20220630", "2022-W26-4", "x"]
)
def test_what_is_no_day_cannot_be_answered(client: Client, day):
    page = client.get(f"/protocols/0042/?on={day}")
    assert page.status_code == 400
    assert "On: enter a real date, like 2022-06-30." in text(page)


@pytest.mark.parametrize("day", ["0001-12-31", "9999-01-01"])
def test_a_day_too_far_away_cannot_be_answered(client: Client, day):
    page = client.get(f"/protocols/0042/?on={day}")
    assert page.status_code == 400
    assert "On: enter a date in the years 2 to 9998." in text(page)


@pytest.mark.parametrize("written", ["12", "012"])
def test_zeros_at_the_front_may_be_left_out(client: Client, written):
    answer = client.get(f"/protocols/{written}/")
    assert (answer.status_code, answer["Location"]) == (301, "/protocols/0012/")
    answer = client.get(f"/protocols/{written}/?on=2022-06-30")
    assert answer["Location"] == "/protocols/0012/?on=2022-06-30"


def test_an_unknown_number_is_answered_kindly(client: Client):
    words = text(client.get("/protocols/0013/"))
    assert "There is no protocol 0013 in this register" in words
    assert "A reference is never used twice" in words


def test_the_changes_page_tells_what_when_and_why(client: Client, officer):
    protocol = Protocol.objects.get(pk="0012")
    at = datetime.datetime(2026, 11, 22, 23, 30, tzinfo=datetime.UTC)
    with changes.record_change(protocol, at=at, by=officer, why="The lead reviewed it."):
        protocol.review_date = datetime.date(2027, 3, 1)
        changes.save(protocol)
    words = text(client.get("/protocols/0012/changes/"))
    assert "22 November 2026, 23:30" in words
    assert "Review date Before March 2024 After March 2027" in words
    assert "Why: The lead reviewed it." in words
    assert "Added to this register. Why: Taken over from" in words
    assert "olive" not in words.lower()
    assert "Updated 22 November 2026" in text(client.get("/protocols/0012/"))


def test_the_protocol_leads_to_its_changes_theme_and_organisations(client: Client):
    addresses = {address for address, _ in links(client.get("/protocols/0061/"))}
    assert {
        "/protocols/0061/changes/",
        "/themes/safer-community/",
        "/organisations/essex-county-council/",
        "/organisations/barnardos/",
    } <= addresses


def test_taken_over_on_the_day_the_register_was_loaded(client: Client):
    assert f"{LOADED_AT:%-d %B %Y}" in text(client.get("/protocols/0012/changes/"))


DRAFT = "Confidential until signed"


@pytest.fixture
def draft(db) -> Protocol:
    """A draft, in which Essex Police and Provide would share."""
    protocol = Protocol.objects.create(
        reference="7777", title=DRAFT, theme=Theme.objects.get(slug="safer-community")
    )
    for slug, role in (("essex-police", "lead"), ("provide", "partner")):
        organisation = Organisation.objects.get(slug=slug)
        Party.objects.create(protocol=protocol, organisation=organisation, role=role)
    Document.objects.create(protocol=protocol, title=DRAFT, file="draft.pdf")
    Overarching.objects.create(protocol_id="0061", overarching=protocol)
    Overarching.objects.create(protocol=protocol, overarching_id="0062")
    Protocol.objects.filter(pk="0053").update(
        status="withdrawn",
        withdrawn_on=datetime.date(2026, 1, 2),
        withdrawn_reason="It ended.",
        replaced_by=protocol,
    )
    return protocol


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/?status=all", 200),
        ("/?q=confidential&status=all", 200),
        ("/protocols/7777/", 404),
        ("/protocols/7777/changes/", 404),
        ("/protocols/0061/", 200),
        ("/protocols/0062/", 200),
        ("/protocols/0053/", 200),
        ("/themes/safer-community/", 200),
        ("/organisations/essex-police/", 200),
        ("/organisations/essex-police/with/provide/", 200),
        ("/sitemap-protocols.xml", 200),
    ],
)
def test_a_draft_shows_nowhere(client: Client, draft, address, status):
    page = client.get(address)
    assert page.status_code == status
    assert DRAFT not in page.content.decode()
    assert "7777 - C" not in page.content.decode()


def test_a_draft_s_papers_are_not_public(client: Client, draft):
    assert client.get(draft.documents.get().get_absolute_url()).status_code == 404


@pytest.mark.parametrize("ending", ["csv", "json", "ics", "atom"])
def test_a_draft_is_in_no_ending(client: Client, draft, ending):
    assert DRAFT not in client.get(f"/protocols.{ending}?status=all").getvalue().decode()
