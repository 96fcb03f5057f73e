"""An import is killed at random moments: `python -m tests.imports.killing [MOMENTS] [PROTOCOLS]`.

After each, the register must be as before or as after, and the same file can be
imported. It is the register's own process that is killed, with SIGKILL, on a
database of its own: SQLite's, or where DATABASE_URL names a PostgreSQL, there.
"""

from __future__ import annotations

import contextlib
import csv
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg

BASE = Path(__file__).parent.parent.parent
SEED = 6
# Two imports of one file differ in these alone.
NEVER_THE_SAME = {
    "token",
    "made_at",
    "history_date",
    "applied",
    "uploaded_at",
    "checked_at",
    "applied_at",
}
CHECKING = "rows checked"  # so begin the lines that tell of the check
AT_THE_END = 4  # one of so many moments is when all is saved, and the commit begins


@dataclass(frozen=True)
class Place:
    """A register in a folder, on SQLite or in a database of the PostgreSQL at `server`."""

    folder: Path
    server: str = ""

    @property
    def name(self) -> str:
        return f"killed_{os.getpid()}"

    @property
    def environment(self) -> dict[str, str]:
        url = f"sqlite:///{quote(str(self.folder))}/register.sqlite3"
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": "only-for-registers-that-are-killed-" * 2,
            "REGISTER_FILE": "",
            "DATABASE_URL": f"{self.server.rpartition('/')[0]}/{self.name}" if self.server else url,
        }

    def run(self, *words: str) -> str:
        return self.python("manage.py", *words)

    def python(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=BASE,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begin(self) -> None:
        """Make an empty database."""
        if self.server:
            self._ask(f"CREATE DATABASE {self.name}")
        self.run("prepare")

    def keep(self) -> None:
        """Remember the database as it is."""
        if self.server:
            self._ask(f"CREATE DATABASE {self.name}_kept TEMPLATE {self.name}")
        else:
            with contextlib.closing(self._file()) as file:
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self.folder / "register.sqlite3", self.folder / "jobs.sqlite3")

    def put_back(self) -> None:
        """Let the database be as it was kept."""
        if self.server:
            self._ask(f"DROP DATABASE {self.name} WITH (FORCE)")
            self._ask(f"CREATE DATABASE {self.name} TEMPLATE {self.name}_kept")
            return
        for ending in ("-wal", "-shm"):
            (self.folder / f"register.sqlite3{ending}").unlink(missing_ok=True)
        shutil.copy(self.folder / "jobs.sqlite3", self.folder / "register.sqlite3")

    def end(self) -> None:
        if self.server:
            for name in (self.name, f"{self.name}_kept"):
                self._ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def tables(self) -> dict[str, set[int]]:
        """What is in every table, but for the times of an import: a number for each row."""
        if not self.server:
            with contextlib.closing(self._file()) as file:
                assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                return _tables(file.cursor(), "SELECT name FROM sqlite_master WHERE type='table'")
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name}'"
        while self._ask(busy):
            time.sleep(0.02)  # the server has not yet noticed that its client is gone
        with psycopg.connect(**self._server(self.name)) as connection:
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            return _tables(connection.cursor(), names)

    def _file(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "register.sqlite3")

    def _server(self, name: str) -> dict[str, Any]:
        parts = urlsplit(self.server)
        given = {"user": parts.username, "password": parts.password, "port": parts.port}
        host = parts.hostname or unquote(parts.path[1:]).rpartition("/")[0]
        return {"dbname": name, "host": host} | {k: v for k, v in given.items() if v}

    def _ask(self, words: str) -> Any:
        with psycopg.connect(**self._server("postgres"), autocommit=True) as connection:
            said = connection.execute(words)
            return said.fetchone()[0] if said.description else None


def _tables(cursor: Any, names: str) -> dict[str, set[int]]:
    found = {}
    cursor.execute(names)
    for (table,) in sorted(cursor.fetchall()):
        if table.startswith("search_") and table.count("_") > 1:
            continue  # FTS5's own, which it orders as it likes
        cursor.execute(f'SELECT * FROM "{table}"')
        kept = [n for n, column in enumerate(cursor.description) if column[0] not in NEVER_THE_SAME]
        found[table] = {hash(repr([row[n] for n in kept])) for row in cursor.fetchall()}
    return found


@contextlib.contextmanager
def place(folder: Path) -> Iterator[Place]:
    url = os.environ.get("DATABASE_URL", "")
    made = Place(folder, url if url.startswith("postgres") else "")
    try:
        made.begin()
        yield made
    finally:
        made.end()


def make_file(here: Place, protocols: int) -> Path:
    """Write a file that edits every protocol, and has new ones with new organisations."""
    here.python("-m", "demo", f"--protocols={protocols}", "--seed=1", "--on=2026-11-22")
    script = (
        "import sys; from django.test import Client; from django.conf import settings;"
        "settings.ALLOWED_HOSTS = ['testserver'];"
        "sys.stdout.buffer.writelines(Client().get('/protocols.csv').streaming_content)"
    )
    rows = list(csv.reader(here.run("shell", "--no-imports", "-c", script).splitlines()))
    heads = {name: place for place, name in enumerate(rows[0])}
    for row in rows[1:]:
        row[heads["purpose"]] += " Edited."
    for number in range(protocols // 10):
        row = ["" for _ in heads]
        row[heads["reference"]] = f"{9_000_000 + number}"
        row[heads["title"]], row[heads["theme"]] = f"New {number}", rows[1][heads["theme"]]
        row[heads["lead_organisation"]] = f"New organisation {number}"
        row[heads["published"]] = "2026-11-01"
        rows.append(row)
    file = here.folder / "edited.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(rows)
    return file


@dataclass(frozen=True)
class Moment:
    """So many seconds after the line with this number, of those that tell of the applying."""

    line: int
    seconds: float


def importing(here: Place, file: Path, kill: Moment | None = None) -> list[float]:
    """ImportJob, and kill it at a moment. Return when each line came that told of the applying.

    The last time is that of the end.
    """
    words = ("import_register", str(file), "--new-organisations")
    with subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=BASE,
        env=here.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        times = list[float]()
        for line in process.stderr or ():
            if not line.startswith(CHECKING):
                times.append(time.monotonic())
            if kill and len(times) > kill.line:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(kill.seconds)
                process.send_signal(signal.SIGKILL)
                process.wait()
                return times
        assert process.wait() == 0, "It failed by itself."
        return [*times, time.monotonic()]


def moments_of(times: list[float], number: int, chance: random.Random) -> Iterator[Moment]:
    """Give random moments that are spread over all the time, some of them at the commit."""
    for turn in range(number):
        at = times[0] + (times[-1] - times[0]) * (turn + chance.random()) / number
        line = max(n for n, told in enumerate(times[:-1]) if told <= at)
        if turn % AT_THE_END == AT_THE_END - 1:
            yield Moment(len(times) - 2, chance.uniform(0, 0.05))
        else:
            yield Moment(line, at - times[line])


def kill_many(here: Place, *, moments: int, protocols: int, seed: int = SEED) -> dict[str, int]:
    """Kill an import at so many moments; return how often nothing was kept, and how often all."""
    file = make_file(here, protocols)
    here.keep()
    before = here.tables()
    times = importing(here, file)
    after = here.tables()
    assert before != after
    ends = {"nothing": 0, "all": 0}
    for moment in moments_of(times, moments, random.Random(seed)):
        here.put_back()
        importing(here, file, moment)
        found = here.tables()
        assert found in (before, after), f"Something half done at {moment}."
        kept = "nothing" if found == before else "all"
        ends[kept] += 1
        importing(here, file)
        # PostgreSQL does not give a number twice, so that keys may differ.
        assert [len(rows) for rows in here.tables().values()] == [len(r) for r in after.values()]
        sys.stderr.write(f"{moment}: {kept} was kept\n")
    return ends


def main() -> None:
    moments, protocols = (*map(int, sys.argv[1:]), 20, 3000)[:2]
    with tempfile.TemporaryDirectory() as folder, place(Path(folder)) as here:
        ends = kill_many(here, moments=moments, protocols=protocols)
    where = "PostgreSQL" if here.server else "SQLite"
    sys.stdout.write(
        f"{where}: killed {moments} times; {ends['nothing']} times nothing was kept and"
        f" {ends['all']} times all.\n"
    )


if __name__ == "__main__":
    main()
