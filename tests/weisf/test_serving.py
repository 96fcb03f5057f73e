"""gunicorn, as the register runs it: private logs in JSON, plain errors, a quiet stop."""

import io
import json
import logging
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.handlers.wsgi import WSGIHandler
from gunicorn.config import Config
from gunicorn.http.errors import InvalidRequestLine, InvalidResponseHeader, LimitRequestLine
from gunicorn.http.parser import RequestParser

from weisf import serving, settings
from weisf.page_cache import PageCache

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[int, Path]]:
    """Serve the register, with an empty SQLite; return its port and where its log is."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "a-key-of-more-than-fifty-characters-that-only-the-tests-have",
        "DATA_DIR": str(folder),
        "SITE_URL": f"http://localhost:{port}",
        "PORT": str(port),
        "ANNOUNCE": "true",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:weisf.serving"]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=err)
    try:
        wait_for(lambda: "administrator" in (folder / "err").read_text())
        yield port, folder
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=120) == 0


def wait_for(condition) -> None:
    give_up = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def ask(port: int, request: bytes) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer.decode()


def log_of(folder: Path, words: str) -> list[dict]:
    def written() -> str:
        # The last line may still be on its way.
        return (folder / "out").read_text().rpartition("\n")[0]

    wait_for(lambda: words in written())
    return [json.loads(line) for line in written().splitlines()]


def test_an_answer_is_logged_without_who_asked_or_for_what(served):
    port, folder = served
    request = b"GET /healthz?q=Jane+Doe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert ask(port, request).startswith("HTTP/1.1 200 OK")
    log = log_of(folder, '"path": "/healthz"')
    line = next(line for line in log if line.get("path") == "/healthz")
    assert line.keys() == {
        *("time", "level", "logger", "message"),
        *("method", "path", "status", "milliseconds", "bytes"),
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", line["time"])
    assert "Doe" not in (folder / "out").read_text()


UNREADABLE = {
    "a line of 100 kB": (
        b"GET /?q=" + b"Doe" * 33_333 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "414 URI Too Long",
    ),
    "a space in the address": (
        b"GET /?q=Jane Doe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "400 Bad Request",
    ),
    "a header of 9 kB": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"Doe" * 3_000 + b"\r\n\r\n",
        "400 Bad Request",
    ),
}


@pytest.mark.parametrize(("request_", "status"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_request_that_cannot_be_read_gets_the_register_s_page(request_, status, served):
    port, folder = served
    answer = ask(port, request_)
    assert answer.startswith(f"HTTP/1.1 {status}\r\n")
    assert ">This page cannot be shown</h1>" in answer
    assert 'class="register-header"' in answer
    assert "Traceback" not in answer
    log_of(folder, "A request could not be read")
    assert not re.search("Doe|127.0.0.1(?!:)", (folder / "out").read_text())


def get(path: bytes, host: bytes = b"localhost") -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % (path, host)


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("q=Straße".encode(), "q=Stra%C3%9Fe"),
        (b"q=Stra%C3%9Fe", "q=Stra%C3%9Fe"),
        ("q=東京&theme=%65?é".encode(), "q=%E6%9D%B1%E4%BA%AC&theme=%65?%C3%A9"),
        (b"", ""),
    ],
)
def test_a_query_string_in_utf_8_is_read(served, query, read):
    port, _ = served
    assert ask(port, get(b"/about/?" + query)).startswith("HTTP/1.1 200 OK\r\n")
    parser = RequestParser(Config(), [get(b"/about/?" + query)], ("192.0.2.1", 1))
    assert next(parser).query == read


def test_a_query_string_that_is_not_utf_8_is_no_request():
    parser = RequestParser(Config(), [get(b"/about/?q=\xff")], ("192.0.2.1", 1))
    with pytest.raises(InvalidRequestLine):
        next(parser)


@pytest.mark.parametrize(
    "path",
    [b"/?q=Stra\xdfe", b"/protocols.json?q=\xff", b"/?q=\xed\xb2\x80", "/straße/".encode()],
    ids=["Latin-1", "no text", "a surrogate", "in the path"],
)
def test_bytes_that_are_not_utf_8_are_refused(served, path):
    port, _ = served
    answer = ask(port, get(path))
    assert answer.startswith("HTTP/1.1 400 Bad Request\r\n")
    assert ">This page cannot be shown</h1>" in answer


@pytest.mark.parametrize("path", [b"/healthz", b"/readyz"])
@pytest.mark.parametrize("host", [b"10.0.0.7", b"[fd00::7]:8000", b"another.example", b""])
def test_a_load_balancer_may_ask_for_its_health_by_any_host(served, path, host):
    port, _ = served
    # The test's database has no tables.
    expected = "200 OK" if path == b"/healthz" else "503 Service Unavailable"
    assert ask(port, get(path, host)).startswith(f"HTTP/1.1 {expected}\r\n")
    for other in (b"/", path + b"x", path + b"/", b"/protocols.json"):
        assert ask(port, get(other, host)).startswith("HTTP/1.1 400 Bad Request\r\n")


def test_the_first_words_say_where_to_look(served):
    port, folder = served
    said = (folder / "err").read_text()
    assert said.count(f"The register is at http://localhost:{port}\n") == 1
    assert f"  DATA_DIR={folder} .venv/bin/python manage.py createsuperuser\n" in said
    assert "You do not need a code from a phone on this machine" in said


MISHAPS = {
    "the reader's": (LimitRequestLine(9000, 8190), "414 URI Too Long", "LimitRequestLine"),
    "ours": (InvalidResponseHeader("X: \n"), "500 Internal Server Error", "not be answered"),
    "unforeseen": (RuntimeError("told to the log"), "500 Internal Server Error", "told to the log"),
}


@pytest.mark.parametrize(("mishap", "status", "logged"), MISHAPS.values(), ids=MISHAPS.keys())
def test_an_error_outside_django_gets_a_plain_page(mishap, status, logged, caplog):
    reader, server = socket.socketpair()
    with reader, server:
        worker = SimpleNamespace(log=logging.getLogger("gunicorn.stand-in"))
        serving.Worker.handle_error(worker, None, server, ("192.0.2.1", 1), mishap)
        answer = reader.recv(65536).decode()
    head, page = answer.split("\r\n\r\n", 1)
    assert 'class="register-header"' in page
    assert head.startswith(f"HTTP/1.1 {status}\r\n")
    assert f"Content-Length: {len(page.encode())}" in head
    assert "told to the log" not in answer
    assert logged in caplog.text
    assert "192.0.2.1" not in caplog.text


def test_a_reader_who_has_gone_is_no_further_error():
    reader, server = socket.socketpair()
    reader.close()
    with server:
        worker = SimpleNamespace(log=logging.getLogger("gunicorn.stand-in"))
        serving.Worker.handle_error(worker, None, server, None, RuntimeError())


def test_what_the_access_log_holds(caplog):
    caplog.set_level("INFO")
    logger = SimpleNamespace(access_log=logging.getLogger("gunicorn.stand-in"))
    answer = SimpleNamespace(status_code=200, sent=7)
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/themes/", "QUERY_STRING": "q=Jane"}
    serving.PrivateLogger.access(logger, answer, None, asked, timedelta(seconds=1.5))
    (line,) = caplog.records
    assert (line.method, line.path, line.status) == ("GET", "/themes/", 200)
    assert (line.milliseconds, line.bytes) == (1500, 7)
    assert "Jane" not in str(vars(line))


@pytest.mark.parametrize(
    ("wanted", "age", "times"),
    [(True, 1, 1), (True, 2, 0), (False, 1, 0)],
    ids=["the first worker", "a later worker", "nobody at a terminal"],
)
def test_where_to_look_is_said_once_and_only_if_wanted(wanted, age, times, monkeypatch, capsys):
    monkeypatch.setattr(settings, "ANNOUNCE", wanted)
    serving.post_worker_init(SimpleNamespace(age=age, wsgi=lambda *_: []))
    assert capsys.readouterr().err.count(f"The register is at {settings.SITE_URL}\n") == times


def test_a_worker_asks_for_the_first_page_before_any_visitor(monkeypatch):
    monkeypatch.setattr(settings, "SITE_URL", "https://register.example.org")
    monkeypatch.setattr(settings, "BEHIND_PROXY", True)
    asked = []

    def application(environ, start):
        start("200 OK", [])
        asked.append(environ)
        return io.BytesIO(b"the page")

    serving.warm_up(SimpleNamespace(wsgi=application))
    (environ,) = asked
    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("GET", "/")
    assert environ["HTTP_HOST"] == "register.example.org"
    assert environ["HTTP_X_FORWARDED_PROTO"] == "https"


def test_a_first_page_that_cannot_be_made_stops_no_worker(caplog):
    def application(environ, start):
        raise RuntimeError("told to the log")

    serving.warm_up(SimpleNamespace(wsgi=application, log=logging.getLogger("gunicorn.stand-in")))
    assert "told to the log" in caplog.text


@pytest.mark.parametrize(
    ("debug", "kind"),
    [(False, PageCache), (True, WSGIHandler)],
    ids=["for readers", "to develop"],
)
def test_what_gunicorn_serves_is_the_site(debug, kind, monkeypatch, request):
    # Set up a second time, Django would take pytest's hands off the log.
    monkeypatch.setattr("django.setup", lambda **_options: None)
    request.getfixturevalue("settings").DEBUG = debug
    application = runpy.run_path(str(ROOT / "weisf" / "wsgi.py"))["application"]
    assert isinstance(application, kind)
