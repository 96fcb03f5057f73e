"""Runs as a timer starts them, each a process of its own: killed in the middle, and two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.serving import BASE, Served, prepare, run
from tests.journeys.test_workers import database_of_its_own, rows_of

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

LEADS = 8  # of the real register
COMMAND = (sys.executable, "manage.py", "send_review_reminders")
CONTACTS = """
from registers.models import Contact, Organisation
for each in Organisation.objects.lacking_contact():
    Contact.objects.create(organisation=each, email=f"{each.pk}@leads.example")
"""
STATUSES = "SELECT status FROM registers_reminder WHERE day = '{}'"


class Desk(Served):
    """Where the command is run: with a database and a post-box of its own."""

    database_url = ""
    hold = "0"

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "EMAIL_BACKEND": "tests.reminders.posting.Files",
            "POST_FOLDER": str(self.post),
            "POST_HOLD": self.hold,
        }
        database = {"DATABASE_URL": self.database_url} if self.database_url else {}
        return super().environment | ours | database

    @property
    def post(self) -> Path:
        return self.folder / "post"

    def start(self, day: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, "--on", day],
            cwd=BASE,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def received(self) -> Counter[str]:
        return Counter(path.name.partition("@")[0] for path in self.post.iterdir())

    def statuses(self, day: str) -> Counter[str]:
        return Counter(status for (status,) in rows_of(self, STATUSES.format(day)))


@pytest.fixture(scope="module")
def prepared(django_db_setup, tmp_path_factory) -> Iterator[Desk]:
    """The real register, where every lead has a contact."""
    with database_of_its_own() as url, Desk(tmp_path_factory.mktemp("desk")) as desk:
        desk.database_url = url
        prepare(desk)
        run(desk, "manage.py", "shell", "-v0", "--command", CONTACTS)
        yield desk


@pytest.fixture
def desk(prepared: Desk) -> Desk:
    prepared.post.mkdir(exist_ok=True)
    for path in prepared.post.iterdir():
        path.unlink()
    return prepared


def test_a_run_that_is_killed_is_finished_by_the_next_and_nobody_gets_two(desk):
    day, desk.hold = "2026-11-22", "3"
    first = desk.start(day)
    give_up = time.monotonic() + 120
    while len(desk.received()) < 3 and time.monotonic() < give_up:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    # The third e-mail had gone out, and was not yet written down as sent.
    assert sum(desk.received().values()) == 3
    assert desk.statuses(day) == {"sent": 2, "sending": 1}
    desk.hold = "0"
    second = desk.start(day)
    said, _ = second.communicate(timeout=300)
    assert second.returncode == 0, said
    assert "a run began it today and did not record how it ended" in said
    assert desk.received().total() == len(desk.received()) == LEADS
    assert desk.statuses(day) == {"sent": LEADS - 1, "sending": 1}


def test_of_two_runs_at_once_each_lead_hears_from_one(desk):
    day, desk.hold = "2027-05-01", "1"
    runs = [desk.start(day) for _ in range(2)]
    said = [each.communicate(timeout=300)[0] for each in runs]
    assert [each.returncode for each in runs] == [0, 0], said
    assert desk.received().total() == len(desk.received()) == LEADS
    assert desk.statuses(day) == {"sent": LEADS}
    # The first waited until the second had sent one.
    senders = {path.name.rpartition("-")[2] for path in desk.post.iterdir()}
    assert senders == {str(each.pid) for each in runs}, said
    assert os.getpid() not in senders
