"""What must be reached, and whether it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks import measures
from benchmarks.lighthouse import Marks
from benchmarks.network import Visit
from benchmarks.results import Line, Results, Spread

DATABASES = {"ours on SQLite": 300, "ours on PostgreSQL": 150}  # with the most ms for p95
# The most processor time of a warm page, as a multiple of the bare framework's.
PROCESSOR = {"ours on SQLite": 1.0, "ours on PostgreSQL": 1.3}
BEHIND = "ours behind nginx"
STATIC = "nginx, a static file"
BARE = "bare Django"
DATASETTE = "Datasette"
TUNED = "Datasette, tuned"
SMALL, MIDDLE, LARGE = 25, 25_000, 250_000
MEGABYTE = 2**20
SEARCH_MS = 30  # of the processor, for a search never asked at MIDDLE
MORE_WORKERS = 4  # of the contestant that is measured while protocols are edited
# The most time of everything at LARGE as a file: times tuned Datasette's CSV; seconds.
FILES = {measures.CSV: 1, measures.XLSX: 3, measures.ODS: 3, measures.CALENDAR: 30}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One line of the table: `met` is None for what is only told."""

    work: str
    where: str
    wanted: str
    found: str
    met: bool | None


def judged(
    work: str,
    where: str,
    found: Spread | None,
    *,
    least: float | None = None,
    most: float | None = None,
    unit: str = "",
    digits: int = 2,
) -> Iterator[Verdict]:
    """Give the line of what was found, if it was measured, and of its limit, if it has one."""
    if found:
        wanted, met = "", None
        if least is not None:
            wanted, met = f"at least {least:g}{unit}", found.median >= least
        elif most is not None:
            wanted, met = f"at most {most:g}{unit}", found.median <= most
        median, *both = (f"{v:.{digits}f}" for v in (found.median, found.least, found.most))
        words = f"{median}{unit} ({' to '.join(both)})"
        yield Verdict(work=work, where=where, wanted=wanted, found=words, met=met)


def verdicts(
    results: Results, sizes: list[int], visits: dict[str, Visit], marks: Iterable[Marks]
) -> list[Verdict]:
    """Return every line of the table of targets, for what was measured."""
    return [
        *_processor(results, sizes),
        *_rates(results, sizes),
        *_growth_with_size(results),
        *_edits(results, sizes),
        *_files(results, sizes),
        *_visits(visits),
        *_lighthouse(marks),
    ]


def _rates(results: Results, sizes: list[int]) -> Iterator[Verdict]:
    """Give the ratios of requests a second."""
    warm = measures.WARM
    for size in sizes:
        pairs: list[tuple[str, float | None, str, tuple[str, str]]] = [
            # Too much by chance where wrk has the same cores: the processor time decides.
            ("warm page / bare framework", None, warm, (measures.HELLO, BARE)),
            ("warm page / Datasette's faceted page", 60, warm, (measures.FACETED, DATASETTE)),
            # As it comes it is measured at the smallest size only; tuned it is faster still.
            (
                "warm page / tuned Datasette's",
                None if size == SMALL else 60,
                warm,
                (measures.FACETED, TUNED),
            ),
        ]
        for name in (measures.NEW_MANY, measures.NEW_ONE):
            pairs.append((f"{name} / Datasette's", 3, name, (name, DATASETTE)))
            least = 3 if name == measures.NEW_ONE else None
            pairs.append((f"{name} / tuned Datasette's", least, name, (name, TUNED)))
        for ours in DATABASES:
            for work, wanted, mine, (theirs, other) in pairs:
                ratio = results.ratio("rate", Line(size, mine, ours), Line(size, theirs, other))
                yield from judged(work, f"{ours}, {size:,}", ratio, least=wanted)
        ratio = results.ratio("rate", Line(size, warm, BEHIND), Line(size, warm, STATIC))
        yield from judged("behind deploy/nginx.conf / static file", f"{size:,}", ratio, least=0.8)


def _edits(results: Results, sizes: list[int]) -> Iterator[Verdict]:
    """Give what is left of the warm rate while a protocol is edited each second."""
    for size in sizes:
        for ours in DATABASES:
            name = f"{ours}, {MORE_WORKERS} workers"
            edited, warm = Line(size, measures.EDITED, name), Line(size, measures.WARM, name)
            ratio = results.ratio("rate", edited, warm)
            least = 0.7 if size == LARGE else None
            yield from judged(f"{measures.EDITED} / warm", f"{name}, {size:,}", ratio, least=least)


def _processor(results: Results, sizes: list[int]) -> Iterator[Verdict]:
    """Give the processor time of the workers: of warm pages beside the bare one, of searches."""
    for size in sizes:
        for ours, most in PROCESSOR.items():
            where = f"{ours}, {size:,}"
            for page, limit in ((measures.WARM, most), (measures.ASKED_AGAIN, None)):
                line, bare = Line(size, page, ours), Line(size, measures.HELLO, BARE)
                work = f"{page} / bare framework, processor time a request"
                yield from judged(work, where, results.ratio("processor", line, bare), most=limit)
            found = results.spread("processor", Line(size, measures.SEARCH, ours), 1e-3)
            limit = SEARCH_MS if size == MIDDLE else None
            work = f"{measures.SEARCH}: processor time a request"
            yield from judged(work, where, found, most=limit, unit=" ms", digits=0)


def _growth_with_size(results: Results) -> Iterator[Verdict]:
    """Give what a register of 250,000 costs beside one of 25."""
    for ours, most in DATABASES.items():
        for name in (measures.SEARCH, measures.FILTER):
            ratio = results.ratio("p50", Line(LARGE, name, ours), Line(SMALL, name, ours))
            yield from judged(f"{name}: time at 250,000 / at 25", ours, ratio, most=4)
            p95 = results.spread("p95", Line(LARGE, name, ours))
            work = f"{name}: p95 at 250,000"
            yield from judged(work, ours, p95, most=most, unit=" ms", digits=0)


def _files(results: Results, sizes: list[int]) -> Iterator[Verdict]:
    """Give how long everything takes as a file, beside tuned Datasette's CSV; of CSV, more."""
    for size in sizes:
        csv = Line(size, measures.CSV, TUNED)
        for ours in DATABASES:
            where = f"{ours}, {size:,}"
            for name in measures.FILES:
                line, most = Line(size, name, ours), FILES[name] if size == LARGE else None
                if name == measures.CALENDAR:
                    whole = results.spread("whole", line)
                    yield from judged(name, where, whole, most=most, unit=" s", digits=1)
                else:
                    ratio = results.ratio("whole", line, csv)
                    yield from judged(f"{name} / tuned Datasette's CSV", where, ratio, most=most)
    for ours in DATABASES:
        line = Line(LARGE, measures.CSV, ours)
        first = results.spread("first_byte", line)
        work = "CSV of 250,000: time to first byte"
        yield from judged(work, ours, first, most=1, unit=" s", digits=3)
        growth = results.spread("growth", line, 1 / MEGABYTE)
        work = "CSV of 250,000: growth of the worker's memory"
        yield from judged(work, ours, growth, most=64, unit=" MB", digits=0)


def _visits(visits: dict[str, Visit]) -> Iterator[Verdict]:
    for address, visit in visits.items():
        yield Verdict(
            work=f"first visit of `{address}`, everything",
            where=f"{visit.requests} requests, of {', '.join(visit.hosts)}",
            wanted="under 60 kB, one host",
            found=f"{visit.bytes / 1000:.1f} kB",
            met=visit.bytes < 60_000 and len(visit.hosts) == 1,
        )


def _lighthouse(marks: Iterable[Marks]) -> Iterator[Verdict]:
    for mark in marks:
        lost = f" Lost by {'; '.join(mark.lost)}." if mark.lost else ""
        yield Verdict(
            work="Lighthouse, mobile",
            where=f"`{mark.address}`",
            wanted="100 four times",
            found=", ".join(f"{score} {name}" for name, score in mark.scores.items()) + lost,
            met=all(score == 100 for score in mark.scores.values()),
        )
