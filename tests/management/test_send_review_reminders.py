"""`manage.py send_review_reminders`: each gets one, whatever breaks, and the operator is told."""

from __future__ import annotations

import datetime
import io
import re

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command

from registers import changes
from registers.models import Answer, Contact, Organisation, Protocol, Reminded, Reminder
from tests.makers import OrganisationFactory
from tests.models.making import NOW
from tests.reminders import posting
from tests.reminders.making import a_lead, led_by, reminded

ON = "2026-11-22"
DAY = datetime.date(2026, 11, 22)
OLD, SOON = datetime.date(2024, 3, 1), datetime.date(2026, 12, 1)
SHUT = "django.core.mail.backends.dummy.EmailBackend"

pytestmark = [
    pytest.mark.usefixtures("empty_register", "today", "fresh_posts"),
]


@pytest.fixture
def fresh_posts(monkeypatch, settings):
    """Every backend starts from its class as it is written, and the register has an address."""
    monkeypatch.setattr(posting.Post, "opened", 0)
    monkeypatch.setattr(posting.Breaking, "tried", 0)
    settings.DEFAULT_FROM_EMAIL = "register@example.org"


def send(**options: object) -> str:
    said = io.StringIO()
    call_command("send_review_reminders", **options, stdout=said)
    return said.getvalue()


def send_in_vain(**options: object) -> tuple[str, str]:
    """What was printed, and the refusal with which the run ended."""
    said = io.StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("send_review_reminders", **options, stdout=said)
    assert ended.value.returncode == 1
    return said.getvalue(), str(ended.value)


def received() -> list[str]:
    return [message.to[0].removesuffix(".example") for message in mail.outbox]


def test_a_day_to_come_is_told_and_suppresses_nothing_before_it(backend, capsys):
    backend("Post")
    a_lead("Ashdown", SOON)
    assert "1 sent" in send(on="2027-03-01")
    assert "1 March 2027 is in the future, but reminders are sent now" in capsys.readouterr().err
    assert "1 sent" in send()
    assert "no reminder is due" in send()
    send(on="2027-03-02", dry_run=True)
    assert capsys.readouterr().err == ""


def stored(**fields: object) -> dict[str, str]:
    reminders = Reminder.objects.filter(**fields).order_by("organisation__name")
    return {str(each.organisation): each.status for each in reminders}


@pytest.fixture
def five() -> list[Organisation]:
    """Five leads, each with one protocol that is overdue."""
    names = ("Ashdown", "Birch", "Cedar", "Elder", "Fern")
    return [a_lead(name, OLD) for name in names]


@pytest.fixture
def backend(settings, monkeypatch):
    """Return a function that chooses a backend of tests/reminders/posting.py, and what it does."""

    def choose(name: str, **does: object) -> type:
        settings.EMAIL_BACKEND = f"tests.reminders.posting.{name}"
        chosen = getattr(posting, name)
        for each, value in does.items():
            monkeypatch.setattr(chosen, each, value)
        return chosen

    return choose


@pytest.mark.both_databases
class TestOneRun:
    def test_each_lead_gets_one_email_about_all_of_its_protocols(self, backend):
        post = backend("Post")
        a_lead("Ashdown", OLD, OLD, SOON)
        a_lead("Birch", SOON)
        a_lead("Cedar", datetime.date(2027, 9, 1))
        a_lead("Elder", OLD, contact=False)
        assert send().splitlines() == [
            "Sent to Ashdown: 2 overdue, 1 due.",
            "Sent to Birch: 1 due.",
            "No contact is recorded for Elder.",
            "22 November 2026: 2 sent, 1 without a contact.",
        ]
        assert received() == ["ig@ashdown", "ig@birch"]
        assert post.opened == 1
        ashdown = Reminder.objects.get(organisation__name="Ashdown")
        assert (ashdown.status, ashdown.day, ashdown.email, ashdown.problem) == (
            "sent",
            DAY,
            "ig@ashdown.example",
            "",
        )
        assert [line.review_date for line in ashdown.lines.all()] == [OLD, OLD, SOON]

    def test_a_second_run_on_the_day_sends_nothing(self, five):
        send()
        mail.outbox.clear()
        assert send() == "22 November 2026: no reminder is due.\n"
        assert send(on="2027-02-19") == "19 February 2027: no reminder is due.\n"
        assert received() == []

    def test_the_next_is_90_days_later(self, five):
        send()
        assert "20 February 2027: 5 sent." in send(on="2027-02-20")

    def test_what_another_run_sends_meanwhile_is_left_alone(self, five, backend):
        others: list[str] = []
        backend("Meanwhile", does=[lambda: others.append(send())])
        assert send().splitlines() == ["Sent to Ashdown: 1 overdue.", "22 November 2026: 1 sent."]
        assert "Not sent again to Ashdown: a run began it today" in others[0]
        assert "4 sent, 1 begun and not finished." in others[0]
        assert sorted(received()) == ["ig@ashdown", "ig@birch", "ig@cedar", "ig@elder", "ig@fern"]

    def test_what_is_reviewed_meanwhile_is_not_reminded_of(self, five, backend):
        def review() -> None:
            protocol = Protocol.objects.of_organisations([five[4]]).get()
            protocol.review_date = datetime.date(2029, 1, 1)
            changes.save(protocol)

        backend("Meanwhile", does=[review])
        assert "4 sent." in send()
        assert "ig@fern" not in received()

    def test_no_address_is_printed(self, five, backend):
        backend("Refusing", refused=("ig@birch",))
        said, refusal = send_in_vain()
        assert "@" not in said + refusal
        assert "Failed for Birch: SMTPRecipientsRefused:" in said
        assert "No such mailbox" in Reminder.objects.get(status="failed").problem

    def test_an_empty_register_owes_nobody_anything(self):
        assert send() == "22 November 2026: no reminder is due.\n"


class TestADryRun:
    def test_says_who_would_get_what_and_does_nothing(self, settings, five):
        settings.EMAIL_BACKEND = SHUT
        a_lead("Hazel", OLD, contact=False)
        reminded(five[0], DAY, status="sending")
        said = send(dry_run=True)
        assert "Would be sent to Birch: 1 overdue." in said
        assert "No contact is recorded for Hazel." in said
        assert "Not sent again to Ashdown: a run began it today" in said
        assert "4 would be sent, 1 begun and not finished, 1 without a contact." in said
        assert stored() == {"Ashdown": "sending"}
        assert mail.outbox == []


class TestAFailure:
    def test_of_one_address_leaves_the_others_theirs(self, five, backend):
        post = backend("Refusing", refused=("ig@birch",))
        said, refusal = send_in_vain()
        assert received() == ["ig@ashdown", "ig@cedar", "ig@elder", "ig@fern"]
        assert "22 November 2026: 4 sent, 1 failed." in said
        assert refusal.startswith("1 of 5 reminders were not sent.")
        # A new connection after the refusal.
        assert post.opened == 2

    def test_is_tried_again_on_the_same_day(self, five, backend):
        backend("Refusing", refused=("ig@birch",))
        send_in_vain()
        lines = set(Reminded.objects.values_list("pk", flat=True))
        backend("Post")
        mail.outbox.clear()
        assert send().splitlines()[0] == "Sent to Birch: 1 overdue."
        assert received() == ["ig@birch"]
        reminder = Reminder.objects.get(organisation__name="Birch")
        assert (reminder.status, reminder.problem) == ("sent", "")
        # It may have gone out at first: its links are the same.
        assert set(Reminded.objects.values_list("pk", flat=True)) == lines

    def test_is_tried_again_with_what_is_due_by_then(self, backend):
        ashdown = a_lead("Ashdown", OLD, OLD, OLD)
        first, second, third = Protocol.objects.order_by("reference")
        backend("Down")
        send_in_vain()
        answered = Reminded.objects.get(protocol=first)
        Answer.objects.create(
            reminded=answered, choice="unchanged", job_title="SIRO", answered_at=NOW
        )
        for protocol in (first, second):
            protocol.review_date = datetime.date(2029, 1, 1)
            changes.save(protocol)
        third.review_date = SOON
        changes.save(third)
        led_by(ashdown, reference="9009", review_date=OLD)
        backend("Post")
        assert "Sent to Ashdown: 1 overdue, 1 due." in send()
        told = dict(Reminded.objects.values_list("protocol", "review_date"))
        assert told == {first.pk: OLD, third.pk: SOON, "9009": OLD}

    def test_of_three_in_a_row_leaves_the_rest_for_the_next_run(self, five, backend):
        post = backend("Down")
        said, refusal = send_in_vain()
        assert post.opened == 3
        assert said.splitlines()[2:] == [
            "Failed for Cedar: ConnectionRefusedError: [Errno 111] Connection refused",
            "Left for the next run: Elder.",
            "Left for the next run: Fern.",
            "22 November 2026: 3 failed, 2 left for the next run.",
        ]
        assert refusal.startswith("5 of 5 reminders were not sent.")
        assert stored() == dict.fromkeys(("Ashdown", "Birch", "Cedar"), "failed")
        backend("Post")
        # The two that were never tried come first.
        assert "5 sent" in send()
        assert received() == ["ig@elder", "ig@fern", "ig@ashdown", "ig@birch", "ig@cedar"]

    def test_three_addresses_that_never_work_keep_nobody_waiting(self, five, backend):
        backend("Refusing", refused=("ig@ashdown", "ig@birch", "ig@cedar"))
        _, refusal = send_in_vain()
        assert received() == ["ig@elder", "ig@fern"]
        assert refusal.startswith("3 of 5 reminders were not sent.")

    def test_whoever_failed_longest_ago_is_tried_first(self, five, backend, monkeypatch):
        # A server that does not say that it refuses an address alone.
        monkeypatch.setattr(posting, "SMTPRecipientsRefused", lambda _: OSError("No."))
        dead = ("ig@ashdown", "ig@birch", "ig@cedar")
        backend("Refusing", refused=dead)
        send_in_vain()
        assert received() == []
        backend("Refusing", refused=(*dead, "ig@fern"))
        with time_machine.travel(NOW + datetime.timedelta(1), tick=False):
            send_in_vain()
        assert received() == ["ig@elder"]
        backend("Refusing", refused=dead)
        for days in (2, 3):
            with time_machine.travel(NOW + datetime.timedelta(days), tick=False):
                send_in_vain()
        assert received() == ["ig@elder", "ig@fern"]

    def test_of_the_connection_is_not_a_failure_of_all(self, five, backend):
        backend("Breaking")
        said, _ = send_in_vain()
        assert "Failed for Birch: SMTPServerDisconnected: Connection unexpectedly closed" in said
        assert received() == ["ig@ashdown", "ig@cedar", "ig@elder", "ig@fern"]

    def test_is_that_nothing_was_sent_too(self, backend):
        a_lead("Ashdown", OLD)
        backend("Silent")
        said, _ = send_in_vain()
        assert "Failed for Ashdown: OSError: The mail backend says that it sent nothing." in said

    def test_of_a_letter_is_of_that_letter_alone(self, five, backend):
        post = backend("Post")
        # The header cannot be written, and Django refuses.
        Contact.objects.filter(organisation=five[1]).update(email="ig@birch\nBcc: a@b.example")
        said, _ = send_in_vain()
        assert "Failed for Birch: BadHeaderError" in said or "Failed for Birch: ValueError" in said
        assert len(received()) == 4
        assert post.opened >= 1

    def test_is_told_in_a_few_words(self, backend, monkeypatch):
        a_lead("Ashdown", OLD)
        backend("Refusing", refused=("ig@",))
        monkeypatch.setattr(posting, "SMTPRecipientsRefused", lambda _: OSError("long " * 500))
        said, _ = send_in_vain()
        assert len(said.splitlines()[0]) < 350


@pytest.mark.both_databases
class TestARunThatWasCutShort:
    @pytest.mark.parametrize("by", [SystemExit, KeyboardInterrupt])
    def test_sends_nothing_twice_and_the_rest_in_the_next(self, five, backend, by):
        backend("EndsTheRun", by=by)
        with pytest.raises(by):
            send()
        assert received() == ["ig@ashdown", "ig@birch"]
        assert stored() == {"Ashdown": "sent", "Birch": "sending"}
        mail.outbox.clear()
        backend("Post")
        said = send()
        assert (
            "Not sent again to Birch: a run began it today and did not record how it ended." in said
        )
        assert "3 sent, 1 begun and not finished." in said
        assert received() == ["ig@cedar", "ig@elder", "ig@fern"]

    def test_counts_as_not_sent_on_the_next_day(self, five, backend):
        backend("EndsTheRun")
        with pytest.raises(SystemExit):
            send()
        mail.outbox.clear()
        backend("Post")
        assert "4 sent." in send(on="2026-11-23")
        assert received() == ["ig@cedar", "ig@elder", "ig@fern", "ig@birch"]
        assert stored(status="sending") == {"Birch": "sending"}
        assert not Reminder.objects.unresolved()


class TestTheDay:
    @pytest.mark.parametrize(
        "day",
        ["2022-02-30", "yesterday", "30/06/2022", "2022-13-01", "1989-12-31", "2100-01-01"],
    )
    def test_that_cannot_be_is_refused(self, five, day):
        said, refusal = send_in_vain(on=day)
        assert refusal.startswith("--on takes a day ")
        assert refusal.endswith(f"not '{day}'.")
        assert said == ""
        assert not Reminder.objects.exists()

    @pytest.mark.parametrize(
        ("utc", "london"),
        [
            ("2026-06-30 22:59", "2026-06-30"),
            ("2026-06-30 23:30", "2026-07-01"),
            ("2026-12-31 23:30", "2026-12-31"),
            ("2028-02-29 23:59", "2028-02-29"),
            ("2026-03-29 00:59", "2026-03-29"),  # the clocks go forward
            ("2026-10-24 23:30", "2026-10-25"),  # the clocks go back
        ],
    )
    def test_is_londons(self, five, utc, london):
        with time_machine.travel(datetime.datetime.fromisoformat(f"{utc}+00:00"), tick=False):
            send()
        assert {f"{each.day}" for each in Reminder.objects.all()} == {london}
        date = datetime.date.fromisoformat(london)
        until = (date + datetime.timedelta(60)).strftime("%-d %B %Y")
        assert f"The links work until {until}." in mail.outbox[0].body.replace("\n", " ")

    def test_of_the_due_day_is_told_once_at_each_of_its_moments(self):
        a_lead("Ashdown", datetime.date(2028, 2, 1))
        moments = ["2027-12-01", "2028-01-30", "2028-02-29", "2028-05-29"]
        # The day before and after each, and some between; test_owed.py asks every day.
        beside = {
            datetime.date.fromisoformat(day).toordinal() + n for day in moments for n in (-1, 0, 1)
        }
        first = datetime.date(2027, 11, 1).toordinal()
        days = map(datetime.date.fromordinal, sorted({*range(first, first + 250, 25), *beside}))
        sent = [f"{day}" for day in days if "1 sent" in send(on=f"{day}")]
        assert sent == moments


class TestWithoutAMailServer:
    def test_it_says_what_to_set(self, settings, five):
        settings.EMAIL_BACKEND = SHUT
        said, refusal = send_in_vain()
        assert "Set EMAIL_URL" in refusal
        assert said == ""
        assert not Reminder.objects.exists()

    def test_a_backend_that_is_not_there_is_named(self, settings, five):
        settings.EMAIL_BACKEND = "tests.reminders.posting.Nobody"
        _, refusal = send_in_vain()
        assert re.match(r"Correct the setting EMAIL_BACKEND: .*Nobody", refusal)
        assert not Reminder.objects.exists()


def test_contacts_of_who_leads_nothing_get_nothing():
    Contact.objects.create(organisation=OrganisationFactory(), email="ig@a.example")
    assert send() == "22 November 2026: no reminder is due.\n"
