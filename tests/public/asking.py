"""What a visitor's programme sends to the site, and what it gets, as the server between sees it."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import brotli
from backports import zstd
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from registers.public.cache_key import page_key, page_version
from weisf.page_cache import PageCache


def cached(django=None) -> PageCache:
    """The site behind its page cache, in one worker that has just started."""
    return PageCache(django or WSGIHandler(), key=page_key, version=page_version)


class Got(NamedTuple):
    """An answer. Names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def plain(self) -> str:
        coding = self.headers.get("content-encoding", "identity")
        unpack = {
            "zstd": zstd.decompress,
            "br": brotli.decompress,
            "gzip": gzip.decompress,
            "identity": bytes,
        }
        return unpack[coding](self.body).decode()


@contextmanager
def connections_kept() -> Iterator[None]:
    """Let Django keep the connection, which has the test's transaction, as its test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def ask(application, address: str, method: str = "GET", **headers: str) -> Got:
    """Ask for an address; `accept_encoding="br"` is a header."""
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("iso-8859-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b"on=2022-06-30"),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    } | {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    for name in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        if name in environ:
            environ[name.removeprefix("HTTP_")] = environ.pop(name)
    said = []

    def start(status: str, answered: list[tuple[str, str]], problem=None):
        names = [name.lower() for name, _ in answered]
        assert len(set(names)) == len(names), f"A header is said twice: {names}"
        said[:] = [status, dict(zip(names, [value for _, value in answered], strict=True))]

    with connections_kept():
        answer = application(environ, start)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
    return Got(int(said[0].split()[0]), said[1], body)
