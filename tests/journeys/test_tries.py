"""The tries of one address are counted together, whichever of several workers answers."""

from __future__ import annotations

import http.client
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from tests.browser.serving import prepare, served
from tests.journeys.test_workers import SeveralWorkers, database_of_its_own

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

MOST = 20
AT_ONCE = 6


@pytest.fixture
def place(django_db_setup, tmp_path: Path) -> Iterator[SeveralWorkers]:
    with database_of_its_own() as url, SeveralWorkers(tmp_path) as made:
        made.database_url = url
        prepare(made)
        served(made)
        yield made


def status(port: int) -> int:
    way = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        way.request("GET", "/reviews/answer/?link=none")
        return way.getresponse().status
    finally:
        way.close()


def test_of_many_at_once_no_more_are_let_in_by_all_workers_together(place):
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(lambda _: status(place.port), range(10 * AT_ONCE)))
    # A machine that has much else to do may take more than the minute for which they count.
    minutes = 1 + int(time.monotonic() - begun) // 60
    assert answers.keys() == {404, 429}
    # Those that come to the last free place together may all have to wait.
    assert MOST - AT_ONCE < answers[404] <= MOST * minutes


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers at a time")
def test_a_long_write_keeps_no_reader_waiting(place):
    writer = sqlite3.connect(place.folder / "register.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    def seconds() -> float:
        begun = time.monotonic()
        assert status(place.port) == 404
        return time.monotonic() - begun

    # A writer would wait for 20, each time; a machine that has much else to do, not each time.
    assert any(seconds() < 15 for _ in range(5))
    writer.execute("ROLLBACK")
    writer.close()
    assert status(place.port) == 404
