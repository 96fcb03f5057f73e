"""How far some work has come, for a terminal: a bar that moves, or a line now and then."""

from __future__ import annotations

from typing import TextIO, TypeVar

from registers.imports.spreadsheet.plan import Progress, Work

T = TypeVar("T")
WIDTH = 30
STEP = 10  # per cent between two lines


def show(work: Work[T], out: TextIO) -> T:
    """Do `work` to its end, tell `out` how far it has come, and return what it returns.

    On a terminal one line is drawn again and again. Elsewhere, as in a log,
    there is a line at each tenth.
    """
    moving, told = out.isatty(), ""
    try:
        while True:
            progress = next(work)
            line = _bar(progress) if moving else _line(progress)
            if line != told:
                out.write(f"\r\x1b[K{line}" if moving else f"{line}\n")
                out.flush()
                told = line
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        if moving and told:
            out.write("\n")


def _percent(progress: Progress) -> int:
    return 100 * progress.done // progress.of if progress.of else 100


def _bar(progress: Progress) -> str:
    done = WIDTH * _percent(progress) // 100
    bar = "#" * done + "." * (WIDTH - done)
    return f"[{bar}] {_percent(progress):3}% {progress.words}: {progress.done:,} of {progress.of:,}"


def _line(progress: Progress) -> str:
    return f"{progress.words}: {_percent(progress) // STEP * STEP}%"
