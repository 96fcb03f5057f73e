"""Two sessions save one protocol many times, in turn and at once: no text is lost silently.

Each text that a session saves is one that nobody else writes. So the history
tells whose text was replaced by which; and the page that the other had before
them tells whether they had seen what they replaced.
"""

from __future__ import annotations

import http
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests.admin.typing_in import Page
from tests.browser.serving import prepare, run, served
from tests.journeys.test_workers import PASSWORD, SeveralWorkers, Visitor, database_of_its_own
from tests.lengths import times

pytestmark = [pytest.mark.both_databases, pytest.mark.has_long_form]

ROUNDS = times(12, long=100)
REFERENCE = "0042"
EDIT = f"/admin/registers/protocol/{REFERENCE}/change/"
OFFICERS = ("olive", "percy")
HISTORY = (
    "SELECT snapshot FROM registers_change"
    " WHERE subject_type = 'protocol' AND subject_key = '0042' ORDER BY id"
)


@pytest.fixture
def place(django_db_setup, tmp_path: Path) -> Iterator[SeveralWorkers]:
    with database_of_its_own() as url, SeveralWorkers(tmp_path) as made:
        made.database_url = url
        prepare(made)
        for name in OFFICERS:
            administrator = ("--username", name, "--email", f"{name}@example.org")
            run(made, "manage.py", "createsuperuser", "--noinput", *administrator)
        served(made)
        yield made


@dataclass
class Officer:
    """Somebody who writes texts of their own, and keeps what they were shown before each."""

    name: str
    visitor: Visitor
    saved: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    met: str = ""  # the page with both versions, while it waits for a choice

    def sign_in(self) -> None:
        _, page = self.visitor.ask("/admin/login/")
        typed = {"username": self.name, "password": PASSWORD}
        answer, _ = self.visitor.ask("/admin/login/", **Page(page).boxes | typed)
        assert answer.status == http.HTTPStatus.FOUND

    def ready(self) -> str:
        """Return the page to write on: the one that shows both versions, or else the form."""
        if self.met:
            return self.met
        answer, page = self.visitor.ask(EDIT)
        assert answer.status == http.HTTPStatus.OK
        return page

    def save(self, page: str, text: str) -> int:
        """Save `text` with the boxes of `page`; return the status of the answer."""
        button = {"_mine": "x"} if self.met else {"_save": "x"}
        self.shown[text] = unescape(page)
        typed = Page(page).boxes | {"purpose": text}
        answer, self.met = self.visitor.ask(EDIT, **typed | button)
        if answer.status == http.HTTPStatus.FOUND:
            self.saved.append(text)
        else:
            assert answer.status == http.HTTPStatus.CONFLICT, (text, answer.status)
            # Nothing of it is lost: it stands there still.
            assert text in self.met
        return answer.status


def test_no_text_is_lost_silently(place):
    officers = [Officer(name, Visitor(place.port)) for name in OFFICERS]
    with ThreadPoolExecutor(len(officers)) as both:

        def at_once(act: Any, *given: Any) -> list[Any]:
            return list(both.map(act, officers, *given))

        at_once(Officer.sign_in)
        for number in range(ROUNDS):
            pages = at_once(Officer.ready)
            texts = [f"Round {number} by {officer.name}." for officer in officers]
            if number % 2:
                statuses = at_once(Officer.save, pages, texts)
            else:
                # One after the other, now this one first and now that.
                turn = list(zip(officers, pages, texts, strict=True))[:: 1 - number % 4]
                statuses = [officer.save(page, text) for officer, page, text in turn]
            # Both were shown the same, so one is saved and the other is told.
            assert sorted(statuses) == [http.HTTPStatus.FOUND, http.HTTPStatus.CONFLICT]
    for officer in officers:
        officer.visitor.connection.close()
    nothing_is_lost(stored_texts(place), officers)


def nothing_is_lost(told: list[str], officers: list[Officer]) -> None:
    """See in the history that each saved text is there, and was replaced by who had seen it."""
    saved = [text for officer in officers for text in officer.saved]
    assert len(saved) == ROUNDS
    first, *texts = told
    assert sorted(texts) == sorted(saved)
    assert all(officer.saved for officer in officers)
    shown = {text: page for officer in officers for text, page in officer.shown.items()}
    before = first
    for text in texts:
        assert before in shown[text], (before, text)
        before = text


def stored_texts(place: SeveralWorkers) -> list[str]:
    """Return every text that the protocol's purpose had, in order."""
    if place.database_url:
        server, name = settings.DATABASES["default"], place.database_url.rpartition("/")[2]
        known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        given = {ours: server[theirs] for ours, theirs in known.items() if server[theirs]}
        with psycopg.connect(dbname=name, **given) as connection:
            return [each["fields"]["purpose"] for (each,) in connection.execute(HISTORY)]
    with closing(sqlite3.connect(place.folder / "register.sqlite3")) as file:
        return [json.loads(each)["fields"]["purpose"] for (each,) in file.execute(HISTORY)]
