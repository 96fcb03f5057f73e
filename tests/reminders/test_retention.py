"""What is kept for some days: each kind goes on its day and not before, on both databases."""

from __future__ import annotations

import datetime
import os
import re
from io import StringIO

import pytest
import time_machine
from django.conf import settings as stored_settings
from django.core.management import call_command
from django.test import Client

from registers.models import Answer, Proposal, Reminder
from registers.reminders.answers import refuse
from registers.reminders.retention import KEPT
from tests.conftest import FIXTURES
from tests.proposing import a_proposal
from tests.reminders.lines import NOW, a_line, an_answer

pytestmark = [pytest.mark.usefixtures("real_register", "today"), pytest.mark.both_databases]

NOTE = "Ask the school about the last page."


def run(*, days: int, **how: bool) -> str:
    out = StringIO()
    with time_machine.travel(NOW + datetime.timedelta(days=days), tick=False):
        call_command("delete_expired", stdout=out, **how)
    return out.getvalue()


def test_the_note_of_an_answer_goes_after_its_decision_and_the_answer_stays(publisher, settings):
    settings.ANSWER_NOTE_DAYS = 30
    waiting = an_answer(a_line("0042"), note=NOTE)
    decided = an_answer(a_line("0046"), note=NOTE)
    refuse(decided, at=NOW, by=publisher)
    run(days=30)
    run(days=31, dry_run=True)
    assert Answer.objects.filter(note=NOTE).count() == 2
    assert "Notes of answers: 1 deleted" in run(days=31)
    decided.refresh_from_db()
    assert (decided.note, decided.status) == ("", "refused")
    run(days=500)
    waiting.refresh_from_db()
    assert waiting.note == NOTE


def test_the_address_of_a_reminder_goes_and_that_it_was_sent_stays(settings):
    settings.SENT_EMAIL_DAYS = 30
    line = a_line("0042")
    Reminder.objects.update(status="failed", problem="Refused", day=NOW.date())
    run(days=30)
    assert Reminder.objects.get().email
    assert "Addresses of reminders: 1 would be deleted" in run(days=31, dry_run=True)
    assert "Addresses of reminders: 1 deleted" in run(days=31)
    left = Reminder.objects.get()
    assert (left.email, left.problem, left.status) == ("", "", "failed")
    assert list(left.lines.all()) == [line]
    assert "Addresses of reminders: 0 deleted" in run(days=32)


def test_files_of_emails_go_where_a_folder_takes_them(settings, tmp_path):
    settings.SENT_EMAIL_DAYS, settings.EMAIL_FILE_PATH = 30, str(tmp_path)
    for name in ("20261122.log", "notes.txt"):
        (tmp_path / name).write_text(NOTE)
        os.utime(tmp_path / name, (NOW.timestamp(), NOW.timestamp()))
    run(days=30)
    run(days=31, dry_run=True)
    assert len(list(tmp_path.iterdir())) == 2
    assert "Files of e-mails: 1 deleted" in run(days=31)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_proposal_that_waits_stays_and_one_that_ended_goes(settings, editor):
    settings.PROPOSAL_DAYS = 30
    ended, waits = (
        a_proposal(a_line(key).protocol, by=editor, purpose="To warn.") for key in ("0042", "0046")
    )
    Proposal.objects.filter(pk=ended.pk).update(status="taken-back", decided_at=NOW)
    run(days=30)
    assert Proposal.objects.count() == 2
    assert "Proposals: 1 deleted" in run(days=31)
    assert list(Proposal.objects.all()) == [waits]


def test_each_kind_stands_in_the_documentation_with_its_setting():
    text = (FIXTURES.parents[1] / "docs" / "running.md").read_text()
    table = text.partition("## What is kept, and for how long")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|.*\| `(\w+)` \((\d+)\) \|$", table, re.M)
    named = [
        (each.what, each.setting, str(getattr(stored_settings, each.setting))) for each in KEPT
    ]
    assert rows == named


def test_the_page_about_privacy_says_for_how_long(client: Client):
    page = client.get("/privacy/").content.decode()
    assert f"delete the note {stored_settings.ANSWER_NOTE_DAYS} days" in page
    assert f"{stored_settings.SENT_EMAIL_DAYS} days after that day" in page
