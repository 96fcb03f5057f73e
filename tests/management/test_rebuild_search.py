"""`manage.py rebuild_search`, which runs while people read and officers save."""

from __future__ import annotations

import io
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from registers import changes
from registers.models import (
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    SearchEntry,
    VocabularyWord,
)
from registers.search.index import clear_index, current_index
from registers.search.search_writer import rebuild_search
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, engine
from registers.search.text.search import search as search_for
from registers.search.text.words import prepare
from tests import database_copy
from tests.makers import withdrawn
from tests.threads import close_connection

pytestmark = [pytest.mark.both_databases]


def rebuild() -> str:
    said = io.StringIO()
    call_command("rebuild_search", stdout=said)
    return said.getvalue()


def found(typed: str) -> set[str]:
    index = current_index()
    return {index.references.at([slot])[0] for slot in search_for(typed, index).mask.nonzero()[0]}


def words() -> set[str]:
    return set(VocabularyWord.objects.values_list("text", flat=True))


@pytest.mark.usefixtures("real_register")
class TestRebuilding:
    def test_nothing_changes_where_nothing_was_wrong(self):
        before = dict(SearchEntry.objects.values_list("protocol_id", "pk"))
        version, known = RegisterVersion.now(), words()
        assert re.fullmatch(
            r"25 protocols and 60 organisations can be found, by [0-9]+ words."
            r" 0 leftovers were removed.\n",
            rebuild(),
        )
        assert dict(SearchEntry.objects.values_list("protocol_id", "pk")) == before
        assert words() == known
        assert RegisterVersion.now().number == version.number + 1
        rebuild_search(batch=2)
        assert RegisterVersion.now().number == version.number + 2
        assert found("EPUT") == {"0036", "0045", "0046", "0072"}

    def test_what_was_changed_by_hand_is_found(self):
        Protocol.objects.filter(pk="0012").update(title="Xylophones")
        Name.objects.filter(text="EPUT").update(text="Glockenspiels")
        SearchEntry.objects.filter(protocol="0045").delete()
        assert found("xylophones") == set()
        rebuild()
        assert found("xylophones") == found("xylophnes") == {"0012"}
        assert found("glockenspiels") == {"0036", "0045", "0046", "0072"}

    def test_leftovers_go(self):
        last = SearchEntry.objects.latest("pk").pk
        engine().write(PROTOCOLS, [(last + 7, [prepare(["leftover"])] * 6)])
        engine().write(ORGANISATIONS, [(10**6, [prepare(["leftover"])])])
        Protocol.objects.filter(pk="0017").update(status="draft")
        VocabularyWord.objects.create(text="leftover", length=8, seen_in=0)
        assert "24 protocols" in rebuild()
        place = SearchEntry.objects.get(protocol="0017").pk
        assert place not in engine().ids(PROTOCOLS)
        assert last + 7 not in engine().ids(PROTOCOLS)
        assert 10**6 not in engine().ids(ORGANISATIONS)
        assert "leftover" not in words()

    def test_a_word_that_nothing_holds_any_more_mends_no_slip(self):
        protocol = Protocol.objects.get(pk="0012")
        protocol.summary = "Xylophones"
        changes.save(protocol)
        assert found("xylophnes") == {"0012"}
        protocol.summary = ""
        changes.save(protocol)
        assert "xylophones" in words()
        assert found("xylophnes") == set()
        rebuild()
        assert "xylophones" not in words()


@pytest.fixture
def shared(real_register, tmp_path) -> Iterator[Callable[[], None]]:
    """The real register where two connections can write, and how a thread connects to it.

    SQLite's is a file, as in service: one in memory, as tests have it, cannot wait.
    """
    if connection.vendor != "sqlite":
        yield lambda: None
        return
    usual = connections["default"]
    there = {**usual.settings_dict, "NAME": str(tmp_path / "register.sqlite3")}

    def connect() -> None:
        connections["default"] = DatabaseWrapper(there, "default")

    with closing(sqlite3.connect(there["NAME"])) as file:
        database_copy.copy_to(file)
    connect()
    yield connect
    connection.close()
    connections["default"] = usual


def indexed() -> list[tuple[int, ...]]:
    """What a worker's index holds of each public protocol and its parties, by title."""
    index = current_index()
    positions = index.public.nonzero()[0].tolist()
    columns = (index.references.texts, index.theme, index.status, index.month)
    arrays = (index.party_entry, index.party_organisation, index.party_role)
    parties = sorted(zip(*(array.tolist() for array in arrays), strict=True))
    return [
        (position, *(int(column[position]) for column in columns))
        for position in sorted(positions, key=lambda position: index.title_ranks[position])
    ] + [party for party in parties if party[0] in positions]


@pytest.mark.django_db(transaction=True)
def test_people_read_and_officers_save_while_it_runs(shared):
    eput = Organisation.objects.get(name__startswith="Essex Partnership")
    theirs = set(Party.objects.filter(organisation=eput).values_list("protocol", flat=True))
    seen, problems = [], []
    going, stop = threading.Event(), threading.Event()

    def read_and_save() -> None:
        shared()
        try:
            while not stop.is_set():
                seen.append(found("EPUT") == theirs)
                protocol = Protocol.objects.get(pk="0012")
                protocol.summary = f"Saved with zebra{'s' * len(seen)}"
                changes.save(protocol)
                going.set()
        except Exception as problem:
            problems.append(problem)
        finally:
            going.set()
            close_connection()

    other = threading.Thread(target=read_and_save)
    other.start()
    going.wait()
    for _ in range(3):
        rebuild_search(batch=5)
    stop.set()
    other.join()
    assert problems == []
    assert all(seen)
    saved = Protocol.objects.get(pk="0012").summary.split()[-1][:60]
    assert found(f'"{saved}"') == {"0012"}
    assert saved in words()


WORDS = [f"{letter}ylophone" for letter in "abcdefghijklmnopqrstuvwxyz"]


class StoppedError(Exception):
    """Somebody stopped the rebuild."""


@contextmanager
def between_batches(do: Callable[[], None]) -> Iterator[None]:
    """Do something, as somebody else, before each statement outside of the rebuild's batches."""

    def before(execute, *statement):
        if not connection.in_atomic_block:
            do()
        return execute(*statement)

    with connection.execute_wrapper(before):
        yield


@pytest.mark.django_db(transaction=True)
def test_saves_between_batches_are_kept_and_the_version_moves_once(shared):
    """The worker that saved has the rest of the rebuild too, once that has ended."""
    by_hand = Protocol.objects.filter(pk__in=["0012", "0072"])
    by_hand.update(title="‘By hand’")
    indexed()
    saved: list[str] = []
    others = Protocol.public.exclude(pk__in=by_hand).order_by("?")
    references = list(others.values_list("pk", flat=True))

    def save_one() -> None:
        shared()
        try:
            protocol = Protocol.objects.get(pk=references[len(saved)])
            protocol.summary = WORDS[len(saved)]
            changes.save(protocol)
            indexed()
            saved.append(protocol.pk)
        finally:
            close_connection()

    def save_elsewhere() -> None:
        if len(saved) < len(references):
            with ThreadPoolExecutor(1) as other:
                other.submit(save_one).result()

    version = RegisterVersion.now().number
    with between_batches(save_elsewhere):
        rebuild_search(batch=5)
    assert len(saved) > len(references) / 2
    assert RegisterVersion.now().number == version + len(saved) + 1
    updated = indexed()
    clear_index()
    assert updated == indexed()
    for word, reference in zip(WORDS, saved, strict=False):
        assert found(f'"{word}"') == {reference}
        assert word in words()


@pytest.mark.django_db(transaction=True)
def test_the_next_save_shows_what_an_interrupted_rebuild_wrote(shared):
    left = 4

    def stop() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise StoppedError

    Protocol.objects.filter(pk="0012").update(title="‘By hand’", **withdrawn())
    before, version = indexed(), str(RegisterVersion.now())
    with between_batches(stop), pytest.raises(StoppedError):
        rebuild_search(batch=5)
    assert (indexed(), str(RegisterVersion.now())) == (before, version)
    changes.save(Protocol.objects.get(pk="0072"))
    updated = indexed()
    assert updated != before
    clear_index()
    assert updated == indexed()
    assert found("hand") >= {"0012"}
