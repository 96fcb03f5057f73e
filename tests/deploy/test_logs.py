"""No log of the shipped nginx holds who asked or what for, whatever goes wrong."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import socketserver
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.deploy import nginx

VISITOR, OPERATOR = "127.0.0.2", "127.0.0.3"
WORD = "zebrafish"
MEGABYTE = 1024 * 1024
ANSWERS = {
    "/closes": b"",
    "/nonsense": b"HTTP/1.1 200 OK\r\nneither \0 fish nor flesh\r\n\r\n",
    "/long-header": b"HTTP/1.1 200 OK\r\nX-Long: %b\r\n\r\n" % (b"x" * 100_000),
    "/large": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (32 * MEGABYTE),
    "/breaks-off": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nonly this",
}


def get(path: str, *, method: str = "GET", host: str = "127.0.0.1", more: str = "") -> bytes:
    """Return a request whose query string holds the word."""
    return f"{method} {path}?q={WORD} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()


def post(path: str, length: int) -> bytes:
    return get(path, method="POST", more=f"Content-Length: {length}\r\n") + b"x" * length


# A request without its body: what was announced never comes.
LEFT_OUT = get("/", more="Content-Length: 9\r\n")
# What goes wrong: the request, and what nginx writes of it where its level lets it.
WRONG = {
    "nothing listens": (get("/down/"), "[error]", "Connection refused"),
    "the register hangs up": (get("/closes"), "[error]", "upstream prematurely closed"),
    "the register answers nonsense": (get("/nonsense"), "[error]", "upstream sent invalid header"),
    "its headers are too long": (get("/long-header"), "[error]", "sent too big header"),
    "it stops within the answer": (get("/breaks-off"), "[error]", "while reading upstream"),
    "the answer is large": (get("/large"), "[warn]", "buffered to a temporary file"),
    "an editor's file cannot be kept": (post("/admin/", 100_000), "[crit]", "Not a directory"),
    "a reader's form is large": (
        get("/", more="Content-Length: 99999999\r\n"),
        *("[error]", "intended to send too large body"),
    ),
    "a static file is missing": (get("/static/a.css"), "[error]", "No such file"),
    "the host is not one": (get("/", host="a b"), "[info]", "invalid host"),
    "a header is too long": (get("/", more=f"X: {'x' * 9000}\r\n"), "[info]", "too long header"),
    "the method is not one": (get("/", method="g?t"), "[info]", "invalid method"),
    "the visitor goes away": (LEFT_OUT, "[info]", "prematurely closed connection"),
}


class Failing(socketserver.BaseRequestHandler):
    """A register that answers as ANSWERS says, and then hangs up."""

    def handle(self) -> None:
        asked = self.request.recv(MEGABYTE).split(b" ")
        path = asked[1].decode().partition("?")[0] if len(asked) > 1 else ""
        try:
            self.request.sendall(ANSWERS.get(path, b""))
            if path == "/large":
                for _ in range(32):
                    self.request.sendall(bytes(MEGABYTE))
        except OSError:
            pass


@contextmanager
def failing() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Failing) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def send(port: int, request: bytes, *, by: str = VISITOR) -> None:
    """Send it, read the first bytes of what comes, and go away; at once, if part is left out."""
    with socket.create_connection(("127.0.0.1", port), source_address=(by, 0)) as sock:
        sock.settimeout(20)
        sock.sendall(request)
        if request == LEFT_OUT:
            return
        with contextlib.suppress(ConnectionResetError):
            sock.recv(1000)
        if b"/large" in request:
            # nginx keeps what the visitor does not take yet.
            time.sleep(0.5)


@pytest.fixture
def logs_of(program, tmp_path) -> Callable[[Callable[[str], str], Callable[[int], None]], str]:
    """Start nginx with the configuration altered, do something, and return all that was written."""

    def run(alter: Callable[[str], str], act: Callable[[int], None]) -> str:
        port = nginx.free_port()
        with failing() as behind:
            main = nginx.write_configuration(
                tmp_path, port=port, register_port=behind, static=tmp_path
            )
            main.write_text(with_a_location_that_is_down(alter(main.read_text())))
            with nginx.started(program, main, port):
                # Nothing can be written there: what nginx calls critical.
                shutil.rmtree(tmp_path / "body")
                (tmp_path / "body").touch()
                act(port)
        return "".join(file.read_text() for file in logs_in(tmp_path))

    return run


def logs_in(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.suffix == ".log"]


def with_a_location_that_is_down(config: str) -> str:
    """Add a location whose server is away, while the others' answers."""
    where = f"location /down/ {{ proxy_pass http://127.0.0.1:{nginx.free_port()}; }}\n"
    return config.replace("        location / {", f"        {where}        location / {{")


def all_goes_wrong(port: int) -> None:
    for request, _, _ in WRONG.values():
        send(port, request)


def test_nothing_is_written_of_who_asked_and_what_for(logs_of):
    written = logs_of(lambda shipped: shipped, all_goes_wrong)
    assert WORD not in written
    assert VISITOR not in written


def test_it_would_be_written_at_another_level(logs_of):
    """So the test above sees each thing go wrong, at the level that it stands for."""
    written = logs_of(lambda shipped: shipped.replace(" emerg;", " info;"), all_goes_wrong)
    lines = [line for line in written.splitlines() if f"client: {VISITOR}" in line]
    for name, (_, level, words) in WRONG.items():
        assert any(level in line and words in line for line in lines), name
    assert sum(f"?q={WORD}" in line for line in lines) >= len(WRONG)


def test_an_operator_sees_their_own_requests_alone(logs_of):
    """As docs/running.md says, with the line that the shipped file holds."""

    def switched_on(shipped: str) -> str:
        return re.sub(r"# debug_connection [\d.]+;", f"debug_connection {OPERATOR};", shipped)

    def both_ask(port: int) -> None:
        send(port, get("/closes/mine/"), by=OPERATOR)
        all_goes_wrong(port)

    written = logs_of(switched_on, both_ask)
    assert f"/closes/mine/?q={WORD}" in written
    assert VISITOR not in written
    assert not [path for path in ANSWERS if f"{path}?" in written]
