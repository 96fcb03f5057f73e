"""The page of one protocol: what is recorded, and in one sentence what is not."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from registers import changes
from registers.models import Document, Organisation, Overarching, Party, Protocol, Theme
from registers.models.protocol_fields import MAY_NOT_APPLY
from tests.conftest import LOADED_AT
from tests.makers import find_all
from tests.public.pages import facts, links, text

pytestmark = pytest.mark.django_db


def test_all_that_the_page_of_the_25_gave_is_there(client: Client, today):
    page = client.get("/protocols/0036/")
    words, shown = text(page), facts(page)
    assert "Protocol 0036, Health and Wellbeing 3rd Party Access ISP" in words
    assert "overdue by 7 years" in shown["Is it in force?"]
    assert "31 August 2019" in shown["Is it in force?"]
    assert shown["Who leads it?"] == "Essex County Council"
    assert shown["About whom?"] == "Not recorded"
    assert shown["Why?"].endswith("necessary and appropriate.")
    parties = shown["parties"].splitlines()
    assert len(parties) == 27
    assert parties[0] == "Essex County Council leads"
    for party in Party.objects.filter(protocol="0036", role="partner"):
        note = f" ({party.note})" if party.note else ""
        assert f"{party.organisation}{note}" in parties
        if party.name_as_published != party.organisation.name:
            assert f"{party.organisation}: ‘{party.name_as_published}’" in words
    assert "Essex County Council: ‘" not in words


def test_what_is_missing_is_said_once_with_a_way_to_tell_us(client: Client):
    page = client.get("/protocols/0036/")
    missing = facts(page)["missing"]
    for what in (
        "information shared",
        "lawful basis",
        "version",
        "summary",
        "whether others take part",
        "day of publication",
        "documents",
        "when each signed",
        "reviews",
    ):
        assert what in missing
    assert text(page).count("Not recorded") == 2  # of whom it is about, and what is missing
    mailto = next(address for address, words in links(page) if words == "Tell us what you know")
    assert mailto == "mailto:weisf@essex.gov.uk?subject=Protocol%200036"


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
        # None of these is missing.
        does_not_apply="\n".join(MAY_NOT_APPLY),
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
    words, shown = text(page), facts(page)
    assert "Protocol 7001, version V3, Safer Community Everything In short." in words
    assert shown["Is it in force?"] == (
        "Yes, and its review is due soon. It is due by 31 January 2027. Review: Under review."
    )
    assert shown["Who leads it?"] == "Essex County Council, with 1 partner"
    assert shown["About whom?"] == "Children in care"
    assert shown["Why?"] == "The purpose. Its second paragraph."
    assert shown["parties"] == ("Essex County Council leads\nEssex Police (Traffic)")
    assert "Essex Police: ‘The Police’" in words
    assert shown["Information shared"] == "Names and addresses"
    assert shown["Lawful basis for sharing"] == "Public task"
    assert shown["Is the list of organisations complete?"] == "Yes"
    assert "Ask us" in words
    assert shown["Published"] == "29 February 2024"
    assert shown["Updated"] == "1 March 2025"
    assert shown["Comes under"] == "0062 - Overarching Safeguarding ISP"
    assert shown["Replaces"] == "0061 - FGM"
    assert "The signed paper PDF" in words
    missing = "when the others signed and reviews. Tell us what you know"
    assert shown["missing"] == f"Not recorded yet: {missing}"
    assert facts(client.get("/protocols/0062/"))["Covers"] == "7001 - Everything"

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
    page = client.get("/protocols/7002/")
    shown = facts(page)
    assert "Who takes part is not recorded." in text(page)
    assert shown["Is it in force?"] == "Yes. No review date is recorded."
    assert {shown[term] for term in ("Who leads it?", "About whom?", "Why?")} == {"Not recorded"}
    assert shown["parties"] == ""
    assert "who takes part" in shown["missing"]
    assert text(page).count("Not recorded") == 4
    row = text(client.get("/?q=bare"))
    assert "Purpose not recorded" in row
    assert "No lead recorded" in row


@pytest.mark.parametrize(
    ("lead", "partners", "complete", "said"),
    [
        (True, 3, None, "Barnardo's leads this protocol, with 3 partners."),
        (True, 3, False, "Barnardo's leads this protocol, with at least 3 partners."),
        (True, 2, None, "Barnardo's leads this protocol, with Pulse and Remedy."),
        (True, 1, False, "Barnardo's leads this protocol, with Pulse and others."),
        (True, 0, None, "Barnardo's leads this protocol. No partner is recorded."),
        (True, 0, True, "Barnardo's leads this protocol, and has no partners."),
        (True, 0, False, "Barnardo's leads this protocol. Its partners are not listed here."),
        (False, 3, None, "3 organisations take part."),
        (False, 1, None, "1 organisation takes part."),
        (False, 2, False, "At least 2 organisations take part."),
    ],
)
def test_a_sentence_says_who_takes_part(client: Client, lead, partners, complete, said):
    Protocol.objects.filter(pk="0012").update(parties_complete=complete)
    Party.objects.filter(protocol="0012").delete()
    names = ["Pulse", "Remedy", "Provide"][:partners]
    parts = [("Barnardo's", "lead")] * lead + [(name, "partner") for name in names]
    for position, (name, role) in enumerate(parts):
        organisation = Organisation.objects.named(name).get()
        Party.objects.create(
            protocol_id="0012", organisation=organisation, role=role, position=position
        )
    assert said in text(client.get("/protocols/0012/"))


def test_a_long_text_stands_whole_below_its_first_sentence(client: Client):
    first = "To help e.g. families, in No. 10 and elsewhere."
    whole = f"{first} {'And more words follow it here. ' * 12}"
    fields = dict.fromkeys(("purpose", "summary", "data_subjects"), whole)
    Protocol.objects.filter(pk="0012").update(**fields)
    page = client.get("/protocols/0012/")
    words, shown = text(page), facts(page)
    assert shown["Why?"] == f"{first} Purpose in full"
    assert shown["About whom?"] == f"{first} All of this"
    assert words.count(whole.strip()) == 3
    for anchor in ("purpose", "summary", "data_subjects"):
        assert page.content.decode().count(f'id="{anchor}"') == 1
    for words in ("a" * 300, f"{'a ' * 149}and"):  # one that is too long; 'an' would fit
        Protocol.objects.filter(pk="0012").update(purpose=f"{words}d more")
        shown = facts(client.get("/protocols/0012/"))["Why?"]
        assert shown == f"{words.removesuffix(' and')}… Purpose in full"


@pytest.mark.parametrize(("parties", "first"), [(40, 40), (41, 20)])
def test_of_many_parties_a_telephone_shows_the_first(client: Client, parties, first):
    Party.objects.filter(protocol="0012").delete()
    for organisation in Organisation.objects.exclude(slug="pulse")[:parties]:
        Party.objects.create(protocol_id="0012", organisation=organisation)
    page = client.get("/protocols/0012/")
    assert len(facts(page)["parties"].splitlines()) == parties
    assert len(page.context["protocol"].all_parties) == parties
    before, _, after = page.content.decode().partition(f"<summary>Show all {parties}</summary>")
    assert before.count("<li>\n  <a") == first
    assert bool(after) == (first < parties)


def test_a_review_note_stands_where_there_is_no_month(client: Client):
    Protocol.objects.filter(pk="0012").update(review_date=None, review_note="Under Review")
    shown = facts(client.get("/protocols/0012/"))
    assert shown["Is it in force?"] == "Yes. No review date is recorded. Review: Under Review."
    assert "Under Review" in text(client.get("/?q=0012"))


def test_a_withdrawn_protocol_keeps_its_page_and_says_why_and_what_replaced_it(client: Client):
    Protocol.objects.filter(pk="0053").update(
        status="withdrawn",
        withdrawn_on=datetime.date(2026, 1, 2),
        withdrawn_reason="The work ended.",
        replaced_by="0054",
    )
    page = client.get("/protocols/0053/")
    words, shown = text(page), facts(page)
    assert shown["Is it in force?"] == (
        "No. Withdrawn on 2 January 2026: The work ended. Replaced by"
        " 0054 - School Penalty Notice for Non Attendance."
    )
    assert words.index("The work ended.") < words.index("led this protocol")
    assert shown["Review date"]
    addresses = {address for address, _ in links(page)}
    assert "/protocols.xlsx?q=0053&status=withdrawn" in addresses


BEFORE = "is not known: the register has been kept here since 22 November 2026. Below is the"
TO_COME = "This is what is recorded today, with its review status worked out for 31 December 9998"


@pytest.mark.parametrize(
    ("day", "status", "said"),
    [
        ("2022-06-30", "and its review is due soon. It is due", BEFORE),
        ("2022-07-01", "but its review is overdue by under a month. It was due", BEFORE),
        ("2022-03-29", "when it was first recorded here. Its review is due", BEFORE),
        ("0002-01-01", "when it was first recorded here. Its review is due", BEFORE),
        ("9998-12-31", "but its review is overdue by 7976 years. It was due", TO_COME),
    ],
)
def test_the_review_can_be_judged_on_another_day_and_says_so(
    client: Client, today, day, status, said
):
    page = client.get(f"/protocols/0042/?on={day}")
    words = text(page)
    assert f"{status} by 30 June 2022." in facts(page)["Is it in force?"]
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
    assert "On: enter a real date, like 30 6 2022" in text(page)


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
    assert facts(client.get("/protocols/0012/"))["Updated"] == "22 November 2026"


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
