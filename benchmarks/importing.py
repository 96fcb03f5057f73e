"""How long a large spreadsheet takes to be checked and applied, and how much memory.

By itself: `python -m benchmarks.importing [ROWS]`. It ends with 1 where a limit is missed.
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
CHECK_SECONDS, APPLY_SECONDS, MEMORY = 60, 120, 1024 * MEGABYTE
# Of the made-up protocols so many are in force; a spreadsheet cannot withdraw the others.
IN_FORCE = 0.85
EMPTY = ("--new-organisations", "--new-themes", "--published-before")
CHECK = "rows checked: 0%"
EXPORT = (
    "import sys; from django.test import Client; from django.conf import settings;"
    "settings.ALLOWED_HOSTS = ['testserver'];"
    "sys.stdout.buffer.writelines(Client().get('/protocols.csv').streaming_content)"
)


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import: how long it was checked and applied, and its highest memory in bytes."""

    work: str
    where: str
    check: float
    apply: float
    memory: int

    def verdicts(self) -> Iterator[Verdict]:
        """Give what was reached. The limits are those of SQLite."""
        limits = [("checked", self.check, CHECK_SECONDS), ("applied", self.apply, APPLY_SECONDS)]
        for done, seconds, most in limits:
            if seconds:
                yield Verdict(
                    work=f"import, {self.work}: {done}",
                    where=self.where,
                    wanted=f"under {most} s",
                    found=f"{seconds:.0f} s",
                    met=seconds < most,
                )
        yield Verdict(
            work=f"import, {self.work}: memory",
            where=self.where,
            wanted="under 1 GB",
            found=f"{self.memory / MEGABYTE:.0f} MB",
            met=self.memory < MEMORY,
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
    begun, checks = time.monotonic(), list[float]()
    with subprocess.Popen(
        [sys.executable, "manage.py", "import_register", str(file), *words],
        cwd=PROJECT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr or ():
            if line.strip() == CHECK:
                checks.append(time.monotonic())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Unable(f"The import ended with {process.returncode}.")
    ended = time.monotonic()
    # Before it is applied the file is checked a second time, which belongs to applying.
    second = checks[1] if len(checks) > 1 else ended
    return Import(
        work=work,
        where=where,
        check=second - begun,
        apply=ended - second,
        memory=_bytes(used),
    )


def _bytes(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * 1024


def main() -> None:
    """Measure, and print what was reached."""
    verdicts = [v for one in measure(*map(int, sys.argv[1:])) for v in one.verdicts()]
    for verdict in verdicts:
        met = "yes" if verdict.met else "NO"
        told = (verdict.work, verdict.where, verdict.wanted, verdict.found, met)
        sys.stdout.write(f"| {' | '.join(told)} |\n")
    if not all(verdict.met for verdict in verdicts):
        sys.exit(1)


if __name__ == "__main__":
    main()
