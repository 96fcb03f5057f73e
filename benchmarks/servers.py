"""Starts servers on this machine's loopback, waits until they answer, and always stops them."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.places import KEPT, Unable
from tests.with_postgres import die_with_parent

START_SECONDS = 180
STOP_SECONDS = 20


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


class Servers:
    """What was started in one run. `folder` is gone when the run is over, however it ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, command: Sequence[str | Path], env: Mapping[str, str], port: int
    ) -> subprocess.Popen[bytes]:
        """Start a server, and return it when it answers on `port`. Raises Unable."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                [str(word) for word in command],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=out,
                # A terminal's Ctrl and C is for the benchmark, which then stops them in order.
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 (no threads)
            )
        self.running.append(server)
        give_up = time.monotonic() + START_SECONDS
        while not answers(port):
            if server.poll() is not None or time.monotonic() > give_up:
                raise Unable(f"{name} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        return server

    def stop(self) -> None:
        """Stop all, the last first."""
        for server in reversed(self.running):
            server.terminate()
        for server in self.running:
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def answers(port: int) -> bool:
    """Say whether whoever listens on `port` answers with anything but a failure."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        # Its first real page may take long; who has no such address says so at once.
        connection.request("GET", "/healthz")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Give a place to start servers in. At its end, whatever it is, all is stopped and removed."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=KEPT))
    with removed_at_the_end(folder):
        started = Servers(folder)
        try:
            yield started
        finally:
            started.stop()


@contextlib.contextmanager
def removed_at_the_end(folder: Path) -> Iterator[None]:
    """Remove `folder` at the end, also when this process is killed: another one waits for that."""
    lifeline, life = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(life)
        os.read(lifeline, 1)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
    os.close(lifeline)
    try:
        yield
    finally:
        os.close(life)
        os.waitpid(keeper, 0)
