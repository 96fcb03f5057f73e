"""Two imports in one moment, and an import while an officer saves: they never mix."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client

from registers import changes
from registers.accounts.sessions import SEEN
from registers.admin.auth import input_guard
from registers.changes.locking import PLAN_CHANGED
from registers.imports.mapping.saved import read_saved
from registers.imports.spreadsheet import applying as room
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.applying import BUSY, WAITING
from registers.models import Change, ImportJob, Protocol, RegisterVersion
from tests.admin.typing_in import boxes
from tests.cast import door_of
from tests.imports.spreadsheets import done
from tests.imports.test_applying import CHANGED, NEW, NOON, applying
from tests.imports.uploading import leads_to, send, typed
from tests.threads import close_connection

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
]

OTHER = ("Safer Community", "0061 - FGM", "Others' words.", "ECC", "Barnardos", "Jun-2027")
ELSEWHERE = ("Health and Wellbeing", "0046 - Elsewhere", "x", "ECC", "", "Jun-2027")


@pytest.fixture
def connect(real_register, tmp_path) -> Iterator[Callable[[int], None]]:
    """The real register where two connections can write, and how a thread connects to it.

    SQLite's is a file, as in service: one in memory, as tests have it, cannot wait.
    """
    if connection.vendor != "sqlite":
        yield lambda _seconds: None
        return
    usual, file = connections["default"], tmp_path / "register.sqlite3"
    with closing(sqlite3.connect(file)) as copy:
        usual.connection.backup(copy)

    def connect(seconds: int) -> None:
        options = usual.settings_dict["OPTIONS"] | {"timeout": seconds}
        there = {**usual.settings_dict, "NAME": str(file), "OPTIONS": options}
        connections["default"] = DatabaseWrapper(there, "default")

    connect(20)
    yield connect
    connection.close()
    connections["default"] = usual


@pytest.fixture
def in_another_thread(connect) -> Iterator[Callable[..., Future[str]]]:
    with ThreadPoolExecutor(1) as pool:

        def begin(deed: Callable[[], str], patience: int = 20) -> Future[str]:
            def act() -> str:
                connect(patience)
                try:
                    return deed()
                except ValidationError as refusal:
                    return " ".join(refusal.messages)
                finally:
                    close_connection()

            return pool.submit(act)

        yield begin


def an_import(row: tuple[str, ...], checked: threading.Event, go: threading.Event) -> str:
    """Check a file, and apply it when it is told to; return what is said on the way."""
    _, work = applying(row)
    checked.set()
    go.wait()
    said = set()
    while True:
        try:
            said.add(next(work).words)
        except StopIteration:
            return "waited" if WAITING in said else "applied"


def test_two_files_at_once_under_one_mapping(in_another_thread, officer):
    """Both are checked, each as it was chosen, and the mapping is kept once."""
    heads, ready = ("Ref", "Agreement"), threading.Barrier(2, timeout=20)
    chosen = {"name": "Mine", "replace_it": "on", "given-theme": "Safer Community"}

    def read(number: int) -> str:
        door = door_of(officer)
        at = send(door, typed((f"900{number}", "New"), headings=heads)).url
        held = boxes(door, at) | chosen | {"given-purpose": f"Purpose {number}."}
        ready.wait()
        return leads_to(door.post(at, held))

    other = in_another_thread(lambda: read(1))
    found = [read(2), other.result()]
    purposes = {job.mapping["defaults"]["purpose"] for job in ImportJob.objects.all()}
    assert purposes == {"Purpose 1.", "Purpose 2."}
    assert len(set(found)) == 2
    assert read_saved("Mine").defaults["purpose"] in purposes


@pytest.mark.parametrize(
    ("row", "ends"),
    [(OTHER, [PLAN_CHANGED]), (ELSEWHERE, ["waited", "applied"])],
    ids=["same", "other"],
)
def test_the_second_import_waits_and_is_checked_again(in_another_thread, row, ends):
    checked, go = threading.Event(), threading.Event()
    second = in_another_thread(lambda: an_import(row, checked, go))
    assert checked.wait(120), second.result(1)
    _, first = applying(CHANGED, NEW)
    while next(first).words != "rows saved":
        pass
    go.set()
    # It has come to where it waits, or soon will: the first holds all that it needs.
    assert not second.done()
    done(first)
    assert second.result() in ends
    assert Protocol.objects.get(pk="0061").purpose == "To share less."
    assert Protocol.objects.filter(pk="9001").exists()
    other = Change.objects.filter(protocol="0046", made_at=NOON).count()
    assert other == (row is ELSEWHERE)


def test_two_that_begin_in_one_moment_are_one_after_the_other(in_another_thread):
    checked, go = threading.Event(), threading.Event()
    second = in_another_thread(lambda: an_import(OTHER, checked, go))
    assert checked.wait(120), second.result(1)
    go.set()
    try:
        _, work = applying(CHANGED)
        done(work)
        said = "applied"
    except ValidationError as refusal:
        said = " ".join(refusal.messages)
    ends = sorted([said, second.result()])
    told = Change.objects.filter(protocol="0061", made_at=NOON).count()
    assert told == sum(end not in {PLAN_CHANGED, BUSY} for end in ends)
    assert told >= 1


def test_whoever_waits_too_long_is_told(in_another_thread, monkeypatch):
    monkeypatch.setattr(room, "PATIENCE_SECONDS", 1)
    checked, go = threading.Event(), threading.Event()
    second = in_another_thread(lambda: an_import(CHANGED, checked, go), patience=1)
    assert checked.wait(120), second.result(1)
    with transaction.atomic():
        RegisterVersion.objects.select_for_update().get()
        go.set()
        assert second.result() == BUSY
    assert Protocol.objects.get(pk="0061").purpose != "To share less."


def test_while_it_is_applied_readers_read_and_whoever_saves_is_told(
    in_another_thread, officer, monkeypatch
):
    monkeypatch.setattr(input_guard, "WAIT_SECONDS", 4)
    door = Client()
    door.force_login(officer)
    edit = "/admin/registers/protocol/0046/change/"
    sent = boxes(door, edit) | {"purpose": "An officer's."}
    _, work = applying(NEW)
    while next(work).words != "rows saved":
        pass

    def read_and_save() -> str:
        assert Client().get("/protocols/0046/").status_code == HTTPStatus.OK
        begun, answer = time.monotonic(), door.post(edit, sent)
        assert time.monotonic() - begun < 2 * input_guard.WAIT_SECONDS  # once, and not for a draft
        assert "a spreadsheet is being imported" in (page := answer.content.decode())
        assert "An officer&#x27;s." in page
        return str(answer.status_code)

    assert in_another_thread(read_and_save).result() == "503"
    done(work)
    assert door.post(edit, sent).status_code == HTTPStatus.FOUND
    assert Protocol.objects.get(pk="0046").purpose == "An officer's."


def test_while_it_is_applied_a_page_of_admin_is_shown_though_its_use_is_not_noted(
    in_another_thread, officer
):
    door = door_of(officer)
    session = door.session
    session[SEEN] = 0  # long ago: the next page is to note that it is used
    session.save()
    _, work = applying(NEW)
    while next(work).words != "rows saved":
        pass
    read = in_another_thread(lambda: str(door.get("/admin/registers/protocol/").status_code))
    assert read.result() == str(HTTPStatus.OK)
    done(work)
    assert door.get("/admin/registers/protocol/").status_code == HTTPStatus.OK
    assert door.session[SEEN] > 0


def test_what_a_session_holds_besides_is_not_dropped_in_silence(in_another_thread, officer):
    door = door_of(officer)
    _, work = applying(NEW)
    while next(work).words != "rows saved":
        pass

    def store() -> str:
        session = door.session
        session["other"] = "new"
        try:
            session.save()
        except UpdateError:
            return "refused"
        return "stored"

    found = in_another_thread(store, patience=1).result()
    assert found == ("refused" if connection.vendor == "sqlite" else "stored")
    done(work)
    assert door.session.get("other") == (None if found == "refused" else "new")


def test_a_session_that_ended_in_another_window_is_not_stored_again(officer):
    door = door_of(officer)
    kept = door.session
    kept[SEEN] = 0
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        kept.save()


# Undoing -----------------------------------------------------------------------------------


def an_applied_import() -> ImportJob:
    job = jobs.upload("live.csv", typed(CHANGED), by=None, at=NOON, published_before=False)
    done(jobs.check_import(job, at=NOON))
    work = jobs.apply_import(
        job, at=NOON, by=None, why="", publish=False, expected_digest=fresh(job).digest
    )
    done(work)
    return fresh(job)


def fresh(job: ImportJob) -> ImportJob:
    return ImportJob.objects.get(pk=job.pk)


def undoing(job: ImportJob, digest: str) -> str:
    done(jobs.undo(job, at=NOON, by=None, why="Undone.", expected_digest=digest))
    return "undone"


def test_of_two_undos_at_once_one_is_done(in_another_thread):
    job = an_applied_import()
    digest = jobs.preview_undo(job).digest
    with transaction.atomic():
        RegisterVersion.objects.select_for_update().get()
        second = in_another_thread(lambda: undoing(job, digest))
    ends = []
    try:
        ends.append(undoing(job, digest))
    except ValidationError as refusal:
        ends += refusal.messages
    assert sorted([*ends, second.result()]) == sorted([jobs.UNDONE_ALREADY, "undone"])
    assert Change.objects.filter(protocol="0061", why="Undone.").count() == 1


def test_an_undo_waits_for_whoever_saves_and_is_refused_then(in_another_thread):
    job = an_applied_import()
    digest, protocol = jobs.preview_undo(job).digest, Protocol.objects.get(pk="0061")
    with transaction.atomic():
        with changes.record_change(protocol, at=NOON):
            protocol.purpose = "An officer's."
            changes.save(protocol)
        undo = in_another_thread(lambda: undoing(job, digest))
        time.sleep(0.5)
        assert not undo.done()
    assert "was edited after it: 0061." in undo.result()
    assert Protocol.objects.get(pk="0061").purpose == "An officer's."
