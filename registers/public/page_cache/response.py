"""Django's answer to a question that was asked for everybody, and what proxies may do with it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from registers.public.page_cache.store import compress

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]

DAY = 86_400
VARY = ("Vary", "Accept-Encoding")
PRIVATE = ("Cache-Control", "private, no-store")
NO_STORE = ("Cache-Control", "no-store")
# Answers that are the same for everybody, and that may be another soon.
SHORT = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.GONE,
}


class CacheControl:
    """What is told to proxies: a page may be `seconds` old, and a day old while we are down."""

    def __init__(self, seconds: int) -> None:
        # Browsers ask each time, and are told 304.
        fresh = f"public, max-age=0, s-maxage={seconds}"
        self._page = f"{fresh}, stale-while-revalidate={seconds}, stale-if-error={DAY}"
        self._short = fresh

    def for_status(self, status: int) -> tuple[str, str]:
        """Return the header for an answer of this status."""
        if status == HTTPStatus.OK:
            return ("Cache-Control", self._page)
        return ("Cache-Control", self._short) if status in SHORT else NO_STORE


class Answer:
    """What Django answered: its status and headers, and its body, whole or still to be read."""

    def __init__(self, application: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.line = ""
        self.headers: Headers = []
        self.body: Iterable[bytes] = application(environ, self._start)

    def _start(self, line: str, headers: Headers, _problem: Any = None) -> Any:
        self.line, self.headers = line, list(headers)

    @property
    def status(self) -> int:
        """The status as a number."""
        return int(self.line.split(" ", 1)[0])

    def has(self, name: str) -> bool:
        """Return whether there is such a header."""
        return any(header.lower() == name for header, _ in self.headers)

    @property
    def is_for_all(self) -> bool:
        """Whether the same may be told to everybody: no view said otherwise."""
        return not (self.has("set-cookie") or self.has("cache-control"))

    @property
    def is_whole(self) -> bool:
        """Whether the body is there, and not sent while it is made."""
        return self.has("content-length") and not self.has("content-encoding")

    def told(self, *more: tuple[str, str]) -> Headers:
        """Return Django's headers, and `more`. What follows from the body is said later."""
        ours = {"vary", "content-length"}
        return [*(header for header in self.headers if header[0].lower() not in ours), VARY, *more]

    def read(self) -> bytes:
        """Return the whole body, and let Django end its request."""
        try:
            return b"".join(self.body)
        finally:
            self.close()

    def close(self) -> None:
        """Let Django end its request, though nobody reads the body."""
        if hasattr(self.body, "close"):
            self.body.close()

    def send(
        self, start: StartResponse, more: Headers, *, coding: str, head: bool
    ) -> Iterable[bytes]:
        """Answer with this and with the headers `more`; what is whole is compressed."""
        if self.is_whole:
            body = compress(self.read(), coding)
            more = [*more, ("Content-Length", str(len(body)))]
            if coding != "identity":
                more.append(("Content-Encoding", coding))
            start(self.line, self.told(*more))
            return [] if head else [body]
        start(self.line, self.told(*more))
        if head:
            self.close()
            return []
        return self.body


def private(start: StartResponse) -> StartResponse:
    """Return `start` for an answer to somebody who is signed in."""

    def start_private(status: str, headers: Headers, problem: Any = None) -> Any:
        others = [header for header in headers if header[0].lower() != "cache-control"]
        return start(status, [*others, PRIVATE], problem)

    return start_private


def failures_unstored(start: StartResponse) -> StartResponse:
    """Return `start` for an answer that is sent as it is, unless it is a failure of ours."""

    def start_plain(status: str, headers: Headers, problem: Any = None) -> Any:
        if status.startswith("5"):
            others = [header for header in headers if header[0].lower() != "cache-control"]
            headers = [*others, NO_STORE]
        return start(status, headers, problem)

    return start_plain
