"""How long a large spreadsheet takes to be checked and applied, and how much memory.

By itself: `make bench BENCH_ARGS="--only-imports"`. It ends with 1 where a limit is missed.
"""

from __future__ import annotations

import csv
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from xlsxwriter import Workbook

from benchmarks.data import generate, plain_environment
from benchmarks.places import PROJECT, Unable, run, say
from benchmarks.postgres import postgres
from benchmarks.targets import MEGABYTE, Verdict

ROWS = 50_000
CHECK_SECONDS, APPLY_SECONDS, MEMORY = 25, 60, 500 * MEGABYTE
# Of the made-up protocols so many are in force; a spreadsheet cannot withdraw the others.
IN_FORCE = 0.85
READER = "registers.imports.reading.reader"
MOST_LINES = 20
EMPTY = ("--new-organisations", "--new-themes", "--published-before")
CHECKING = "rows checked"  # so begin the lines that tell of the check
EXPORT = (
    "import sys; from django.test import Client; from django.conf import settings;"
    "settings.ALLOWED_HOSTS = ['testserver'];"
    "sys.stdout.buffer.writelines(Client().get('/protocols.csv').streaming_content)"
)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a part of an import took: seconds by the clock, of the processor, and the load."""

    seconds: float
    processor: float
    load: float

    def __str__(self) -> str:
        return (
            f"{self.seconds:.0f} s ({self.processor:.0f} s of the processor, load {self.load:.0f})"
        )


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import: what its check and its applying took, and the highest memory in bytes.

    `reader` is that of the process which reads the file.
    """

    work: str
    where: str
    check: Cost
    apply: Cost | None
    memory: int
    reader: int

    def verdicts(self) -> Iterator[Verdict]:
        """Give what was reached."""
        limits = [("checked", self.check, CHECK_SECONDS), ("applied", self.apply, APPLY_SECONDS)]
        for done, cost, most in limits:
            if cost:
                yield Verdict(
                    work=f"import, {self.work}: {done}",
                    where=self.where,
                    wanted=f"under {most} s",
                    found=str(cost),
                    met=cost.seconds < most,
                )
        yield Verdict(
            work=f"import, {self.work}: memory",
            where=self.where,
            wanted=f"under {MEMORY // MEGABYTE} MB",
            found=f"{self.memory / MEGABYTE:.0f} MB, and its reader"
            f" {self.reader / MEGABYTE:.0f} MB",
            met=max(self.memory, self.reader) < MEMORY,
        )


def measure(rows: int = ROWS) -> list[Import]:
    """Import a register into an empty one, again, and with each purpose edited. Raises Unable."""
    with tempfile.TemporaryDirectory(prefix="register-bench-") as name:
        folder = Path(name)
        file, edited = _files(folder, rows)
        found = list(_imports("ours on SQLite", _environment(folder / "sqlite"), file, edited))
        with postgres() as url:
            env = _environment(folder / "postgres", url)
            found += _imports("ours on PostgreSQL", env, file, edited)
    return found


def _imports(where: str, env: dict[str, str], file: Path, edited: Path) -> Iterator[Import]:
    _manage("prepare", env=env)
    yield _import("into an empty register", where, env, file, *EMPTY)
    yield _import("nothing changes", where, env, file)
    yield _import("every purpose edited", where, env, edited)


def _environment(folder: Path, url: str = "") -> dict[str, str]:
    folder.mkdir()
    url = url or f"sqlite:///{quote(str(folder / 'register.sqlite3'))}"
    return plain_environment(DATA_DIR=folder, DATABASE_URL=url, REGISTER_FILE="")


def _files(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write a made-up register as a workbook, and the same with every purpose edited."""
    say(f"Making a spreadsheet of {rows:,} rows.")
    env = _environment(folder / "made")
    _manage("prepare", env=env)
    generate(int(rows / IN_FORCE), seed=1, env=env)
    text = _manage("shell", "--no-imports", "-c", EXPORT, env=env)
    lines = list(csv.reader(io.StringIO(text)))
    heads, kept = lines[0], lines[1 : rows + 1]
    if len(kept) < rows:
        raise Unable(f"Only {len(kept):,} protocols are in force. Lower IN_FORCE.")
    purpose, files = heads.index("purpose"), (folder / "file.xlsx", folder / "edited.xlsx")
    for file, words in zip(files, ("", " Edited."), strict=True):
        with Workbook(file, {"constant_memory": True}) as book:
            sheet = book.add_worksheet("Protocols")
            for number, line in enumerate([heads, *kept]):
                for column, text in enumerate(line):
                    more = words if number and column == purpose else ""
                    sheet.write_string(number, column, text + more)
    return files


def _manage(*words: str, env: dict[str, str]) -> str:
    return run(
        *(sys.executable, "manage.py", *words),
        cwd=PROJECT,
        env=env,
        what_to_do=f"`manage.py {words[0]}` failed. Read its message above.",
    )


def _import(work: str, where: str, env: dict[str, str], file: Path, *words: str) -> Import:
    """Import a file in a process of its own, and take the time by what it tells."""
    say(f"Importing, {work}, {where}.")
    command = ["manage.py", "import_register", str(file), *words]
    begun, checked, lines = time.monotonic(), None, list[str]()
    with _python(*command, env=env) as process:
        for line in process.stdout or ():
            lines = [*lines, line][-MOST_LINES:]
            if checked is None and not line.startswith(CHECKING):
                # What the check found is printed at once, before any of it is applied.
                checked = Cost(
                    seconds=time.monotonic() - begun,
                    processor=_processor_seconds(process.pid),
                    load=os.getloadavg()[0],
                )
        used = _wait(process)
    if process.returncode or checked is None:
        raise Unable(f"The import ended with {process.returncode}. Its last words:\n{lines}")
    whole = Cost(
        seconds=time.monotonic() - begun - checked.seconds,
        processor=used.ru_utime + used.ru_stime - checked.processor,
        load=os.getloadavg()[0],
    )
    with _python("-m", READER, "xlsx", str(file), env=env) as process:
        for _ in process.stdout or ():
            pass
        reader = _wait(process)
    return Import(
        work=work,
        where=where,
        check=checked,
        apply=whole if "Applied" in lines[-1] else None,
        memory=used.ru_maxrss * 1024,
        reader=reader.ru_maxrss * 1024,
    )


def _python(*words: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=PROJECT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait(process: subprocess.Popen[str]) -> resource.struct_rusage:
    """Wait for a process to end, and return what it and its own processes used."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used


def _processor_seconds(pid: int) -> float:
    """Return what a process has used so far, with those of its processes that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main(rows: int = ROWS) -> None:
    """Measure, and print what was reached."""
    verdicts = [v for one in measure(rows) for v in one.verdicts()]
    for verdict in verdicts:
        met = "yes" if verdict.met else "NO"
        told = (verdict.work, verdict.where, verdict.wanted, verdict.found, met)
        sys.stdout.write(f"| {' | '.join(told)} |\n")
    if not all(verdict.met for verdict in verdicts):
        sys.exit(1)
