"""The registers that are measured: made once, kept in var/bench, the same in every database."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg

from benchmarks import datasette_file
from benchmarks.places import KEPT, PROJECT, run, say
from benchmarks.postgres import postgres

REAL = 25  # so many protocols has the real register, which is loaded as it is
# What decides what is in a database, or how.
MADE_BY = ("fixtures", "registers/models", "registers/migrations", "registers/imports", "demo")
MADE_BY_TOO = (
    "registers/changes",
    "registers/management",
    "registers/search/search_writer.py",
    "benchmarks/data.py",
)


@dataclass(frozen=True)
class Register:
    """One register of `size` protocols, in three forms. None is ever written to again."""

    size: int
    folder: Path

    @property
    def sqlite(self) -> Path:
        """Our SQLite file."""
        return self.folder / "register.sqlite3"

    @property
    def datasette(self) -> Path:
        """The SQLite file for Datasette."""
        return self.folder / "datasette.sqlite3"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder of data."""
        return self.folder / "postgres"


def plain_environment(**settings: object) -> dict[str, str]:
    """Return an environment with these settings of the register and none of a developer's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    # The same in every server, as in production; it guards nothing here.
    key = {"SECRET_KEY": "only-for-the-benchmark-" * 3}
    return kept | key | {name: str(value) for name, value in settings.items()}


def register(size: int, *, seed: int) -> Register:
    """Return the register of `size` protocols; it is made if it is not there. Raises Unable."""
    found = Register(size, KEPT / f"register-{size}-{seed}")
    stamp = found.folder / "made-from"
    wanted = _made_from()
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"Making the register of {size:,} protocols. It is kept in {KEPT}.")
        shutil.rmtree(found.folder, ignore_errors=True)
        found.folder.mkdir(parents=True)
        _fill(found, seed, f"sqlite:///{quote(str(found.sqlite))}")
        datasette_file.make(found.sqlite, found.datasette)
        with postgres(keep=found.postgres) as url:
            _fill(found, seed, url)
            with psycopg.connect(_for_psycopg(url), autocommit=True) as connection:
                # In production autovacuum does it within a minute.
                connection.execute("VACUUM ANALYZE")
        stamp.write_text(wanted)
    return found


def _fill(found: Register, seed: int, url: str) -> None:
    env = plain_environment(DATA_DIR=found.folder, DATABASE_URL=url)
    is_real = found.size == REAL
    _manage("prepare", env=env if is_real else env | {"REGISTER_FILE": ""})
    if not is_real:
        generate(found.size, seed=seed, env=env)


def generate(size: int, *, seed: int, env: dict[str, str]) -> None:
    """Fill the empty register that the settings name with so many fictional protocols."""
    run(
        *(sys.executable, "-m", "demo", f"--protocols={size}", f"--seed={seed}"),
        cwd=PROJECT,
        env=env,
        what_to_do="`python -m demo` failed. Read its message above.",
    )


def _manage(*words: str, env: dict[str, str]) -> None:
    run(
        *(sys.executable, "manage.py", *words),
        cwd=PROJECT,
        env=env,
        what_to_do=f"`manage.py {words[0]}` failed. Read its message above.",
    )


def _for_psycopg(url: str) -> str:
    """Return what psycopg takes for the URL: there the socket's folder stands as a parameter."""
    folder = unquote(urlsplit(url).path[1:]).rpartition("/")[0]
    return f"host={folder} user=postgres dbname=postgres"


def _made_from() -> str:
    """Return what changes when a database would be made in another way."""
    names = [PROJECT / name for name in (*MADE_BY, *MADE_BY_TOO)]
    files = [file for name in names for file in ([name] if name.is_file() else name.rglob("*.*"))]
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.suffix not in {".pyc", ""}):
        digest.update(str(file.relative_to(PROJECT)).encode() + file.read_bytes())
    return digest.hexdigest()
