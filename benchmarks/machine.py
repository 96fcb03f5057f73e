"""What it was measured on, and with which versions."""

from __future__ import annotations

import datetime
import os
import platform
import re
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.installing import Tools
from tests.with_postgres import PACKAGE


def describe(tools: Tools, command: str) -> list[tuple[str, str]]:
    """Return what there is to say of this machine, each with its name."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return [
        ("When", f"{datetime.date.today():%-d %B %Y}"),  # noqa: DTZ011 (for people)
        ("Command", f"`{command}`"),
        ("Processor", f"{_processor()}, {len(os.sched_getaffinity(0))} cores for everything"),
        ("Memory", f"{int(memory[1]) / 2**20:.0f} GB" if memory else "unknown"),
        ("System", _system()),
        ("Python", f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}"),
        ("Register", f"Django {version('django')}, gunicorn {version('gunicorn')}"),
        ("PostgreSQL", _first(str(PACKAGE / "pginstall/bin/postgres"), "--version")),
        ("Datasette", _first(str(tools.datasette), "--version")),
        ("nginx", _first(str(tools.nginx), "-v", env=tools.env)),
        ("wrk", _first(str(tools.wrk), "-v", env=tools.env)),
    ]


def command_line() -> str:
    """Return the command that a person would type for this run."""
    words = " ".join(sys.argv[1:])
    return f'make bench BENCH_ARGS="{words}"' if words else "make bench"


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def _system() -> str:
    release = Path("/etc/os-release")
    found = re.search(r'PRETTY_NAME="(.+)"', release.read_text()) if release.exists() else None
    return found[1] if found else platform.system()


def _first(*command: str, env: dict[str, str] | None = None) -> str:
    """Return the version number in what a program says of itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "unknown"
