"""Who takes part, and how each is started: all at once, before the first round."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.data import Register, plain_environment
from benchmarks.installing import Tools
from benchmarks.places import run
from benchmarks.servers import Servers, free_port

GUNICORN = (sys.executable, "-m", "gunicorn", "--config", "python:weisf.serving")
DATASETTE_LIMITS = (
    # A facet that takes longer is left out without a word; here it is computed.
    *("--setting", "facet_time_limit_ms", "60000"),
    *("--setting", "sql_time_limit_ms", "60000"),
    *("--setting", "max_csv_mb", "0"),
)
DATASETTE_TUNED = ("--setting", "suggest_facets", "off")


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A server that answers. `pid` is gunicorn's first process, where it has one.

    `env` is the environment in which ours was started.
    """

    name: str
    port: int
    pid: int = 0
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def site(self) -> str:
        """Its address, as wrk wants it."""
        return f"http://127.0.0.1:{self.port}"


def ours(
    started: Servers,
    register: Register,
    name: str,
    *,
    database: str,
    behind: str = "",
    workers: int | None = None,
) -> Contestant:
    """Start the register on `database`, a URL, with the settings that it has by itself.

    `behind` is the address of the proxy in front, where there is one. `workers` are more or fewer
    than it has by itself.
    """
    port = free_port()
    folder = started.folder / f"data-{port}"
    folder.mkdir()
    if not database:
        # A copy: whatever else the register keeps beside its database begins anew.
        shutil.copy(register.sqlite, folder)
    env = plain_environment(
        DATA_DIR=folder, PORT=port, SITE_URL=behind or f"http://127.0.0.1:{port}"
    )
    if database:
        env["DATABASE_URL"] = database
    if workers:
        env["WEB_WORKERS"] = str(workers)
    if behind:
        env["BEHIND_PROXY"] = "true"
    server = started.start(f"ours-{port}", GUNICORN, env, port)
    return Contestant(name=name, port=port, pid=server.pid, env=env)


def bare(started: Servers) -> Contestant:
    """Start Django that says hello, under the same gunicorn with the same settings."""
    port = free_port()
    folder = started.folder / "bare"
    folder.mkdir()
    env = plain_environment(DATA_DIR=folder, PORT=port, SITE_URL=f"http://127.0.0.1:{port}")
    server = started.start("bare", (*GUNICORN, "benchmarks.bare:application"), env, port)
    return Contestant(name="bare Django", port=port, pid=server.pid)


def datasette(
    started: Servers, register: Register, tools: Tools, name: str, *, tuned: bool
) -> Contestant:
    """Start Datasette on the file that was made for it, which nothing changes.

    `tuned` follows its advice for speed: rows counted beforehand, no facets of its own.
    """
    port = free_port()
    more: tuple[str | Path, ...] = ()
    if tuned:
        counts = started.folder / f"counts-{register.size}.json"
        run(
            *(tools.datasette, "inspect", register.datasette, "--inspect-file", counts),
            what_to_do="Datasette could not count its rows. Read its message above.",
        )
        more = (*DATASETTE_TUNED, "--inspect-file", counts)
    command = (
        tools.datasette,
        "serve",
        "-i",
        register.datasette,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    )
    env = plain_environment()
    started.start(f"datasette-{port}", (*command, *DATASETTE_LIMITS, *more), env, port)
    return Contestant(name=name, port=port)
