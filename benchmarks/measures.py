"""Each work that is measured: what is asked, by how many at once, and of whom."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from benchmarks.asking import TIMEOUT, ask, warm
from benchmarks.contestants import Contestant
from benchmarks.load import Generator
from benchmarks.places import Unable
from benchmarks.processes import (
    TICKS_PER_SECOND,
    Workers,
    ticks_of_descendants,
    wait_until_idle,
)
from benchmarks.questions import DATASETTE_FACETS, DATASETTE_TABLE, Question, Questions
from benchmarks.results import Figure, Line

MANY = 8  # connections, where requests a second are asked for
# More than any contestant answers in a second, so that the questions last.
FASTEST = {1: 400, MANY: 800}
WARM_SECONDS = 0.5
WARM_QUESTIONS = 40
FILE_SECONDS = 15
EDITED_SECONDS = 6  # an edit in each
MOST_IN_VAIN = 0.4  # of the questions may find nothing

WARM, ASKED_AGAIN, HELLO = "warm page", "304", "hello"
NEW_ONE, NEW_MANY = "page never seen, 1 client", f"page never seen, {MANY} clients"
SEARCH, FILTER = "search never asked, 1 client", "filter never asked, 1 client"
EDITED, FACETED = "warm page, an edit each second", "faceted table page"
CSV, XLSX, ODS = "CSV of everything", "XLSX of everything", "ODS of everything"
CALENDAR = "calendar of everything"
FILES = {
    CSV: "/protocols.csv",
    XLSX: "/protocols.xlsx",
    ODS: "/protocols.ods",
    CALENDAR: "/protocols.ics",
}
KINDS = {NEW_ONE: "new", NEW_MANY: "new", SEARCH: "search", FILTER: "filter"}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What fills a line: `do` does it once, in the round of that number, and returns its values."""

    line: Line
    do: Callable[[int], dict[str, float]]

    def figure(self, number: int) -> Figure:
        """Do the work in the round `number` and return what was found."""
        wait_until_idle()
        return Figure(round=number, line=self.line, values=self.do(number))


class Measures:
    """Makes works of contestants, with one load generator and one length for all."""

    def __init__(self, generator: Generator, *, seconds: int, rounds: int) -> None:
        self.generator = generator
        self.seconds = seconds
        self.rounds = rounds
        self.questions: dict[tuple[int, str, int], list[Question]] = {}

    def prepare(self, size: int, questions: Questions) -> None:
        """Take the questions of every round, the same for all contestants at this size."""
        for work, kind in KINDS.items():
            clients = MANY if work == NEW_MANY else 1
            number = WARM_QUESTIONS + FASTEST[clients] * self.seconds
            for turn in range(self.rounds):
                self.questions[size, work, turn] = questions.take(kind, number)

    def page(self, size: int, name: str, of: Contestant, address: str, clients: int = MANY) -> Work:
        """Return the work of sending the same page again and again."""

        def do(_number: int) -> dict[str, float]:
            warm(of.port, [address] * WARM_QUESTIONS, seconds=WARM_SECONDS)
            return self._load(of, address, clients, {})

        return Work(line=Line(size, name, of.name), do=do)

    def again(self, size: int, of: Contestant) -> Work | None:
        """Return the work of saying that a page is as it was; None if `of` cannot say so."""
        tag = ask(of.port, "/").headers.get("etag")
        if not tag:
            return None
        headers = {"If-None-Match": tag}
        return Work(
            line=Line(size, ASKED_AGAIN, of.name),
            do=lambda _number: self._load(of, "/", MANY, headers),
        )

    def new(self, size: int, name: str, of: Contestant, *, datasette: bool = False) -> Work:
        """Return the work of answering what was never asked before."""
        clients = MANY if name == NEW_MANY else 1

        def do(number: int) -> dict[str, float]:
            asked = self.questions[size, name, number]
            addresses = [q.datasette_address if datasette else q.address for q in asked]
            warm(of.port, addresses[:WARM_QUESTIONS], seconds=WARM_SECONDS)
            return self._load(of, addresses[WARM_QUESTIONS:], clients, {})

        return Work(line=Line(size, name, of.name), do=do)

    def edited(self, size: int, of: Contestant) -> Work:
        """Return the work of sending the home page while a protocol is edited each second."""

        def do(_number: int) -> dict[str, float]:
            with _edits(of):
                return self._load(of, "/", MANY, {}, seconds=max(self.seconds, EDITED_SECONDS))

        return Work(line=Line(size, EDITED, of.name), do=do)

    def file(self, size: int, name: str, address: str, of: Contestant) -> Work:
        """Return the work of sending all as a file, to its end in the first round.

        In the others CSV is sent for FILE_SECONDS at most, and nothing else.
        """

        def do(number: int) -> dict[str, float]:
            if number and name != CSV:
                return {}
            workers = Workers(of.pid) if of.pid else None
            most = FILE_SECONDS if number else TIMEOUT
            answer = ask(of.port, address, keep_body=False, most=most)
            if answer.status != HTTPStatus.OK:
                raise Unable(f"{of.name} answered {address} with {answer.status}.")
            values = {"first_byte": answer.first_byte}
            if answer.complete:
                values["whole"] = answer.whole
            return values | ({"growth": float(workers.growth())} if workers else {})

        return Work(line=Line(size, name, of.name), do=do)

    def found_something(self, size: int, of: Contestant, *, number: int = 40) -> float:
        """Return the share of questions that find something; of those that warm up.

        Raises Unable if it is too small for the benchmark to mean anything.
        """
        asked = self.questions[size, NEW_ONE, 0][:number]
        counts = []
        for question in asked:
            answer = ask(of.port, question.address, plain=True)
            found = number_found(answer.body)
            if answer.status != HTTPStatus.OK or found is None:
                raise Unable(f"{of.name} does not answer {question.address}: {answer.status}.")
            counts.append(found)
        share = sum(count > 0 for count in counts) / len(counts)
        if share < 1 - MOST_IN_VAIN:
            raise Unable(f"Of the questions at {size:,} protocols only {share:.0%} find something.")
        return share

    def _load(
        self,
        of: Contestant,
        addresses: str | list[str],
        clients: int,
        headers: dict[str, str],
        *,
        seconds: int = 0,
    ) -> dict[str, float]:
        before = ticks_of_descendants(of.pid) if of.pid else 0
        found = self.generator.load(
            of.site, addresses, clients=clients, seconds=seconds or self.seconds, headers=headers
        )
        values = {"rate": found.rate, "p50": found.p50, "p95": found.p95, "p99": found.p99}
        if of.pid:
            busy = (ticks_of_descendants(of.pid) - before) / TICKS_PER_SECOND
            values["processor"] = busy / found.requests * 1e6
        return values


def number_found(page: bytes) -> int | None:
    """Return how many protocols a page of our list says it found; None where it has no list."""
    found = re.search(rb'data-found="([0-9,]+)"', page)
    return int(found[1].replace(b",", b"")) if found else None


@contextlib.contextmanager
def _edits(of: Contestant) -> Iterator[None]:
    """Have a process edit a protocol each second, from the first edit on. Raises Unable."""
    command = [sys.executable, "-m", "benchmarks.editing"]
    with subprocess.Popen(command, env=dict(of.env), stdout=subprocess.PIPE) as editor:
        assert editor.stdout  # noqa: S101 (for the types)
        try:
            if not editor.stdout.readline():
                raise Unable("No protocol could be edited. Read the message above.")
            yield
        finally:
            editor.terminate()


FACETED_ADDRESS = f"{DATASETTE_TABLE}?" + "&".join(f"{a}={b}" for a, b in DATASETTE_FACETS)
DATASETTE_CSV = f"{DATASETTE_TABLE}.csv?_stream=on&_size=max"
