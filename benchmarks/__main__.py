"""Runs the benchmark: `make bench`, or `python -m benchmarks` once all is set up."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import signal
import sys
from types import FrameType

from benchmarks import contestants, importing, machine, measures, nginx, table, targets
from benchmarks.asking import ask, warm
from benchmarks.contestants import Contestant
from benchmarks.data import Register, register
from benchmarks.installing import Tools, install
from benchmarks.lighthouse import Marks, judge
from benchmarks.load import Generator
from benchmarks.measures import Measures, Work
from benchmarks.network import Visit, first_visit
from benchmarks.places import KEPT, Unable, say
from benchmarks.postgres import postgres
from benchmarks.questions import Questions, pages_of
from benchmarks.results import Results
from benchmarks.servers import Servers, servers

SEED = 2026


def main() -> None:
    """Measure, print the tables and write them into docs/performance.md."""
    asked = _arguments()
    # So that whatever was started is stopped in order.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    try:
        if asked.only_imports:
            importing.main(asked.imports)
            return
        tools = install(browser=not asked.no_browser)
        registers = [register(size, seed=SEED) for size in asked.sizes]
        with contextlib.ExitStack() as stack:
            run = Run(asked, tools, stack)
            run.start(registers)
            run.measure()
            words = run.told()
        sys.stdout.write(f"{words}\n")
        if not asked.dry:
            table.keep(words)
        missed = [v for v in run.verdicts() if v.met is False]
        sys.stdout.write(f"\nTargets missed: {len(missed)}\n")
        for verdict in missed:
            told = f"{verdict.work}, {verdict.where}: {verdict.wanted}, found {verdict.found}"
            sys.stdout.write(f"  {told}\n")
    except Unable as problem:
        sys.exit(str(problem))


class Run:
    """One run: all contestants at all sizes, started at once and measured in turns."""

    def __init__(
        self, asked: argparse.Namespace, tools: Tools, stack: contextlib.ExitStack
    ) -> None:
        self.asked = asked
        self.tools = tools
        self.stack = stack
        self.servers: Servers = stack.enter_context(servers())
        generator = Generator(tools.wrk, tools.env, self.servers.folder)
        self.measures = Measures(generator, seconds=asked.seconds, rounds=asked.rounds)
        self.works: list[Work] = []
        self.results = Results()
        self.notes: list[str] = []
        self.visits: dict[str, Visit] = {}
        self.marks: list[Marks] = []
        self.smallest: Contestant | None = None
        self.judged: tuple[str, ...] = ()
        self.imports: list[importing.Import] = []

    def start(self, registers: list[Register]) -> None:
        """Start every contestant and list what each will do."""
        bare = contestants.bare(self.servers)
        for one in registers:
            say(f"Starting all for {one.size:,} protocols.")
            self.measures.prepare(
                one.size,
                Questions(one.datasette, on=datetime.date.today()),  # noqa: DTZ011 (a month or so)
            )
            self.works.append(self.measures.page(one.size, measures.HELLO, bare, "/"))
            self.judged = self.judged or ("/", *pages_of(one.datasette), "/sharing/", "/reviews/")
            self._start_ours(one)
            self._start_datasette(one)

    def _start_ours(self, one: Register) -> None:
        url = self.stack.enter_context(postgres(one.postgres))
        works, size = self.measures, one.size
        for name, database in zip(targets.DATABASES, ("", url), strict=True):
            ours = contestants.ours(self.servers, one, name, database=database)
            self.smallest = self.smallest or ours
            warm(ours.port, ["/"] * measures.WARM_QUESTIONS, seconds=10)
            self.works.append(works.page(size, measures.WARM, ours, "/"))
            again = works.again(size, ours)
            if again:
                self.works.append(again)
            else:
                self.notes.append(f"{name} at {size:,} gives no ETag, so 304 is not measured.")
            self.works += [works.new(size, kind, ours) for kind in measures.KINDS]
            self.works += [works.file(size, *each, ours) for each in measures.FILES.items()]
            share = works.found_something(size, ours)
            if size == max(self.asked.sizes):
                self._start_edited(one, name, url=database)
        self.notes.append(f"Of the questions at {size:,} protocols {share:.0%} find something.")
        front = nginx.behind(self.servers, self.tools, one, targets.BEHIND, database=url)
        for contestant in (nginx.static(self.servers, self.tools, ours), front):
            self.works.append(works.page(size, measures.WARM, contestant, "/"))
        warm(front.port, ["/"] * 2, seconds=10)
        state = ask(front.port, "/").headers.get("x-cache", "unknown")
        self.notes.append(f"Behind nginx, `/` at {size:,} comes from its cache: {state}.")

    def _start_edited(self, one: Register, name: str, *, url: str) -> None:
        """Start one more, with more workers: each makes a page anew after an edit."""
        workers = targets.MORE_WORKERS
        name = f"{name}, {workers} workers"
        ours = contestants.ours(self.servers, one, name, database=url, workers=workers)
        self.works.append(self.measures.page(one.size, measures.WARM, ours, "/"))
        self.works.append(self.measures.edited(one.size, ours))

    def _start_datasette(self, one: Register) -> None:
        works, size = self.measures, one.size
        both = ((targets.DATASETTE, False), (targets.TUNED, True))
        # As it comes, a page of a large table takes it many seconds: only its best is shown there.
        for name, tuned in both if size == targets.SMALL else both[1:]:
            other = contestants.datasette(self.servers, one, self.tools, name, tuned=tuned)
            if b"facet-results" not in ask(other.port, measures.FACETED_ADDRESS).body:
                raise Unable(f"{name} shows no facets at {size:,} protocols.")
            address = measures.FACETED_ADDRESS
            self.works.append(works.page(size, measures.FACETED, other, address))
            for kind in measures.KINDS:
                self.works.append(works.new(size, kind, other, datasette=True))
            if tuned:
                self.works.append(works.file(size, measures.CSV, measures.DATASETTE_CSV, other))

    def measure(self) -> None:
        """Do every work once a round, each round from another one on."""
        if self.asked.imports:
            self.imports = importing.measure(self.asked.imports)
        self._judge()
        for number in range(self.asked.rounds):
            say(f"Round {number + 1} of {self.asked.rounds}: {len(self.works)} works.")
            first = number * len(self.works) // self.asked.rounds
            for work in (*self.works[first:], *self.works[:first]):
                self.results.figures.append(work.figure(number))
        kept = json.dumps(self.results.as_json(), indent=1)
        (KEPT / "last.json").write_text(kept)

    def _judge(self) -> None:
        """Let a browser look at the smallest register, before anything else is busy."""
        if self.tools.chromium is None:
            self.notes.append("Without Chromium: no first visit and no Lighthouse.")
        elif self.smallest:
            say("Looking with a browser.")
            site = self.smallest.site
            for address in self.judged:
                self.visits[address] = first_visit(self.tools.chromium, f"{site}{address}")
            self.marks = [
                judge(
                    self.tools.lighthouse, self.tools.chromium, site, address, self.servers.folder
                )
                for address in self.judged
            ]

    def verdicts(self) -> list[targets.Verdict]:
        """Return what was reached."""
        reached = targets.verdicts(self.results, self.asked.sizes, self.visits, self.marks)
        return [*reached, *(verdict for each in self.imports for verdict in each.verdicts())]

    def told(self) -> str:
        """Return the tables."""
        about = machine.describe(self.tools, machine.command_line())
        return table.written(about, self.verdicts(), self.results, self.notes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each work is done")
    parser.add_argument("--seconds", type=int, default=2, help="how long each time")
    parser.add_argument("--sizes", type=int, nargs="+", default=[25, 25_000, 250_000])
    parser.add_argument(
        "--imports", type=int, default=importing.ROWS, help="rows of a spreadsheet, or 0 for none"
    )
    parser.add_argument("--only-imports", action="store_true", help="measure nothing else")
    parser.add_argument("--no-browser", action="store_true", help="leave out Lighthouse")
    parser.add_argument("--dry", action="store_true", help="leave docs/performance.md as it is")
    return parser.parse_args()


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
