"""Where the benchmark keeps what it makes, and how it tells that it cannot go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
HERE = PROJECT / "benchmarks"
KEPT = PROJECT / "var" / "bench"


class Unable(Exception):  # noqa: N818 (`raise Unable` says it)
    """The benchmark cannot go on. Its words say what to do."""


def say(words: str) -> None:
    """Tell whoever waits what is being done."""
    sys.stderr.write(f"{words}\n")


def run(*command: str | Path, what_to_do: str, **kwargs: object) -> str:
    """Run a command to its end and return what it printed. Raises Unable with `what_to_do`."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            **kwargs,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise Unable(what_to_do) from problem
    return str(done.stdout)
