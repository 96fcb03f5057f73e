"""Behind the shipped nginx the register knows the address of whoever asks, whatever they forge."""

from __future__ import annotations

import http.client
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIRequest

from tests.browser.serving import BASE, Served, prepare, served
from tests.deploy import nginx
from weisf.client_address import client_address

LOCATION = re.compile(r"^ *location +(?:(=|\^~|~\*?) +)?(\S+) *\{(.*?)^ *\}", re.M | re.S)
MOST_BY_ADDRESS = 30
VISITOR, OTHER, VICTIM = "127.0.0.2", "127.0.0.3", "127.0.0.4"
FORGED = {
    "nothing": [],
    "an address": [("X-Forwarded-For", VICTIM)],
    "a list": [("X-Forwarded-For", f"10.0.0.1, {VICTIM}")],
    "an open list": [("X-Forwarded-For", f"{VICTIM},")],
    "twice": [("X-Forwarded-For", VICTIM), ("x-forwarded-for", VICTIM)],
    "no address": [("X-Forwarded-For", "unknown")],
    "empty": [("X-Forwarded-For", "")],
    "an underscore": [("X_Forwarded_For", VICTIM)],
    "the standard's": [("Forwarded", f"for={VICTIM};proto=https")],
    "a proxy's other words": [("X-Real-IP", VICTIM), ("Client-IP", VICTIM)],
    "https": [("X-Forwarded-Proto", "https")],
}


@dataclass(frozen=True, kw_only=True)
class Location:
    """One location of the shipped file: how it is matched, its path, and what is inside."""

    match: str
    path: str
    inside: str

    @property
    def asks_the_register(self) -> bool:
        included = re.findall(r"^ *include +(\S+);", self.inside, re.M)
        texts = [self.inside, *((nginx.DEPLOY / name).read_text() for name in included)]
        return any(re.search(r"^ *proxy_pass ", text, re.M) for text in texts)


def locations() -> list[Location]:
    text = (nginx.DEPLOY / "nginx.conf").read_text()
    found = [Location(match=m, path=p, inside=i) for m, p, i in LOCATION.findall(text)]
    # One that is commented out, or written otherwise than this reads it, must not be overlooked.
    assert len(found) == len(re.findall(r"^[^#\n]*\blocation\b", text, re.M))
    return found


PROXIED = [each for each in locations() if each.asks_the_register]


class Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def echo(environ: dict, start_response) -> list[bytes]:
    """Answer with what arrived, as WSGI tells it."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps({k: v for k, v in environ.items() if isinstance(v, str)}).encode()]


@contextmanager
def echoing() -> Iterator[int]:
    """Serve the echo until the block ends; give its port."""
    with make_server("127.0.0.1", 0, echo, handler_class=Silent) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def echoed(program, tmp_path_factory) -> Iterator[int]:
    """The port of the shipped nginx before something that answers with what arrived."""
    folder, port = tmp_path_factory.mktemp("nginx"), nginx.free_port()
    with echoing() as behind:
        main = nginx.write_configuration(folder, port=port, register_port=behind, static=folder)
        with nginx.started(program, main, port):
            yield port


class Visitor:
    """Somebody with a network address, who keeps cookies and may write any header."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.cookies: dict[str, str] = {}

    def ask(
        self, path: str, *, headers: list[tuple[str, str]] = (), form: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Send one request and return the status and the text of the answer."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=120, source_address=(self.address, 0)
        )
        body = urlencode(form).encode() if form is not None else b""
        try:
            connection.putrequest("POST" if body else "GET", path)
            for name, value in headers:
                connection.putheader(name, value)
            if self.cookies:
                pairs = (f"{name}={value}" for name, value in self.cookies.items())
                connection.putheader("Cookie", "; ".join(pairs))
            if body:
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def is_locked(self, username: str, headers: list[tuple[str, str]] = ()) -> bool:
        """Try a wrong password and return whether nothing was tried."""
        _, page = self.ask("/admin/login/", headers=headers)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {
            "login": username,
            "password": "wrong",
            "csrfmiddlewaretoken": token[1] if token else "",
        }
        status, page = self.ask("/admin/login/", headers=headers, form=form)
        assert status == HTTPStatus.OK
        return "Too many failed login attempts" in page


# A link stands in these addresses: whatever fails there is written in no log.
SECRET = {"/reviews/answer/", "/reviews/answer/record/", "/approvals/answer/", "/preview/"}


def test_the_register_is_asked_in_several_locations():
    assert {each.path for each in PROXIED} >= {"/", "/admin/", *SECRET}
    # A path that a regular expression matches cannot be made from it: say here which to ask.
    assert {each.match for each in PROXIED} <= {"", "=", "^~"}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("location", PROXIED, ids=lambda each: each.path)
def test_each_location_says_who_asks(echoed, location, forged, settings):
    settings.BEHIND_PROXY = True
    status, text = Visitor(VISITOR, echoed).ask(location.path, headers=forged)
    arrived = json.loads(text)
    assert status == 200
    assert arrived["PATH_INFO"] == location.path
    assert arrived["HTTP_X_FORWARDED_FOR"] == VISITOR
    assert arrived["HTTP_X_FORWARDED_PROTO"] == "http"
    assert arrived["HTTP_HOST"] == "127.0.0.1"
    assert client_address(WSGIRequest(arrived | {"wsgi.input": io.BytesIO()})) == VISITOR


@pytest.mark.parametrize(
    ("path", "most"),
    [("/reviews/answer/", 64), ("/approvals/answer/", 64), ("/reviews/answer/record/", 20_000)],
)
def test_a_large_body_is_taken_where_a_file_is_sent_alone(echoed, path, most):
    for kilobytes, status in ((most - 1, 200), (most * 2, 413)):
        body = {"x": "a" * (kilobytes * 1024)}
        assert Visitor(VISITOR, echoed).ask(path, form=body)[0] == status


class BehindNginx(Served):
    """The register as it is run behind nginx, at nginx's address."""

    def __init__(self, folder: Path, front: int) -> None:
        super().__init__(folder)
        self.front = front

    @property
    def environment(self) -> dict[str, str]:
        site = f"http://127.0.0.1:{self.front}"
        return super().environment | {"BEHIND_PROXY": "true", "SITE_URL": site}


@pytest.fixture(scope="module")
def front(program, tmp_path_factory) -> Iterator[int]:
    """The port of the shipped nginx before the real register."""
    folder, port = tmp_path_factory.mktemp("register"), nginx.free_port()
    with BehindNginx(folder, port) as place:
        prepare(place)
        served(place)
        static = BASE / "var/static"
        main = nginx.write_configuration(folder, port=port, register_port=place.port, static=static)
        with nginx.started(program, main, port):
            yield port


def test_wrong_log_ins_lock_out_their_own_address_and_no_other(front):
    forger, editor = Visitor(VISITOR, front), Visitor(OTHER, front)
    tried = [
        forger.is_locked(f"nobody-{n}", [("X-Forwarded-For", f"192.0.2.{n}")])
        for n in range(MOST_BY_ADDRESS)
    ]
    assert not any(tried)
    for number, forged in enumerate(FORGED.values()):
        assert forger.is_locked(f"somebody-{number}", forged)
    assert not editor.is_locked("edith")
    # Whose address was forged is not locked out either.
    assert not Visitor(VICTIM, front).is_locked("olive")
