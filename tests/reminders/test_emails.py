"""What a reminder says, to whom, and that nothing of the data can get out of its place."""

from __future__ import annotations

import datetime
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest

from registers.exports.columns import ExportContext
from registers.models import Approver, Contact, Organisation, Reminded
from registers.reminders.answers import line_for_token
from registers.reminders.due import protocols_due
from registers.reminders.emails import Sender, one_line, reminder_email
from tests.makers import OrganisationFactory, PartyFactory
from tests.reminders.making import a_lead, led_by, reminded
from weisf.partnership import Partnership

ON = datetime.date(2026, 11, 22)
SITE = "https://register.example.org"
OCTOBER, NOVEMBER = datetime.date(2026, 10, 1), datetime.date(2026, 11, 1)
LONG_AGO = datetime.date(2024, 3, 1)
PARTNERSHIP = Partnership(
    name="Friends of Trees",
    short_name="Trees",
    register_name="Sharing Agreements",
    email="trees@example.org",
    what_is_a_protocol="",
    what_is_published="",
    how_to_publish="",
)

pytestmark = pytest.mark.usefixtures("empty_register")


def posted(organisation: Organisation, on: datetime.date = ON) -> EmailMessage:
    """The e-mail as it comes out at the other end."""
    protocols = list(protocols_due(organisation, on))
    reminder = reminded(organisation, on, *protocols)
    made = reminder_email(
        reminder,
        protocols,
        place=ExportContext(site=SITE, on=on),
        sender=Sender(partnership=PARTNERSHIP, address="Register <register@example.org>"),
    )
    return message_from_bytes(made.message().as_bytes(), policy=policy.default)


def words(message: EmailMessage, kind: str = "plain") -> str:
    return message.get_body((kind,)).get_content()


def folded(message: EmailMessage, kind: str = "plain") -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", words(message, kind)).split())


@pytest.fixture
def ashdown() -> Organisation:
    """Leads one that is overdue, with partners, and one that is due soon."""
    ashdown = a_lead("Ashdown Council")
    old = led_by(ashdown, reference="9001", title="Homes & <b>hope</b>", review_date=LONG_AGO)
    led_by(ashdown, reference="9002", title="Trams", review_date=NOVEMBER)
    for position, name in enumerate(("Birch Trust", "Cedar Charity", "Elder Schools"), 1):
        PartyFactory(
            protocol=old, organisation=OrganisationFactory(name=name), role="partner",
            position=position,
        )  # fmt: skip
    PartyFactory(protocol=old, organisation=ashdown, role="partner", position=9)
    birch = Organisation.objects.get(name="Birch Trust")
    for title in ("SIRO", "Caldicott Guardian"):
        Approver.objects.create(organisation=birch, job_title=title)
    return ashdown


def test_the_headers(ashdown):
    message = posted(ashdown)
    assert message["Subject"] == "Trees: 1 protocol overdue for review and 1 due"
    assert message["From"] == "Register <register@example.org>"
    assert message["To"] == "ig@a.example"
    assert message["Reply-To"] == "trees@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<reminder-\d+-2026-11-22@register\.example\.org>", message["Message-ID"])
    assert message.get_content_type() == "multipart/alternative"
    assert not list(message.iter_attachments())


@pytest.mark.parametrize(
    ("months", "subject"),
    [
        ([LONG_AGO], "1 protocol overdue for review"),
        ([LONG_AGO, OCTOBER], "2 protocols overdue for review"),
        ([NOVEMBER], "1 protocol due for review"),
        ([NOVEMBER, NOVEMBER], "2 protocols due for review"),
        ([LONG_AGO, NOVEMBER, NOVEMBER], "1 protocol overdue for review and 2 due"),
    ],
)
def test_the_subject_says_how_many(months, subject):
    assert posted(a_lead("Ashdown", *months))["Subject"] == f"Trees: {subject}"


@pytest.mark.parametrize("kind", ["plain", "html"])
class TestBothForms:
    def test_say_what_is_to_be_done_and_until_when(self, ashdown, kind):
        said = folded(posted(ashdown), kind)
        assert "Ashdown Council leads 1 protocol that is overdue for review, and 1 due" in said
        # The reminder was begun on 22 November 2026.
        assert "The links work until 21 January 2027." in said
        assert "Overdue (1)".lower() in said.lower()
        assert "Due within 90 days (1)".lower() in said.lower()

    def test_say_how_each_stands(self, ashdown, kind):
        said = folded(posted(ashdown), kind)
        assert "Overdue by 2 years: it was due on 31 March 2024." in said
        assert "Due on 30 November 2026, in 8 days." in said

    def test_have_a_link_for_each_protocol_that_is_about_it_alone(self, ashdown, kind):
        message = posted(ashdown)
        links = re.findall(rf'{SITE}/reviews/answer/\?[^\s"<]+', words(message, kind))
        tokens = [parse_qs(urlsplit(link).query)["link"][0] for link in links]
        assert [line_for_token(token).protocol_id for token in tokens] == ["9001", "9002"]
        for path in ("/protocols/9001/", "/protocols/9002/", "/reviews/?organisation=ashdown-c"):
            assert f"{SITE}{path}" in words(message, kind)

    def test_name_the_approvers_by_job_title_and_say_where_none_is_recorded(self, ashdown, kind):
        said = folded(posted(ashdown), kind)
        assert "Birch Trust: Caldicott Guardian, SIRO" in said
        assert "For these partners, no approver is recorded: Cedar Charity; Elder Schools." in said
        assert said.count("Ashdown Council:") == 0

    def test_say_where_no_partner_has_an_approver_or_there_are_more_partners(self, kind):
        ashdown = a_lead("Ashdown Council")
        old = led_by(
            ashdown, review_date=LONG_AGO, parties_complete=False, parties_note="Please\nask us."
        )
        PartyFactory(protocol=old, organisation=OrganisationFactory(name="Birch Trust"))
        said = folded(posted(ashdown), kind)
        assert "No approver is recorded for any of them: Birch Trust." in said
        assert "This list is not complete. Please ask us." in said

    def test_say_why_who_and_that_nothing_goes_by_itself(self, ashdown, kind):
        said = folded(posted(ashdown), kind)
        assert "Because Ashdown Council leads these protocols in the public register" in said
        assert "of the Friends of Trees (Trees)" in said
        assert "Nothing is removed automatically." in said
        assert "write to trees@example.org" in said

    def test_say_that_one_is_due_today(self, kind):
        said = folded(posted(a_lead("Ashdown", NOVEMBER), datetime.date(2026, 11, 30)), kind)
        assert "Ashdown leads 1 protocol that is due for review within 90 days" in said
        assert "Due today, 30 November 2026." in said
        assert "leads this protocol in" in said

    def test_name_no_contact(self, ashdown, kind):
        birch = Organisation.objects.get(name="Birch Trust")
        Contact.objects.create(organisation=birch, email="telling@birch.example")
        said = words(posted(ashdown), kind)
        assert "telling" not in said
        assert "ig@" not in said


def test_the_plain_form_is_72_columns_wide_but_for_addresses(ashdown):
    wide = [line for line in words(posted(ashdown)).splitlines() if len(line) > 72]
    assert all(line.startswith(SITE) for line in wide)
    assert "Homes & <b>hope</b>" in words(posted(ashdown, ON + datetime.timedelta(1)))


def test_the_html_brings_nothing_from_elsewhere_and_escapes_what_it_is_given(ashdown):
    html = words(posted(ashdown), "html")
    assert '<html lang="en-GB">' in html
    assert "Homes &amp; &lt;b&gt;hope&lt;/b&gt;" in html
    assert not re.search(r"<(img|script|link|iframe|style|form)\b|\bsrc=|url\(", html)
    assert re.findall(r"<h([1-6])", html) == ["1", "2", "3", "2", "3", "2", "2", "2"]
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', html)
    assert all(href.startswith((SITE, "mailto:trees@example.org")) for href, _ in links)
    said = [text for _, text in links]
    assert len(set(said)) == len(said)


ODD = {
    "a line break": "Homes\r\nBcc: everybody@example.org",
    "a line separator": "Homes\u2028Bcc: everybody@example.org",
    "a vertical tab": "Homes\x0bBcc: everybody@example.org",
    "right to left": "Homes\u202eBcc: everybody@example.org",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_is_odd_in_names_and_titles_stays_in_its_line(odd):
    ashdown = a_lead("Ashdown")
    Organisation.objects.filter(pk=ashdown.pk).update(name=odd)
    ashdown.refresh_from_db()
    birch = OrganisationFactory(name="Birch")
    PartyFactory(protocol=led_by(ashdown, title="x", review_date=LONG_AGO), organisation=birch)
    ashdown.parties.get().protocol.__class__.objects.update(title=odd)
    Organisation.objects.filter(pk=birch.pk).update(name=odd)
    Approver.objects.create(organisation=birch, job_title=odd)
    message = posted(ashdown)
    assert message["Bcc"] is None
    assert not re.search(r"^\W*Bcc", words(message), re.M)
    assert "Homes Bcc: everybody@example.org leads 1 protocol" in folded(message)


@pytest.mark.parametrize("odd", [*ODD.values(), "  Homes \t Bcc:  everybody@example.org\0 "])
def test_one_line(odd):
    assert one_line(odd) == "Homes Bcc: everybody@example.org"


def test_a_link_that_was_altered_is_about_nothing(ashdown):
    posted(ashdown)
    for token in ("", "1", f"{Reminded.objects.first().pk}:abc"):
        assert line_for_token(token) is None
