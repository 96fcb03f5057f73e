"""Files that one job of `make test` makes, and the others use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def shared_file(name: str) -> Iterator[Path]:
    """Give the place of a file. Who does not find it there makes it, and the others wait.

    A run of pytest by itself shares with nobody, so that it never finds what is out of date.
    """
    with TemporaryDirectory() as own:
        folder = Path(os.environ.get("SHARED_BY_JOBS", own))
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder / name
