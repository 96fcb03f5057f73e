"""Cached pages with their headers and encodings, and what proxies may do with a response."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import brotli

from registers.public.page_cache.key import CacheKey, CacheVersion, etag

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# In order of preference, where a client accepts several equally.
ENCODINGS = ("br", "gzip", "identity")
# Higher levels take several times as long for a few per cent.
BROTLI_QUALITY = 5
GZIP_LEVEL = 6


@lru_cache(maxsize=256)
def choose_encoding(accepted: str) -> str:
    """Return the content encoding for a header `Accept-Encoding`.

    A client that accepts none of ours gets the plain body, as RFC 9110 allows.
    """
    quality_of: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        key, _, number = quality.strip().partition("=")
        try:
            quality_of[name.strip()] = float(number) if key.strip() == "q" else 1.0
        except ValueError:
            continue
    others = quality_of.get("*", 0.0)
    # The plain body is always accepted, but last, unless the header mentions it.
    plain = quality_of.get("identity", others or 0.0001)
    accepted_quality = {name: quality_of.get(name, others) for name in ENCODINGS} | {
        "identity": plain
    }
    best = max(ENCODINGS, key=lambda name: accepted_quality[name])
    return best if accepted_quality[best] > 0 else "identity"


def compress(body: bytes, encoding: str) -> bytes:
    """Return the body in one of ENCODINGS: always the same bytes for the same body."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    return gzip.compress(body, GZIP_LEVEL, mtime=0) if encoding == "gzip" else body


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo `compress`."""
    if encoding == "br":
        return bytes(brotli.decompress(body))
    return gzip.decompress(body) if encoding == "gzip" else body


Headers = list[tuple[str, str]]

# The memory of a page in addition to its bytes, approximately.
OVERHEAD = 2_000


class Variant(NamedTuple):
    """A page in one encoding, ready to send."""

    etag: str
    headers: Headers
    body: bytes


class Page:
    """A page of one version, in each encoding that was requested."""

    def __init__(
        self, key: CacheKey, version: CacheVersion, headers: Headers, body: bytes, *, encoding: str
    ) -> None:
        self.key = key
        self.version = version
        self._headers = headers
        self._variants: dict[str, Variant] = {}
        self._add(encoding, body)

    @property
    def size(self) -> int:
        """The approximate number of bytes in memory."""
        bodies = sum(len(variant.body) for variant in list(self._variants.values()))
        return bodies + len(self.key.url.path) + len(self.key.url.query) + OVERHEAD

    def has(self, encoding: str) -> bool:
        """Return whether the page is stored in this encoding."""
        return encoding in self._variants

    def variant(self, encoding: str) -> Variant:
        """Return the page in this encoding, compressed now if it is not stored yet."""
        found = self._variants.get(encoding)
        if found is None:
            # From any stored variant: each client only gets the encoding that it asked for.
            stored, variant = next(iter(self._variants.items()))
            found = self._add(encoding, decompress(variant.body, stored))
        return found

    def _add(self, encoding: str, body: bytes) -> Variant:
        packed = compress(body, encoding)
        tag = etag(self.key, self.version, encoding)
        headers = [*self._headers, ("ETag", tag), ("Content-Length", str(len(packed)))]
        if encoding != "identity":
            headers.append(("Content-Encoding", encoding))
        made = self._variants[encoding] = Variant(tag, headers, packed)
        return made


class PageStore:
    """The cached pages, at most `max_size` bytes. Thread-safe."""

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self.size = 0
        self._version: CacheVersion | None = None
        self._pages: OrderedDict[Hashable, tuple[Page, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable, version: CacheVersion) -> Page | None:
        """Return the page stored for `key` in this version, if any."""
        with self._lock:
            if version != self._version:
                return None
            entry = self._pages.get(key)
            if entry is None:
                return None
            self._pages.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, page: Page) -> None:
        """Store the page, or update its size if it has grown; drop pages of older versions."""
        size = page.size
        with self._lock:
            if page.version != self._version:
                if self._version and page.version.is_older_than(self._version):
                    return  # rendered before the register changed
                self._pages.clear()
                self._version, self.size = page.version, 0
            self.size -= self._pages.pop(key, (page, 0))[1]
            if size > self.max_size:
                return
            self._pages[key] = page, size
            self.size += size
            while self.size > self.max_size:
                self.size -= self._pages.popitem(last=False)[1][1]


DAY = 86_400
VARY = ("Vary", "Accept-Encoding")
PRIVATE = ("Cache-Control", "private, no-store")
NO_STORE = ("Cache-Control", "no-store")
# Responses that are the same for everybody, and that may change soon.
SHORT_LIVED = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.GONE,
}


class CacheControl:
    """The header Cache-Control: proxies may serve a page `seconds` old; a day old on errors."""

    def __init__(self, seconds: int) -> None:
        # Browsers must revalidate each time, and get status 304.
        fresh = f"public, max-age=0, s-maxage={seconds}"
        self._page = f"{fresh}, stale-while-revalidate={seconds}, stale-if-error={DAY}"
        self._short = fresh

    def for_status(self, status: int) -> tuple[str, str]:
        """Return the header for a response with this status."""
        if status == HTTPStatus.OK:
            return ("Cache-Control", self._page)
        return ("Cache-Control", self._short) if status in SHORT_LIVED else NO_STORE


class DjangoResponse:
    """A response of Django: status line, headers, and a body that is complete or streamed."""

    def __init__(self, application: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.status_line = ""
        self.headers: Headers = []
        self.body: Iterable[bytes] = application(environ, self._start)

    def _start(self, status_line: str, headers: Headers, _problem: Any = None) -> Any:
        self.status_line, self.headers = status_line, list(headers)

    @property
    def status(self) -> int:
        """The status as a number."""
        return int(self.status_line.split(" ", 1)[0])

    def has(self, name: str) -> bool:
        """Return whether the response has this header."""
        return any(header.lower() == name for header, _ in self.headers)

    @property
    def is_public(self) -> bool:
        """Whether everybody may get this response: it sets no cookie and no Cache-Control."""
        return not (self.has("set-cookie") or self.has("cache-control"))

    @property
    def is_complete(self) -> bool:
        """Whether the body is complete, and not streamed."""
        return self.has("content-length") and not self.has("content-encoding")

    def with_headers(self, *more: tuple[str, str]) -> Headers:
        """Return Django's headers and `more`, without those that depend on the encoding."""
        replaced = {"vary", "content-length"}
        return [
            *(header for header in self.headers if header[0].lower() not in replaced),
            VARY,
            *more,
        ]

    def read(self) -> bytes:
        """Return the whole body, and close the request."""
        try:
            return b"".join(self.body)
        finally:
            self.close()

    def close(self) -> None:
        """Close the request in Django, without reading the body."""
        if hasattr(self.body, "close"):
            self.body.close()

    def send(
        self, start: StartResponse, more: Headers, *, encoding: str, head: bool
    ) -> Iterable[bytes]:
        """Send this response with the headers `more`; a complete body is compressed."""
        if self.is_complete:
            body = compress(self.read(), encoding)
            more = [*more, ("Content-Length", str(len(body)))]
            if encoding != "identity":
                more.append(("Content-Encoding", encoding))
            start(self.status_line, self.with_headers(*more))
            return [] if head else [body]
        start(self.status_line, self.with_headers(*more))
        if head:
            self.close()
            return []
        return self.body


def private(start: StartResponse) -> StartResponse:
    """Wrap `start` so that the response to somebody with a session is private."""

    def start_private(status: str, headers: Headers, problem: Any = None) -> Any:
        others = [header for header in headers if header[0].lower() != "cache-control"]
        return start(status, [*others, PRIVATE], problem)

    return start_private


def no_store_on_error(start: StartResponse) -> StartResponse:
    """Wrap `start` so that server errors are not stored; other responses are unchanged."""

    def start_plain(status: str, headers: Headers, problem: Any = None) -> Any:
        if status.startswith("5"):
            others = [header for header in headers if header[0].lower() != "cache-control"]
            headers = [*others, NO_STORE]
        return start(status, headers, problem)

    return start_plain
