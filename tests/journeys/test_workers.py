"""An edit that is saved in admin shows on the very next request, whichever worker answers it."""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings

from tests.admin.typing_in import Page
from tests.browser.serving import Served, prepare, run, served
from tests.cast import superuser
from tests.database_copy import copy_name

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

WORKERS = 3
PASSWORD = "a-password-that-only-this-test-has"
EDIT = "/admin/registers/protocol/0036/change/"


class SeveralWorkers(Served):
    """A place where several workers serve one database of their own."""

    database_url = ""

    @property
    def environment(self) -> dict[str, str]:
        ours = {"WEB_WORKERS": str(WORKERS), "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        return super().environment | ours | self.database_url_if_any

    @property
    def database_url_if_any(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url} if self.database_url else {}


@contextmanager
def database_of_its_own() -> Iterator[str]:
    """Give the address of another copy of the tests' database on PostgreSQL, or '' for SQLite.

    `django_db_setup` has made the database.
    """
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        yield ""
        return
    name = f"several_workers_{os.getpid()}"
    with _connected("postgres") as connection:
        connection.execute(f'CREATE DATABASE {name} TEMPLATE "{copy_name()}"')
        try:
            yield f"{address.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def rows_of(place: Served, query: str) -> list[tuple[Any, ...]]:
    """Return what the database of a place, in which a server may be writing, answers."""
    if url := place.environment.get("DATABASE_URL"):
        with _connected(url.rpartition("/")[2]) as connection:
            return connection.execute(query).fetchall()
    with closing(sqlite3.connect(place.folder / "register.sqlite3")) as file:
        return file.execute(query).fetchall()


def _connected(name: str) -> psycopg.Connection[Any]:
    server = settings.DATABASES["default"]
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {ours: server[theirs] for ours, theirs in known.items() if server[theirs]}
    return psycopg.connect(dbname=name, autocommit=True, **given)


@pytest.fixture
def place(django_db_setup, tmp_path: Path) -> Iterator[SeveralWorkers]:
    with database_of_its_own() as url, SeveralWorkers(tmp_path) as made:
        made.database_url = url
        prepare(made)
        run(made, "manage.py", "shell", "-c", superuser("olive", PASSWORD))
        served(made)
        yield made


def workers_of(place: Served) -> list[int]:
    """Return the processes that gunicorn has started, once they are all there."""
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout.split()
        pairs = zip(listed[::2], listed[1::2], strict=True)
        found = [int(pid) for pid, parent in pairs if int(parent) == place.process.pid]
        if len(found) == WORKERS:
            return found
        time.sleep(0.1)
    pytest.fail("The workers have not started.")


@contextmanager
def only(worker: int, workers: list[int]) -> Iterator[None]:
    """Hold all the others, so that this one takes the next connection."""
    others = [other for other in workers if other != worker]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


class Visitor:
    """Somebody whose connection stays with one worker."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.cookies: dict[str, str] = {}

    def ask(
        self, address: str, *, if_none_match: str = "", **form: str
    ) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if if_none_match:
            headers["If-None-Match"] = if_none_match
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        method = "POST" if form else "GET"
        self.connection.request(method, address, urlencode(form) if form else None, headers)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, page


@pytest.fixture
def visit(place) -> Iterator[Callable[[], Visitor]]:
    with ExitStack() as at_the_end:

        def come() -> Visitor:
            visitor = Visitor(place.port)
            at_the_end.callback(visitor.connection.close)
            return visitor

        yield come


# Pages that show the title of 0036, and pages that show nothing of it.
CHANGED = ("/", "/protocols/0036/", "/themes/health-and-wellbeing/", "/reviews/", "/?sort=title")
UNCHANGED = (
    "/about/",
    "/protocols/0012/",
    "/themes/",
    "/organisations/",
    "/news/",
    "/openapi.json",
)
STREAMED = "/protocols.csv"


def test_an_edit_in_admin_shows_on_the_next_request_in_every_worker(place, visit):
    workers = workers_of(place)
    visitors = []
    for worker in workers:
        with only(worker, workers):
            visitor = visit()
            for _ in range(2):
                etags = {}
                for address in (*CHANGED, *UNCHANGED, STREAMED):
                    answer, page = visitor.ask(address)
                    assert answer.status == 200
                    assert "Edited" not in page
                    etags[address] = answer.headers["ETag"]
                    assert visitor.ask(address, if_none_match=etags[address])[0].status == 304
            visitors.append((visitor, etags))
    # Every worker has the same ETags.
    assert all(etags == visitors[0][1] for _, etags in visitors)

    editor = visit()
    _, page = editor.ask("/admin/login/")
    signed_in, _ = editor.ask(
        "/admin/login/", **Page(page).boxes | {"login": "olive", "password": PASSWORD}
    )
    assert signed_in.status == 302
    for title in ("Edited just now", "Edited again"):
        _, form = editor.ask(EDIT)
        saved, _ = editor.ask(EDIT, **Page(form).boxes | {"title": title})
        assert saved.status == 302
        for visitor, etags in visitors:
            # The connection is the one that was kept, and so is the worker.
            assert visitor.connection.sock
            for address in CHANGED:
                answer, page = visitor.ask(address, if_none_match=etags[address])
                assert answer.status == 200, address
                assert title in page
                assert answer.headers["ETag"] != etags[address]
                etags[address] = answer.headers["ETag"]
            for address in UNCHANGED:
                answer, page = visitor.ask(address, if_none_match=etags[address])
                assert (answer.status, page) == (304, ""), address
                assert answer.headers["ETag"] == etags[address]
            # It is not read before it is sent, so each edit is another version of it.
            answer, page = visitor.ask(STREAMED, if_none_match=etags[STREAMED])
            assert (answer.status, title in page) == (200, True)
            etags[STREAMED] = answer.headers["ETag"]
        assert all(etags == visitors[0][1] for _, etags in visitors)
        answer, page = editor.ask("/")
        assert title in page
        assert answer.headers["Cache-Control"] == "private, no-store"
