"""Start the register as it is run, on a port of its own with a database of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import pytest

from tests.shared_files import shared_file

BASE = Path(__file__).parent.parent.parent
START_SECONDS = 180
ARGUMENTS = ("--config", "python:weisf.serving")
# The server ends with these tests, however they end.
GUNICORN = """
import runpy, signal
from tests.with_postgres import die_with_parent
die_with_parent(signal.SIGTERM)
runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
"""


class Served:
    """A place to serve from: a folder with a secret key, and a port that is already held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "secret-key").write_text(secrets.token_urlsafe(50))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        if self.process:
            # Asked to end, it would wait for what a browser keeps open: up to graceful_timeout.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of a developer's own settings."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DJANGO_SETTINGS_MODULE": "tests.quick_settings",
            "DATA_DIR": str(self.folder),
            "SITE_URL": self.url,
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
        }


def run(place: Served, *arguments: str) -> None:
    """Run Python with the settings of the place; fail with what it printed if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{done.stdout}{done.stderr}\n{arguments} failed.", pytrace=False)


def prepare(place: Served, *, command: str = "") -> None:
    """Make the database, with the real register in it, and run a command of Django's shell.

    That of SQLite is made once, also after each command, and copied.
    """
    if "DATABASE_URL" in place.environment:
        run(place, "manage.py", "prepare")
        if command:
            run(place, "manage.py", "shell", "--command", command)
    else:
        (place.folder / "register.sqlite3").write_bytes(_after(command))


@cache
def _after(command: str) -> bytes:
    if not command:
        return _prepared()
    with TemporaryDirectory() as folder, Served(Path(folder)) as place:
        prepare(place)
        run(place, "manage.py", "shell", "--command", command)
        return (place.folder / "register.sqlite3").read_bytes()


def _prepared() -> bytes:
    with shared_file("prepared.sqlite3") as file:
        if not file.exists():
            with TemporaryDirectory() as folder, Served(Path(folder)) as place:
                run(place, "manage.py", "prepare")
                shutil.copy(place.folder / "register.sqlite3", file)
        return file.read_bytes()


def served(place: Served) -> str:
    """Start gunicorn and return its address once it answers."""
    held = place.socket.fileno()
    with place.log.open("wb") as log:
        place.process = subprocess.Popen(
            [sys.executable, "-c", GUNICORN, *ARGUMENTS, "--bind", f"fd://{held}"],
            cwd=BASE,
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[held],
            process_group=0,  # so that its workers end with it
        )
    # From here on a server that has ended refuses the connection.
    place.socket.close()
    give_up = time.monotonic() + START_SECONDS
    while not _answers(place.port):
        if place.process.poll() is not None or time.monotonic() > give_up:
            pytest.fail(f"{place.log.read_text()}\nThe register did not start.", pytrace=False)
        time.sleep(0.1)
    return place.url


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
