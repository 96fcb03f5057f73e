"""The lead fills in a record by its link: the form, the draft, the proposal, what is refused."""

from __future__ import annotations

import datetime
import re
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client

from registers import changes
from registers.changes import proposal as deciding
from registers.changes import record_change, save
from registers.changes.redaction.redact import papers_of
from registers.models import LeadDraft, Option, Proposal, Protocol, Reminded
from registers.reminders.answers import make_token
from registers.reminders.completion import ASKED, unrecorded
from registers.reminders.completion_form import hint_of
from registers.reminders.links import MOST_TRIES
from tests.admin.typing_in import Page, address, boxes
from tests.cast import door_of
from tests.changes.test_redaction import take_out
from tests.papers import docx, pdf
from tests.proposing import all_of, shown
from tests.public.answering import GOOD, link_to
from tests.public.answering import send as send_answer
from tests.public.pages import text
from tests.reminders.lines import NOW, SENT_AT, TITLE, a_line, a_review, an_answer, give_away
from tests.reminders.lines import withdraw as withdraw_it

pytestmark = pytest.mark.usefixtures("real_register", "today")

BASIS = "Public task: UK GDPR Article 6(1)(e)"
HEALTH, PATIENTS = "Health", "Patients"
FIVE = {
    "information_items": "Names and\r\nneeds",
    "people": [PATIENTS, "Residents"],
    "bases": [BASIS],
    "criminal_offence_data": "no",
    "retention": "Until the child is 25.",
}


@pytest.fixture(autouse=True)
def _papers(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def line(real_register) -> Reminded:
    return a_line("0042")


def door(line: Reminded) -> str:
    return f"/reviews/answer/record/?link={quote(make_token(line))}"


def fill_in(client: Client, line: Reminded, button: str = "send", **typed: Any) -> Any:
    """Open the page, type, and press a button ('' for none)."""
    page = client.get(door(line))
    seen = Page(page.content.decode()).boxes.get("seen", "")
    sent = {"seen": seen, "job_title": TITLE, **({button: button} if button else {}), **typed}
    return client.post(door(line), sent)


def a_paper(name: str = "signed.pdf", content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or pdf("signed"))


def protocol() -> Protocol:
    return Protocol.objects.get(pk="0042")


def stored() -> list[str]:
    """The files that are stored, drafts' first."""
    found = []
    for folder in ("unsaved", ""):
        if default_storage.exists(folder or "."):
            found += [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
    return found


class TestThePage:
    def test_it_asks_for_what_is_not_recorded_and_nothing_of_officers(self, client, line):
        page = client.get(door(line))
        asked = {box.name for _, some, _ in page.context["sections"] for box in some}
        assert asked == {field.name for field in unrecorded(line.protocol)}
        assert {"bases", "people", "retention", "privacy_notice", "version"} <= asked
        never = {"reference", "title", "theme", "status", "purpose", "admin_note", "review_date"}
        never |= {"parties_note", "parties_complete", "review_note", "published_on", "replaced_by"}
        assert not asked & never
        words = text(page)
        for field in ASKED:
            assert field.name not in asked or hint_of(field) in words
            assert field.name not in asked or field.law in words

    def test_words_are_not_asked_for_where_their_options_stand(self, client, line):
        Protocol.objects.filter(pk="0042").update(bases=BASIS, does_not_apply="people\nretention")
        asked = {field.name for field in unrecorded(protocol())}
        assert not asked & {"lawful_basis", "bases", "data_subjects", "people", "retention"}

    def test_the_answers_page_and_the_e_mail_lead_to_it(self, client, line):
        page = client.get(link_to(line))
        assert door(line).partition("?")[0] in page.content.decode()
        assert page.context["completion"]["missing"] == unrecorded(line.protocol)

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_following_the_link_changes_nothing_and_is_not_stored(self, client, line, method):
        for _ in range(3):
            page = getattr(client, method)(f"{door(line)}&send=send&bases=x&job_title=x")
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "no-referrer"
        assert not page.cookies
        assert not LeadDraft.objects.exists()
        assert not Proposal.objects.exists()

    def test_tries_are_counted_with_those_of_answers(self, client, line):
        for _ in range(MOST_TRIES):
            client.get(link_to(line))
        assert client.get(door(line)).status_code == 429


class TestTheDraft:
    @pytest.mark.both_databases
    def test_it_is_saved_as_often_as_one_likes_and_comes_back(self, client, line):
        answer = fill_in(client, line, "save", **FIVE, document=a_paper())
        assert (answer.status_code, answer["Location"]) == (303, f"{door(line)}&saved=yes")
        page = client.get(answer["Location"])
        assert page.context["just_saved"]
        more = {
            "people": [PATIENTS],
            "dpia_on": "31 March 2025",
            "legal_power-does-not-apply": "on",
        }
        fill_in(client, line, "save", **FIVE | more)
        page = client.get(door(line))
        held = {box.name: box for _, some, _ in page.context["sections"] for box in some}
        assert held["information_items"].value == "Names and\nneeds"
        assert [each for each, _, chosen in held["people"].choices if chosen] == [PATIENTS]
        assert held["criminal_offence_data"].value == "no"
        assert held["dpia_on"].value == "31 March 2025"
        assert held["legal_power"].ticked
        assert page.context["job_title"] == TITLE
        draft = LeadDraft.objects.get()
        assert str(draft) == "Draft about 0042"
        assert (draft.name, draft.values["people"]) == ("signed.pdf", PATIENTS)
        assert not Proposal.objects.exists()
        assert protocol().bases == ""

    def test_another_file_takes_the_place_of_the_first(
        self, client, line, django_capture_on_commit_callbacks
    ):
        fill_in(client, line, "save", document=a_paper())
        with django_capture_on_commit_callbacks(execute=True):
            fill_in(client, line, "save", document=a_paper("Agreement.docx", docx()))
        assert LeadDraft.objects.get().name == "Agreement.docx"
        assert len(stored()) == 1

    def test_a_good_file_is_kept_where_something_else_is_wrong(self, client, line):
        fill_in(client, line, "save", retention="A year.")
        wrong = {"retention": "Two years.", "dpia_on": "31 Marchh 2025", "document": a_paper()}
        answer = fill_in(client, line, "save", **wrong)
        assert answer.status_code == 400
        assert list(answer.context["errors"]) == ["dpia_on"]
        draft = LeadDraft.objects.get()
        assert (draft.name, draft.values) == ("signed.pdf", {"retention": "A year."})
        held = Page(answer.content.decode()).boxes
        assert (held["retention"], held["dpia_on"]) == ("Two years.", "31 Marchh 2025")
        assert held["seen"] == draft.saved_at.isoformat()

    def test_it_is_kept_too_where_two_answers_do_not_fit(self, client, line):
        days = {"starts_on": "1 May 2026", "ends_on": "1 May 2025"}
        assert fill_in(client, line, **days, document=a_paper()).status_code == 400
        assert LeadDraft.objects.get().name == "signed.pdf"

    def test_two_people_with_one_link_lose_nothing(self, client, line):
        first = Page(client.get(door(line)).content.decode()).boxes["seen"]
        theirs = {"retention": "A year.", "people": [PATIENTS], "disposal-does-not-apply": "on"}
        fill_in(client, line, "save", **theirs)
        mine = {"benefits": "Help sooner.", "seen": first, "save": "save", "document": a_paper()}
        answer = client.post(door(line), mine)
        assert (answer.status_code, list(answer.context["errors"])) == (400, ["page"])
        assert LeadDraft.objects.get().values["retention"] == "A year."
        held = {box.name: box for _, some, _ in answer.context["sections"] for box in some}
        assert held["benefits"].value == "Help sooner."
        assert held["retention"].value == "A year."
        assert held["disposal"].ticked
        assert [each for each, _, chosen in held["people"].choices if chosen] == [PATIENTS]

    def test_an_option_that_left_its_list_stays_in_the_draft(self, client, line):
        own = Option.objects.create(options="people", words="Anglers")
        fill_in(client, line, "save", people=["Anglers"])
        own.delete()
        answer = fill_in(client, line, "save", people=["Anglers"], retention="A year.")
        assert answer.status_code == 303
        assert LeadDraft.objects.get().values["people"] == "Anglers"

    @pytest.mark.both_databases
    def test_it_goes_with_its_file_after_its_time(
        self, client, line, settings, django_capture_on_commit_callbacks
    ):
        settings.LEAD_DRAFT_DAYS = 30
        fill_in(client, line, "save", retention="A year.", document=a_paper())
        for days, left in ((30, 1), (31, 0)):
            at = NOW + datetime.timedelta(days=days, minutes=-1 if left else 0)
            with (
                time_machine.travel(at, tick=False),
                django_capture_on_commit_callbacks(execute=True),
            ):
                call_command("delete_expired", stdout=StringIO())
            assert (LeadDraft.objects.count(), len(stored())) == (left, left)

    def test_its_file_is_taken_out_with_those_of_the_protocol(
        self, client, line, administrator, django_capture_on_commit_callbacks
    ):
        fill_in(client, line, "save", retention="A secret.", document=a_paper())
        page = door_of(administrator).get("/admin/registers/protocol/0042/take-out/")
        assert "Chosen by the lead, and not sent: signed.pdf" in page.content.decode()
        (paper,) = [each for each in papers_of(protocol()) if isinstance(each, LeadDraft)]
        with django_capture_on_commit_callbacks(execute=True):
            take_out(protocol(), "secret", files=[paper.file.name])
        draft = LeadDraft.objects.get()
        assert (draft.name, draft.file.name) == ("", "")
        assert "secret" not in draft.values["retention"]
        assert not stored()


class TestSending:
    @pytest.mark.both_databases
    def test_it_becomes_one_proposal_that_is_accepted_field_by_field(
        self, client, line, publisher, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            fill_in(client, line, "save", **FIVE, document=a_paper())
            more = {"legal_power-does-not-apply": "on", "title": "The agreement"}
            answer = fill_in(client, line, **FIVE, **more)
        assert (answer.status_code, answer["Location"]) == (303, door(line))
        proposal = Proposal.objects.get()
        assert (proposal.source, proposal.by, proposal.job_title) == ("lead", None, TITLE)
        assert proposal.writer == "Essex County Council, by its link"
        assert proposal.wanted["fields"] == {
            "information_items": "Names and\nneeds",
            "people": f"{PATIENTS}\nResidents",
            "bases": BASIS,
            "criminal_offence_data": False,
            "retention": "Until the child is 25.",
            "does_not_apply": "legal_power",
        }
        (file,) = proposal.files.all()
        assert file.name == "signed.pdf"
        assert not LeadDraft.objects.exists()
        assert len(stored()) == 1
        sent = client.get(answer["Location"])
        assert "Thank you" in text(sent)
        assert protocol().bases == ""
        assert not protocol().documents.exists()
        page = door_of(publisher).get(address("proposal", "change", proposal.pk)).content.decode()
        assert f"Essex County Council, by its link ({TITLE})" in page
        assert re.search(r"Proposed</span>Legal power or duty\s*</td>", page)
        some = {name: value for name, value in all_of(proposal).items() if name != "retention"}
        deciding.accept(proposal, shown=shown(proposal), chosen=some, at=NOW, by=publisher)
        now = protocol()
        assert (now.bases, now.retention, now.not_applying) == (BASIS, "", ["legal_power"])
        assert now.criminal_offence_data is False
        (paper,) = now.documents.all()
        assert (paper.title, paper.name) == ("The agreement", "signed.pdf")
        assert BASIS in text(client.get("/protocols/0042/"))
        asked = client.get(door(line)).context["sections"]
        assert "retention" in {box.name for _, some, _ in asked for box in some}

    def test_what_comes_back_is_offered_again_with_the_comment(self, client, line, publisher):
        Protocol.objects.filter(pk="0042").update(does_not_apply="disposal")
        fill_in(
            client,
            line,
            retention="A year.",
            document=a_paper(),
            **{"benefits-does-not-apply": "on"},
        )
        proposal = Proposal.objects.get()
        comment = "How long exactly?"
        deciding.return_with_comment(proposal, at=NOW, by=publisher, comment=comment)
        page = client.get(door(line))
        assert comment in text(page)
        held = {box.name: box for _, some, _ in page.context["sections"] for box in some}
        assert held["retention"].value == "A year."
        assert held["benefits"].ticked
        assert "disposal" not in held
        later = NOW + datetime.timedelta(hours=1)
        with time_machine.travel(later, tick=False):
            assert fill_in(client, line, retention="Two years.").status_code == 303
            assert "Thank you" in text(client.get(door(line)))

    def test_what_others_record_meanwhile_is_for_the_publisher_to_choose(
        self, client, line, publisher
    ):
        typed = {"retention": "A year.", "disposal-does-not-apply": "on", "benefits": "Help."}
        fill_in(client, line, "save", **typed)
        theirs = protocol()
        theirs.retention, theirs.disposal = "Ten years.", "Shredded."
        theirs.does_not_apply = "benefits"
        with record_change(theirs, at=NOW):
            save(theirs)
        page = client.get(door(line))
        recorded = {b.name: b.recorded for _, some, _ in page.context["sections"] for b in some}
        assert (recorded["retention"], recorded["disposal"]) == ("Ten years.", "Shredded.")
        assert fill_in(client, line, **typed).status_code == 303
        proposal = Proposal.objects.get()
        ticked = boxes(door_of(publisher), address("proposal", "change", proposal.pk))
        assert {"take-retention", "take-disposal"}.isdisjoint(ticked)
        assert "take-benefits" in ticked
        assert proposal.wanted["fields"]["does_not_apply"] == "disposal"

    def test_the_record_may_be_complete_and_a_document_is_sent(self, client, line):
        every = "\n".join(field.name for field in ASKED if field.may_not_apply)
        words = {"information_items": "x", "summary": "x", "version": "1", "agreement_kind": "x"}
        Protocol.objects.filter(pk="0042").update(does_not_apply=every, **words)
        assert client.get(door(line)).context["is_complete"]
        assert fill_in(client, line, document=a_paper()).status_code == 303
        assert [each.name for each in Proposal.objects.get().files.all()] == ["signed.pdf"]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("typed", "box"),
        [
            ({}, "page"),
            ({"job_title": "", "retention": "A year."}, "job_title"),
            ({"job_title": "jo@example.org", "retention": "A year."}, "job_title"),
            ({"retention": "Ask jo@example.org"}, "retention"),
            ({"retention": "Turned \u202eround"}, "retention"),
            ({"retention": "x" * 10_001}, "retention"),
            ({"version": "x" * 51}, "version"),
            ({"retention": "A year.", "retention-does-not-apply": "on"}, "retention"),
            ({"people": ["Martians"]}, "people"),
            ({"dpia_state": "Perhaps"}, "dpia_state"),
            ({"criminal_offence_data": "perhaps"}, "criminal_offence_data"),
            ({"dpia_on": "tomorrow"}, "dpia_on"),
            ({"privacy_notice": "javascript:alert(1)"}, "privacy_notice"),
            ({"starts_on": "1 May 2026", "ends_on": "1 May 2025"}, "page"),
            ({"document": ("signed.exe", b"MZ")}, "document"),
            ({"document": ("signed.pdf", b"no pdf")}, "document"),
            ({"document": ("empty.pdf", b"")}, "document"),
            ({"document": ("jo@example.org.pdf", pdf())}, "document"),
            ({"title": "Of \u2066jo", "document": ("signed.pdf", pdf())}, "title"),
        ],
    )
    def test_a_sentence_names_the_box_and_nothing_is_sent(self, client, line, typed, box):
        if isinstance(typed.get("document"), tuple):
            typed = typed | {"document": SimpleUploadedFile(*typed["document"])}
        answer = fill_in(client, line, **typed)
        assert answer.status_code == 400
        assert list(answer.context["errors"]) == [box]
        assert not Proposal.objects.exists()
        assert stored() == [] or box == "title"

    def test_neither_button_or_no_form_of_ours(self, client, line):
        answer = fill_in(client, line, "", retention="A year.")
        assert (answer.status_code, list(answer.context["errors"])) == (400, ["page"])
        sent = "send=send&retention=A+year."
        assert client.post(door(line), sent, "application/x-www-form-urlencoded").status_code == 400
        assert not LeadDraft.objects.exists()

    def test_formulas_are_words(self, client, line):
        fill_in(client, line, retention="=1+1")
        assert Proposal.objects.get().wanted["fields"]["retention"] == "=1+1"

    def test_more_is_not_sent_while_something_waits(self, client, line):
        fill_in(client, line, retention="A year.")
        answer = client.post(door(line), {"send": "send", "seen": "", "retention": "Two."})
        assert "not saved" in text(answer)
        assert Proposal.objects.count() == 1


EXPIRED_AT = SENT_AT - datetime.timedelta(days=63)


class TestTheLink:
    @pytest.mark.parametrize("how", ["expired", "withdrawn", "moved"])
    def test_one_that_cannot_be_used_says_why(self, client, how):
        line = a_line("0042", at=EXPIRED_AT if how == "expired" else SENT_AT)
        if how == "withdrawn":
            withdraw_it("0042")
        elif how == "moved":
            give_away("0042")
        page = client.get(door(line))
        assert (page.status_code, page.context["state"]) == (410, how)
        sent = client.post(door(line), {"send": "send", "retention": "A year."})
        assert sent.status_code == 410
        assert "was not saved" in text(sent)
        assert client.get(link_to(line)).context["completion"] is None
        assert not Proposal.objects.exists()

    def test_the_answer_and_the_record_do_not_close_each_other(self, client, line):
        send_answer(client, link_to(line), **GOOD)
        assert "Fill in what is missing" in text(client.get(link_to(line)))
        assert fill_in(client, line, retention="A year.").status_code == 303
        assert client.get(link_to(line)).context["completion"]["is_sent"]
        other = a_line("0036")
        assert fill_in(client, other, retention="A year.").status_code == 303
        assert send_answer(client, link_to(other), **GOOD).status_code == 303

    def test_a_review_leaves_it_open(self, client, line, publisher):
        an_answer(line)
        changes.record_review(a_review("0042"), at=NOW)
        assert fill_in(client, line, "save", retention="A year.").status_code == 303
        assert "Go on filling it in" in text(client.get(link_to(line)))

    @pytest.mark.parametrize("button", ["save", "send"])
    @pytest.mark.parametrize("wrong", [{}, {"dpia_on": "x", "document": True}])
    def test_what_ends_while_the_page_is_sent_is_told(self, client, line, button, wrong):
        """Between the check of the link and the lock somebody withdraws the protocol."""
        page = client.get(door(line))
        sent = {"seen": Page(page.content.decode()).boxes["seen"], "job_title": TITLE}
        sent |= {button: button, "retention": "A year.", **wrong}
        if wrong:
            sent["document"] = a_paper()
        is_first = True

        def withdraw_first(execute, sql, *rest):
            nonlocal is_first
            if is_first and "registers_leaddraft" in sql:
                is_first = False
                withdraw_it("0042")
            return execute(sql, *rest)

        with connection.execute_wrapper(withdraw_first):
            answer = client.post(door(line), sent)
        assert answer.status_code == 409
        assert "was not saved" in text(answer)
        assert not LeadDraft.objects.exists()
        assert not Proposal.objects.exists()
