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
SMALL, LARGE = 25, 250_000
MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One line of the table: `met` is None for what is only told."""

    work: str
    where: str
    wanted: str
    found: str
    met: bool | None


def times(spread: Spread) -> str:
    """Return a ratio as it is written, with its spread."""
    return f"{spread.median:.2f} ({spread.least:.2f} to {spread.most:.2f})"


def verdicts(
    results: Results, sizes: list[int], visit: Visit | None, marks: Iterable[Marks]
) -> list[Verdict]:
    """Return every line of the table of targets, for what was measured."""
    return [
        *_processor(results, sizes),
        *_rates(results, sizes),
        *_growth_with_size(results),
        *_csv(results),
        *_visit(visit),
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
            wanted = 3.0 if size == SMALL else None
            pairs.append((f"{name} / Datasette's", wanted, name, (name, DATASETTE)))
            pairs.append((f"{name} / tuned Datasette's", None, name, (name, TUNED)))
        for ours in DATABASES:
            for work, wanted, mine, (theirs, other) in pairs:
                ratio = results.ratio("rate", Line(size, mine, ours), Line(size, theirs, other))
                yield from _at_least(work, f"{ours}, {size:,}", wanted, ratio)
        ratio = results.ratio("rate", Line(size, warm, BEHIND), Line(size, warm, STATIC))
        yield from _at_least("behind deploy/nginx.conf / static file", f"{size:,}", 0.8, ratio)


def _processor(results: Results, sizes: list[int]) -> Iterator[Verdict]:
    """Give the processor time of the workers for a warm page and for a 304, beside the bare one."""
    for size in sizes:
        for ours, most in PROCESSOR.items():
            for work, limit in ((measures.WARM, most), (measures.ASKED_AGAIN, None)):
                line, bare = Line(size, work, ours), Line(size, measures.HELLO, BARE)
                ratio = results.ratio("processor", line, bare)
                if ratio:
                    yield Verdict(
                        work=f"{work} / bare framework, processor time a request",
                        where=f"{ours}, {size:,}",
                        wanted="" if limit is None else f"at most {limit:g}",
                        found=times(ratio),
                        met=None if limit is None else ratio.median <= limit,
                    )


def _at_least(
    work: str, where: str, wanted: float | None, ratio: Spread | None
) -> Iterator[Verdict]:
    if ratio:
        yield Verdict(
            work=work,
            where=where,
            wanted="" if wanted is None else f"at least {wanted:g}",
            found=times(ratio),
            met=None if wanted is None else ratio.median >= wanted,
        )


def _growth_with_size(results: Results) -> Iterator[Verdict]:
    """Give what a register of 250,000 costs beside one of 25."""
    for ours, most in DATABASES.items():
        for work in (measures.SEARCH, measures.FILTER):
            ratio = results.ratio("p50", Line(LARGE, work, ours), Line(SMALL, work, ours))
            if ratio:
                yield Verdict(
                    work=f"{work}: time at 250,000 / at 25",
                    where=ours,
                    wanted="at most 4",
                    found=times(ratio),
                    met=ratio.median <= 4,
                )
            p95 = results.spread("p95", Line(LARGE, work, ours))
            if p95:
                yield Verdict(
                    work=f"{work}: p95 at 250,000",
                    where=ours,
                    wanted=f"under {most} ms",
                    found=f"{p95.median:.0f} ms ({p95.least:.0f} to {p95.most:.0f})",
                    met=p95.median < most,
                )


def _csv(results: Results) -> Iterator[Verdict]:
    for ours in DATABASES:
        line = Line(LARGE, measures.CSV, ours)
        first, growth = results.spread("first_byte", line), results.spread("growth", line)
        if first and growth:
            yield Verdict(
                work="CSV of 250,000: time to first byte",
                where=ours,
                wanted="under 1 s",
                found=f"{first.median:.3f} s ({first.least:.3f} to {first.most:.3f})",
                met=first.median < 1,
            )
            numbers = [value / MEGABYTE for value in (growth.median, growth.least, growth.most)]
            yield Verdict(
                work="CSV of 250,000: growth of the worker's memory",
                where=ours,
                wanted="under 64 MB",
                found="{:.0f} MB ({:.0f} to {:.0f})".format(*numbers),
                met=growth.median < 64 * MEGABYTE,
            )


def _visit(visit: Visit | None) -> Iterator[Verdict]:
    if visit:
        yield Verdict(
            work="first visit of `/`, everything",
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
