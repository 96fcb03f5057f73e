"""People save and propose for one protocol many times, in turn and at once: no text is lost.

Each text that a person saves is one that nobody else writes. So the history
tells whose text was replaced by which; and the page that the other had before
them tells whether they had seen what they replaced.
"""

from __future__ import annotations

import http
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.admin.typing_in import Page
from tests.browser.serving import prepare, run, served
from tests.journeys.test_workers import (
    PASSWORD,
    SeveralWorkers,
    Visitor,
    database_of_its_own,
    rows_of,
)
from tests.lengths import times

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db, pytest.mark.has_long_form]

ROUNDS = times(6, long=100)
EDIT = "/admin/registers/protocol/{}/change/"
PUBLISHERS = ("olive", "percy")
EDITORS = ("eddie", "edith")
ADD_USERS = """
from django.contrib.auth.models import Group, User
from django.utils import timezone
own = {{"password": {password!r}, "last_login": timezone.now()}}
for group, names in {groups}.items():
    for name in names:
        user = User.objects.create_user(name, is_staff=True, **own)
        user.groups.add(Group.objects.get(name=group))
"""
HISTORY = (
    "SELECT snapshot FROM registers_change"
    " WHERE subject_type = 'protocol' AND subject_key = '{}' ORDER BY id"
)


@pytest.fixture
def place(django_db_setup, tmp_path: Path) -> Iterator[SeveralWorkers]:
    with database_of_its_own() as url, SeveralWorkers(tmp_path) as made:
        made.database_url = url
        prepare(made)
        groups = {"Publisher": PUBLISHERS, "Editor": EDITORS}
        run(made, "manage.py", "shell", "-c", ADD_USERS.format(groups=groups, password=PASSWORD))
        served(made)
        yield made


@dataclass
class Officer:
    """Somebody who writes texts of their own, and keeps what they were shown before each."""

    name: str
    visitor: Visitor
    reference: str
    saved: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    met: str = ""  # the page with both versions, while it waits for a choice
    led_to: str = ""  # the address that the last save led to

    @property
    def edit(self) -> str:
        return EDIT.format(self.reference)

    def sign_in(self) -> None:
        _, page = self.visitor.ask("/admin/login/")
        typed = {"login": self.name, "password": PASSWORD}
        answer, _ = self.visitor.ask("/admin/login/", **Page(page).boxes | typed)
        assert answer.status == http.HTTPStatus.FOUND

    def ready(self) -> str:
        """Return the page to write on: the one that shows both versions, or else the form."""
        if self.met:
            return self.met
        answer, page = self.visitor.ask(self.edit)
        assert answer.status == http.HTTPStatus.OK
        return page

    def save(self, page: str, text: str) -> int:
        """Save `text` with the boxes of `page`; return the status of the answer."""
        button = {"_mine": "x"} if self.met else {"_save": "x"}
        self.shown[text] = unescape(page)
        typed = Page(page).boxes | {"purpose": text}
        answer, self.met = self.visitor.ask(self.edit, **typed | button)
        if answer.status == http.HTTPStatus.FOUND:
            self.saved.append(text)
            self.led_to = answer.headers["Location"]
        else:
            assert answer.status == http.HTTPStatus.CONFLICT, (text, answer.status)
            # Nothing of it is lost: it stands there still.
            assert text in self.met
        return answer.status

    def accept(self, proposal: str, page: str) -> int:
        """Accept the purpose at the address of `proposal`, of which `page` was shown."""
        boxes = Page(page).boxes | {"take-purpose": "on"}
        answer, _ = self.visitor.ask(proposal.replace("/change/", "/accept/"), **boxes)
        if answer.status == http.HTTPStatus.FOUND:
            self.shown[boxes["purpose"]] = unescape(page)
        return answer.status


def test_no_text_is_lost_silently(place):
    # One server for both: it takes as long to start as all of the rounds.
    two_publishers(place)
    two_editors_and_two_publishers(place)


def two_publishers(place: SeveralWorkers) -> None:
    officers = [Officer(name, Visitor(place.port), "0042") for name in PUBLISHERS]
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
    nothing_is_lost(stored_texts(place, "0042"), officers, ROUNDS)


def two_editors_and_two_publishers(place: SeveralWorkers) -> None:
    """Each round, one Publisher saves while two Editors do; then both proposals are accepted."""
    *editors, olive, percy = (
        Officer(name, Visitor(place.port), "0046") for name in (*EDITORS, *PUBLISHERS)
    )
    with ThreadPoolExecutor(4) as all_of_them:
        list(all_of_them.map(Officer.sign_in, [*editors, olive, percy]))
        for number in range(ROUNDS):
            writers = [*editors, (olive, percy)[number % 2]]
            pages = list(all_of_them.map(Officer.ready, writers))
            texts = [f"Round {number} by {officer.name}." for officer in writers]
            # At once, and in turn with now the Publisher first and now the Editors.
            turn = list(zip(writers, pages, texts, strict=True))[:: 1 if number % 3 else -1]
            each_in = all_of_them.map if number % 3 == 1 else map
            list(each_in(lambda given: Officer.save(*given), turn))
            for officer, _, text in turn:
                if officer.met:
                    assert officer.save(officer.met, text) == http.HTTPStatus.FOUND
            proposals = [editor.led_to for editor in editors]
            assert len(set(proposals)) == len(editors)
            # At the same time both Publishers accept the same one, or each another.
            opened = [proposals[0], proposals[number // 2 % 2]]
            pages = [olive.visitor.ask(opened[0])[1], percy.visitor.ask(opened[1])[1]]
            statuses = list(all_of_them.map(Officer.accept, (olive, percy), opened, pages))
            assert sorted(statuses) == [http.HTTPStatus.FOUND, http.HTTPStatus.CONFLICT]
            accepted = opened[statuses.index(http.HTTPStatus.FOUND)]
            (left,) = set(proposals) - {accepted}
            assert percy.accept(left, percy.visitor.ask(left)[1]) == http.HTTPStatus.FOUND
    officers = [*editors, olive, percy]
    for officer in officers:
        officer.visitor.connection.close()
    for editor in editors:
        # What an Editor saved was shown to whoever made it public.
        editor.shown = {}
    nothing_is_lost(stored_texts(place, "0046"), officers, 3 * ROUNDS)


def nothing_is_lost(stored: list[str], officers: list[Officer], number: int) -> None:
    """See in the history that each saved text is there, and was replaced by who had seen it."""
    saved = [text for officer in officers for text in officer.saved]
    assert len(saved) == number
    first, *texts = stored
    assert sorted(texts) == sorted(saved)
    assert all(officer.saved for officer in officers)
    shown = {text: page for officer in officers for text, page in officer.shown.items()}
    before = first
    for text in texts:
        assert before in shown[text], (before, text)
        before = text


def stored_texts(place: SeveralWorkers, reference: str) -> list[str]:
    """Return every text that the protocol's purpose had, in order."""
    rows = rows_of(place, HISTORY.format(reference))
    snapshots = (json.loads(row) if isinstance(row, str) else row for (row,) in rows)
    return [each["fields"]["purpose"] for each in snapshots]
