"""The tables, as Markdown: to the terminal, and into docs/performance.md between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.places import PROJECT, Unable
from benchmarks.results import Line, Results, Spread
from benchmarks.targets import MEGABYTE, Verdict

PAGE = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- begin: written by make bench -->", "<!-- end: written by make bench -->"
PRECISE = 100  # requests a second above which a tenth tells nothing
MET = {True: "yes", False: "**no**", None: ""}


def written(
    machine: list[tuple[str, str]], verdicts: list[Verdict], results: Results, notes: list[str]
) -> str:
    """Return everything that one run has to say."""
    parts = [
        "\n".join(f"- {name}: {words}" for name, words in machine),
        "\n".join(f"- {note}" for note in notes),
        "### What must be reached",
        _table(
            ("work", "where", "wanted", "median (least to most)", "met"),
            [(v.work, v.where, v.wanted, v.found, MET[v.met]) for v in verdicts],
        ),
        "### What each did",
        _table(
            (
                "protocols",
                "work",
                "contestant",
                "requests/s",
                "median ms",
                "p95 ms",
                "p99 ms",
                "processor µs a request",
            ),
            _loads(results),
        ),
        "### Everything as a file",
        _table(
            ("protocols", "work", "contestant", "first byte, s", "whole, s", "memory grew by, MB"),
            _files(results),
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def keep(words: str) -> None:
    """Write `words` into docs/performance.md. Raises Unable where its marks are gone."""
    page = PAGE.read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Unable(f"{PAGE} lacks the lines {BEGIN} and {END}. Put them back.")
    PAGE.write_text(f"{before}{BEGIN}\n\n{words}\n\n{END}{after}")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _loads(results: Results) -> Iterable[Sequence[str]]:
    for line in results.lines():
        rate = results.spread("rate", line)
        if rate:
            times = [_spread(results.spread(name, line), 2) for name in ("p50", "p95", "p99")]
            processor = _spread(results.spread("processor", line), 0)
            named = [*_named(line), _spread(rate, 0 if rate.median > PRECISE else 1)]
            yield [*named, *times, processor]


def _files(results: Results) -> Iterable[Sequence[str]]:
    for line in results.lines():
        first = results.spread("first_byte", line)
        growth = results.spread("growth", line, 1 / MEGABYTE)
        if first:
            whole = results.spread("whole", line)
            yield [*_named(line), _spread(first, 3), _spread(whole, 3), _spread(growth, 0)]


def _named(line: Line) -> list[str]:
    return [f"{line.size:,}", line.work, line.contestant]


def _spread(spread: Spread | None, digits: int) -> str:
    """Return the median, with the least and the most where there are several rounds."""
    if spread is None:
        return ""
    middle = f"{spread.median:,.{digits}f}"
    if len(spread.values) == 1:
        return middle
    return f"{middle} ({spread.least:,.{digits}f} to {spread.most:,.{digits}f})"
