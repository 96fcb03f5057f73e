"""Approval by link: asked for in admin, answered without an account, and read by the public."""

from __future__ import annotations

import datetime
import re
from http import HTTPStatus
from smtplib import SMTPRecipientsRefused
from typing import ClassVar
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends.base import BaseEmailBackend as EmailBackend
from django.core.management import CommandError, call_command
from django.test import Client

from registers import changes
from registers.changes.approval import start_approvals_anew
from registers.exports.columns import ExportContext
from registers.models import ApprovalRequest, Change, Contact, Party, Protocol, Succession
from registers.reminders.approval_emails import send_requests
from registers.reminders.approvals import (
    RequestClosed,
    answer,
    ask_for_approval,
    deal_with,
    delete_old_requests,
    make_token,
    recipients,
    seen_of,
)
from registers.reminders.emails import Sender
from registers.reminders.retention import delete_expired
from registers.reminders.sending import MOST_FAILURES
from tests.admin.typing_in import address, messages
from tests.cast import door_of, somebody
from tests.merging import named
from tests.models.making import saved
from tests.public.answering import URLENCODED
from tests.public.pages import links, text
from tests.reminders.lines import withdraw
from weisf.mail import NO_MAIL

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.usefixtures("real_register", "today", "mail_server"),
]
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
PAGE = address("protocol", "approvals", "0046")
PUBLIC = "/protocols/0046/"
DOOR = "/approvals/answer/"
OTHER = "Essex Partnership University NHS Foundation Trust"
TITLE = "Caldicott Guardian"
REASON = "Clause 4 names the wrong ward."


@pytest.fixture
def mail_server(settings) -> None:
    settings.SITE_URL = "https://register.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def reader() -> Client:
    """A browser in which nobody is logged in."""
    return Client()


@pytest.fixture
def editors_door(db) -> Client:
    """A browser of an editor who may not publish."""
    return door_of(somebody("edna", "Editor"))


class Refusing(EmailBackend):
    """A mail server that takes nothing."""

    tried: ClassVar[list[object]] = []

    def send_messages(self, sent: object) -> int:
        self.tried.append(sent)
        raise OSError("no")


@pytest.fixture(autouse=True)
def with_contacts(real_register) -> None:
    protocol = stored()
    protocol.version = "V2"
    saved(protocol)
    for name in ("Provide", OTHER):
        Contact.objects.update_or_create(
            organisation=named(name),
            defaults={"email": f"ig@{name.split()[0].lower()}.example.org"},
        )


def stored() -> Protocol:
    return Protocol.objects.get(pk="0046")


def provide() -> Party:
    return Party.objects.get(protocol="0046", organisation__name="Provide")


def ask(door: Client) -> list[ApprovalRequest]:
    """Press 'Ask' in admin, and return the requests."""
    page = door.post(PAGE, {"_ask": "x"}, follow=True)
    assert page.status_code == HTTPStatus.OK, messages(page)
    return list(ApprovalRequest.objects.order_by("pk"))


def of(name: str = "Provide") -> ApprovalRequest:
    return ApprovalRequest.objects.filter(organisation__name=name).latest("pk")


def link(request: ApprovalRequest) -> str:
    return f"{DOOR}?link={quote(make_token(request))}"


def send(reader: Client, at: str, **typed: str):
    body = "&".join(f"{name}={quote(words)}" for name, words in typed.items())
    return reader.post(at, body, URLENCODED)


def approve(reader: Client, request: ApprovalRequest, **typed: str):
    seen = seen_of(Protocol.objects.get(pk=request.protocol_id))
    given = {"choice": "approved", "job_title": TITLE, "seen": seen}
    return send(reader, link(request), **given | typed)


class Choosy(EmailBackend):
    """A mail server that does not know some addresses."""

    def send_messages(self, sent: list[mail.EmailMessage]) -> int:
        if sent[0].to[0].startswith("gone"):
            raise SMTPRecipientsRefused({sent[0].to[0]: (550, b"no such user")})
        return 1


class TestAsked:
    def test_each_with_an_address_gets_one_e_mail_with_its_own_link(self, officers_door):
        page = text(officers_door.get(PAGE))
        assert "Provide: ig@provide.example.org" in page
        others = {p.organisation for p in stored().all_parties} - {
            named("Provide"),
            named(OTHER),
        }
        for each in others:
            assert f"{each}: no e-mail address is recorded" in page
        page = officers_door.post(PAGE, {"_ask": "x"}, follow=True)
        assert "Asked for approval by e-mail: 2 sent." in messages(page)
        assert "Provide: asked on 22 November 2026, and can answer until 21 January" in text(page)
        assert {each.to[0] for each in mail.outbox} == {
            "ig@provide.example.org",
            "ig@essex.example.org",
        }
        for message in mail.outbox:
            (request,) = ApprovalRequest.objects.filter(email=message.to[0])
            found = re.findall(
                r"https://register\.example\.org(/approvals/answer/\S+)", message.body
            )
            assert [Client().get(each).status_code for each in found] == [200]
            assert "0046" in message.subject
            assert "version V2" in message.body
            assert request.emails == 1
        # Nobody is asked twice.
        page = officers_door.post(PAGE, {"_ask": "x"}, follow=True)
        assert "nobody to ask" in messages(page)
        assert len(mail.outbox) == 2

    def test_a_mail_server_that_refuses_is_tried_again_by_the_daily_run(
        self, officers_door, settings
    ):
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        page = officers_door.post(PAGE, {"_ask": "x"}, follow=True)
        assert "Not taken by the mail server: 2." in messages(page)
        assert "the e-mail was not taken" in text(page)
        assert of().problem
        with pytest.raises(CommandError, match="were not sent"):
            call_command("send_review_reminders")
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        Contact.objects.filter(organisation=named("Provide")).update(
            email="new@provide.example.org"
        )
        call_command("send_review_reminders")
        assert (of().emails, of().problem, of().email) == (1, "", "new@provide.example.org")
        assert "new@provide.example.org" in {to for each in mail.outbox for to in each.to}

    def test_refused_addresses_keep_nobody_waiting(self, officers_door, settings):
        settings.EMAIL_BACKEND = f"{__name__}.Choosy"
        protocol = Protocol.objects.get(pk="0036")
        for number, party in enumerate(protocol.all_parties[:6]):
            name = "gone" if number < 4 else "there"
            Contact.objects.update_or_create(
                organisation=party.organisation, defaults={"email": f"{name}{number}@example.org"}
            )
        page = officers_door.post(
            address("protocol", "approvals", "0036"), {"_ask": "x"}, follow=True
        )
        taken = ApprovalRequest.objects.filter(emails=1).count()
        assert f"Asked for approval by e-mail: {taken} sent." in messages(page)
        assert taken >= 2

    def test_a_server_that_is_away_is_tried_three_times(self, officers_door, settings):
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        for party in Protocol.objects.get(pk="0036").all_parties[:6]:
            Contact.objects.get_or_create(
                organisation=party.organisation, defaults={"email": "ig@body.example.org"}
            )
        tried = len(Refusing.tried)
        at = address("protocol", "approvals", "0036")
        page = officers_door.post(at, {"_ask": "x"}, follow=True)
        number = ApprovalRequest.objects.count()
        assert number > MOST_FAILURES
        assert f"Not taken by the mail server: {number}." in messages(page)
        assert len(Refusing.tried) - tried == MOST_FAILURES

    def test_of_two_runs_at_once_one_sends(self, officer):
        asked = ask_for_approval(stored(), at=NOW, by=officer)
        how = {
            "place": ExportContext(site="https://register.example.org", on=NOW.date()),
            "sender": Sender(partnership=settings.PARTNERSHIP, address="weisf@example.org"),
        }
        assert send_requests(asked, **how) == (2, 0)
        assert send_requests(asked, **how) == (0, 0)
        assert len(mail.outbox) == len(asked)

    def test_nobody_is_written_to_whose_contact_was_removed(self, officers_door, settings):
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        ask(officers_door)
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        Contact.objects.filter(organisation=named("Provide")).delete()
        call_command("send_review_reminders")
        assert [each.to for each in mail.outbox if "approve" in each.subject] == [
            ["ig@essex.example.org"]
        ]

    def test_an_objection_that_waits_is_not_hidden_by_a_merge(self, reader, officers_door):
        ask(officers_door)
        approve(reader, of(), choice="objected", reason=REASON)
        ApprovalRequest.objects.create(
            protocol_id="0046", organisation=named("Provide"), version="V2", email="x@example.org",
            asked_at=NOW,
        )  # fmt: skip
        why = {str(each.organisation): each.why_not for each in recipients(stored(), at=NOW)}
        assert "objected on" in why["Provide"]

    def test_without_a_mail_server_nobody_is(self, officers_door, settings):
        settings.EMAIL_BACKEND = NO_MAIL
        assert "No mail server is set up" in text(officers_door.get(PAGE))
        page = officers_door.post(PAGE, {"_ask": "x"}, follow=True)
        assert "nobody was asked" in messages(page)
        assert not ApprovalRequest.objects.exists()

    def test_not_about_a_draft_or_one_that_is_withdrawn(self, officers_door):
        Protocol.objects.filter(pk="0046").update(status="draft", published_on=None)
        assert "Publish it, then ask" in text(officers_door.get(PAGE))
        page = officers_door.post(PAGE, {"_ask": "x"}, follow=True)
        assert "is not in force, so nobody is asked" in messages(page)
        Protocol.objects.filter(pk="0046").update(status="published", published_on=NOW.date())
        withdraw("0046")
        page = officers_door.post(PAGE, {"_ask": "x"}, follow=True)
        assert "is not in force, so nobody is asked" in messages(page)

    def test_one_that_has_ended_is_not(self, officers_door):
        ended = named("Provide")
        saved(ended, Succession(organisation=ended, successor=named("Medway Council")))
        assert "Provide: has ended" in text(officers_door.get(PAGE))


class TestAnswered:
    def test_an_approval_is_public_at_once(self, reader, officers_door):
        ask(officers_door)
        page = reader.get(link(of()))
        assert "Do you approve this protocol?" in text(page)
        assert not page.cookies
        assert page["Cache-Control"] == "no-store, private"
        assert approve(reader, of()).status_code == HTTPStatus.SEE_OTHER
        assert "Thank you" in text(reader.get(link(of())))
        party = provide()
        assert (party.signed_on, party.approved_by) == (NOW.date(), TITLE)
        assert (party.approved_version, party.approval_source) == ("V2", "link")
        public = text(reader.get(PUBLIC))
        count = len({each.organisation_id for each in stored().all_parties})
        assert f"1 of {count} have approved version V2" in public
        assert f"Provide {TITLE}, 22 November 2026" in public
        change = Change.objects.filter(protocol="0046").first()
        assert f"approved by: {TITLE}, version V2, by link" in change.what
        assert change.by is None
        assert "Provide: approved this version on 22 November 2026" in text(officers_door.get(PAGE))

    def test_looking_changes_nothing(self, reader, officers_door):
        ask(officers_door)
        for _ in range(2):
            assert reader.get(link(of())).status_code == HTTPStatus.OK
            assert reader.head(link(of())).status_code == HTTPStatus.OK
        assert send(reader, link(of())).status_code == HTTPStatus.BAD_REQUEST
        assert reader.post(link(of()), "{}", "application/json").status_code == 400
        assert (of().choice, provide().signed_on) == ("", None)

    BAD = {
        "no choice": ({"choice": ""}, "Select one of the 3 answers."),
        "no job title": ({"job_title": " "}, "Enter your job title."),
        "a person": ({"job_title": "Dr Smith"}, "not a person’s name"),
        "an address": ({"job_title": "a@b.cd"}, "Job title: Remove the e-mail"),
        "marks that turn text round": ({"job_title": "SIRO\u202e"}, "cannot be read"),
        "too long": ({"job_title": "x" * 151}, "151 characters"),
        "no reason": ({"choice": "objected"}, "Enter why you object."),
        "a long reason": ({"choice": "objected", "reason": "x" * 2001}, "2,001 characters"),
    }  # fmt: skip

    @pytest.mark.parametrize(("typed", "sentence"), BAD.values(), ids=BAD)
    def test_what_cannot_be_right_is_said_and_nothing_is_lost(
        self, reader, officers_door, typed, sentence
    ):
        ask(officers_door)
        page = approve(reader, of(), **typed)
        assert page.status_code == HTTPStatus.BAD_REQUEST
        assert sentence in text(page)
        assert (of().choice, provide().signed_on) == ("", None)

    def test_an_objection_waits_for_a_publisher_and_is_never_public(self, reader, officers_door):
        ask(officers_door)
        sent = approve(reader, of(), choice="objected", reason=REASON)
        assert sent.status_code == HTTPStatus.SEE_OTHER
        assert REASON not in text(reader.get(link(of())))
        assert provide().signed_on is None
        for each in (PUBLIC, f"{PUBLIC}changes/", "/protocols/0046.json", "/protocols.csv", "/"):
            assert REASON not in reader.get(each).getvalue().decode()
        home = text(officers_door.get("/admin/"))
        assert "Objections to approval, to deal with" in home
        listed = address("approvalrequest", "changelist")
        assert "Provide" in text(officers_door.get(f"{listed}?answer=waiting"))
        assert "Provide" not in text(officers_door.get(f"{listed}?answer=none"))
        assert "Provide" in text(officers_door.get(f"{listed}?answer=objected"))
        page = officers_door.get(address("approvalrequest", "change", of().pk))
        assert REASON in text(page)
        assert "Provide: objected on 22 November 2026" in text(officers_door.get(PAGE))
        at = address("approvalrequest", "dealt_with", of().pk)
        assert "Nothing has been decided" in messages(officers_door.get(at, follow=True))
        assert "is dealt with" in messages(officers_door.post(at, follow=True))
        assert "dealt with already" in messages(officers_door.post(at, follow=True))
        assert (
            "It is dealt with"
            not in officers_door.get(address("approvalrequest", "change", of().pk)).content.decode()
        )
        first = of()
        ask(officers_door)
        assert of() != first
        assert approve(reader, of()).status_code == HTTPStatus.SEE_OTHER

    def test_only_a_publisher_deals_with_it(self, reader, officers_door, editors_door):
        ask(officers_door)
        approve(reader, of(), choice="not-ours", reason="")
        page = editors_door.get(address("approvalrequest", "change", of().pk))
        assert "It is dealt with" not in page.content.decode()
        at = address("approvalrequest", "dealt_with", of().pk)
        assert editors_door.post(at).status_code == HTTPStatus.FORBIDDEN

    def test_the_same_once_more_is_one_answer_and_another_is_too_late(self, reader, officers_door):
        ask(officers_door)
        for _ in range(2):
            assert approve(reader, of()).status_code == HTTPStatus.SEE_OTHER
        page = approve(reader, of(), job_title="SIRO")
        assert page.status_code == HTTPStatus.CONFLICT
        assert "was not saved" in text(page)
        assert provide().approved_by == TITLE

    def test_nobody_approves_what_they_did_not_read(self, reader, officers_door):
        ask(officers_door)
        seen = seen_of(stored())
        approve(reader, of(OTHER))
        assert seen_of(stored()) == seen  # another's approval alters nothing that is approved
        protocol = stored()
        protocol.purpose = "To share more."
        saved(protocol)
        page = approve(reader, of(), seen=seen)
        assert page.status_code == HTTPStatus.BAD_REQUEST
        assert "has changed since you opened this page" in text(page)
        assert "To share more." in text(page)
        assert provide().signed_on is None
        assert approve(reader, of()).status_code == HTTPStatus.SEE_OTHER

    def test_too_many_tries_wait(self, reader, officers_door):
        ask(officers_door)
        statuses = [reader.get(f"{DOOR}?link=x{each}").status_code for each in range(22)]
        assert statuses[0] == HTTPStatus.NOT_FOUND
        assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS


class TestALinkThatIsTooLate:
    def shown(self, reader, sentence: str, status: int = 410) -> None:
        page = reader.get(link(of()))
        assert (page.status_code, sentence in text(page)) == (status, True), text(page)
        page = approve(reader, of())
        assert (page.status_code, "was not saved" in text(page)) == (status, True)

    def test_altered(self, reader, officers_door):
        ask(officers_door)
        for token in ("", "x", make_token(of())[:-1], f"{of().pk}:x"):
            assert reader.get(f"{DOOR}?link={quote(token)}").status_code == HTTPStatus.NOT_FOUND

    def test_expired(self, reader, officers_door):
        ask(officers_door)
        with time_machine.travel(NOW + datetime.timedelta(days=60)):
            assert reader.get(link(of())).status_code == HTTPStatus.OK
        with time_machine.travel(NOW + datetime.timedelta(days=61)):
            self.shown(reader, "This link has expired")

    def test_of_a_protocol_that_is_withdrawn(self, reader, officers_door):
        ask(officers_door)
        withdraw("0046")
        self.shown(reader, "no longer in force")

    def test_of_another_version(self, reader, officers_door):
        ask(officers_door)
        protocol = stored()
        protocol.version = "V3"
        saved(protocol)
        self.shown(reader, "has another version now")
        ask(officers_door)
        assert of().version == "V3"

    def test_of_one_who_takes_no_part_any_more(self, reader, officers_door):
        ask(officers_door)
        Party.objects.filter(pk=provide().pk).delete()
        self.shown(reader, "takes no part any more")

    def test_recorded_otherwise(self, reader, officers_door):
        ask(officers_door)
        Party.objects.filter(pk=provide().pk).update(
            signed_on=NOW.date(), approved_version="V2", approval_source="paper"
        )
        self.shown(reader, "recorded already", 200)

    def test_asked_again_after_a_new_beginning(self, reader, officers_door, officer):
        ask(officers_door)
        first = of()
        approve(reader, first)
        start_approvals_anew(stored(), at=NOW, by=officer)
        ask(officers_door)
        assert of() != first
        assert "Thank you" in text(reader.get(link(first)))
        approve(reader, of(), job_title="SIRO")
        assert provide().approved_by == "SIRO"
        ApprovalRequest.objects.filter(pk=first.pk).update(
            choice="", answered_at=None, job_title=""
        )
        page = reader.get(link(first))
        assert "asked again since" in text(page)

    def test_between_two_who_answer_at_once(self, reader, officers_door):
        ask(officers_door)
        request = of()
        how = {"job_title": TITLE, "seen": seen_of(stored()), "at": NOW}
        answer(request, choice="approved", reason="", **how)
        with pytest.raises(RequestClosed, match="answered"):
            answer(request, choice="objected", reason=REASON, **how)
        assert of().choice == "approved"

    def test_works_when_its_body_was_merged(self, reader, officers_door):
        ask(officers_door)
        before = link(of())
        changes.merge(named("Medway Council"), named("Provide"), at=NOW)
        assert reader.get(before).status_code == HTTPStatus.OK
        typed = {"choice": "approved", "job_title": TITLE, "seen": seen_of(stored())}
        assert send(reader, before, **typed).status_code == HTTPStatus.SEE_OTHER
        party = Party.objects.get(protocol="0046", organisation__name="Medway Council")
        assert party.approved_by == TITLE


class TestReminded:
    def run(self, days: int) -> int:
        before = len(mail.outbox)
        with time_machine.travel(NOW + datetime.timedelta(days=days)):
            call_command("send_review_reminders")
        return len([m for m in mail.outbox[before:] if "approve" in m.subject])

    def test_twice_and_then_it_is_quiet(self, officers_door):
        ask(officers_door)
        assert [self.run(days) for days in (1, 13, 14, 15, 27, 28, 42, 59)] == [
            *(0, 0, 2, 0, 0, 2),
            *(0, 0),
        ]
        assert "Reminder: please approve" in mail.outbox[-1].subject

    def test_whoever_has_answered_is_not(self, reader, officers_door, capsys):
        ask(officers_door)
        approve(reader, of())
        with time_machine.travel(NOW + datetime.timedelta(days=14)):
            call_command("send_review_reminders", "--dry-run")
        assert "About approvals: 1 would be sent." in capsys.readouterr().out
        assert self.run(14) == 1

    def test_one_e_mail_is_about_all_of_its_protocols(self, officers_door):
        ask(officers_door)
        other = Protocol.objects.exclude(pk="0046").filter(parties__organisation=named("Provide"))[
            0
        ]
        officers_door.post(address("protocol", "approvals", other.pk), {"_ask": "x"})
        mail.outbox.clear()
        self.run(14)
        to_provide = [m for m in mail.outbox if m.to == ["ig@provide.example.org"]]
        about = [m for m in to_provide if "approve" in m.subject]
        assert len(about) == 1
        assert "2 protocols" in about[0].subject


def test_requests_go_after_their_time_but_for_what_is_to_be_dealt_with(
    reader, officers_door, settings
):
    settings.APPROVAL_REQUEST_DAYS = 100
    ask(officers_door)
    approve(reader, of(), choice="objected", reason=REASON)
    late = (NOW + datetime.timedelta(days=101)).date()
    assert delete_old_requests(on=late - datetime.timedelta(days=1)) == 0
    assert delete_old_requests(on=late, dry=True) == 1
    assert ("Requests for approval", 1) in delete_expired(on=late)
    assert list(ApprovalRequest.objects.all()) == [of()]
    officers_door.post(address("approvalrequest", "dealt_with", of().pk))
    assert delete_old_requests(on=late) == 1


def test_somebody_who_may_not_publish_cannot_ask(editors_door):
    assert editors_door.post(PAGE, {"_ask": "x"}).status_code == HTTPStatus.FORBIDDEN


def test_a_lead_and_partner_in_one_is_asked_once(officers_door):
    lead = stored().lead.organisation
    saved(stored(), Party(protocol_id="0046", organisation=lead, role="partner"))
    asked = ask(officers_door)
    assert len({each.organisation_id for each in asked}) == len(asked)
    assert links(Client().get(link(asked[0])))
    with pytest.raises(ValidationError, match="dealt with already"):
        deal_with(asked[0], at=NOW, by=None)


class TestTheLedger:
    def page(self, door: Client, **question: str):
        at = address("organisation", "approvals", named("Provide").pk)
        return door.get(at, question)

    def rows(self, page) -> list[tuple[str, bool]]:
        return [(party.protocol_id, party.is_approved) for party, _ in page.context["lines"]]

    def test_has_each_protocol_what_is_missing_first(self, reader, officers_door):
        in_force = Party.objects.filter(
            organisation=named("Provide"), protocol__status="published"
        ).count()
        ask(officers_door)
        page = self.page(officers_door)
        assert len(self.rows(page)) == in_force
        assert "no answer yet" in text(page)
        approve(reader, of())
        page = self.page(officers_door)
        assert self.rows(page)[-1] == ("0046", True)
        assert f"22 November 2026, {TITLE}, by link" in text(page)
        assert self.rows(self.page(officers_door, show="approved")) == [("0046", True)]
        assert len(self.rows(self.page(officers_door, show="missing"))) == in_force - 1
        assert self.rows(self.page(officers_door, job_title=TITLE)) == [("0046", True)]
        assert "There is none." in text(self.page(officers_door, job_title="Nobody"))
        edit = officers_door.get(address("organisation", "change", named("Provide").pk))
        assert any(words == "Approvals" for _, words in links(edit))

    def test_counts_an_approval_for_the_version_of_now(self, reader, officers_door):
        ask(officers_door)
        approve(reader, of())
        protocol = stored()
        protocol.version = "V3"
        saved(protocol)
        page = self.page(officers_door)
        assert ("0046", False) in self.rows(page)
        assert "of version V2" in text(page)
        Party.objects.filter(pk=provide().pk).update(
            approval_source="", approved_version="", approved_by=""
        )
        assert ("0046", True) in self.rows(self.page(officers_door))

    def test_takes_as_many_queries_for_many_as_for_one(
        self, officers_door, django_assert_max_num_queries
    ):
        self.page(officers_door)
        with django_assert_max_num_queries(20):
            page = self.page(officers_door)
        assert len(self.rows(page)) > 3
