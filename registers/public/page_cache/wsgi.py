"""The readers' requests, answered from memory where they can be, and by Django where not."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest

from registers.public.cors import CORS_HEADERS
from registers.public.page_cache.address import LONGEST, address_of
from registers.public.page_cache.response import (
    PRIVATE,
    VARY,
    Answer,
    CacheControl,
    failures_unstored,
    private,
)
from registers.public.page_cache.store import Key, Memory, Page, Variant, coding_for, etag, names
from registers.public.page_cache.version import Moment, now

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_PAGE = 2_000_000
LONGEST_HEADER = 1_000
ADDRESSES = 1_024
HOSTS = 256
LOCKS = 64
# What Django is told of the visitor who happens to be the first: nothing.
TOLD = (
    *("SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
    *("wsgi.version", "wsgi.url_scheme", "wsgi.errors"),
    *("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
)


class StoredPages:
    """A WSGI application around Django's, which keeps public pages in memory.

    What is asked for with a session cookie, and all that is no public page,
    goes on to Django as it came.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.memory = Memory(settings.PAGE_MEMORY_MB * 1_000_000)
        self._application = application
        self._control = CacheControl(settings.SHARED_CACHE_SECONDS)
        self._session: str = settings.SESSION_COOKIE_NAME
        self._static = str(settings.STATIC_URL)
        self._host = settings.SITE_URL.partition("://")[2]
        # The header of the proxy in front that says 'https', where there is one.
        proxy: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
        # The header by which a trusted proxy says that a request came by HTTPS, and its word.
        self._forwarded, self._https = proxy or ("", "")
        self._address_of = lru_cache(ADDRESSES)(address_of)
        self._is_secure = lru_cache(HOSTS)(self._ask_whether_secure)
        # One visitor makes a page, and the others wait for it.
        self._making = [Lock() for _ in range(LOCKS)]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._session in environ.get("HTTP_COOKIE", ""):
            shared = environ["PATH_INFO"].startswith(self._static)
            return self._application(environ, start if shared else private(start))
        key = self._key(environ)
        moment = now() if key else None
        if key is None or moment is None:
            return self._application(environ, failures_unstored(start))
        return self._answer(environ, start, key, moment)

    def _answer(
        self, environ: WSGIEnvironment, start: StartResponse, key: Key, moment: Moment
    ) -> Iterable[bytes]:
        """Answer with the page, which is made if it is not there, or say that it is unchanged."""
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        coding = coding_for(accepted if len(accepted) < LONGEST_HEADER else "")
        asked = environ.get("HTTP_IF_NONE_MATCH", "").strip()
        # Whoever has the tag of a page was given that page: it need not be made to compare it.
        if asked and names(asked, tag := etag(key, moment, coding)):
            return self._not_modified(key, tag, start)
        head = environ["REQUEST_METHOD"] == "HEAD"
        page = self.memory.get(key, moment) or self._make(environ, key, moment, coding)
        if isinstance(page, Answer):
            return self._send(page, start, etag(key, moment, coding), coding, head=head)
        variant = self._variant(page, coding)
        if asked == "*":
            return self._not_modified(key, variant.etag, start)
        start("200 OK", list(variant.headers))
        return [] if head else [variant.body]

    def _key(self, environ: WSGIEnvironment) -> Key | None:
        """Return what the page asked for is kept by; None if this is for Django to answer."""
        host = environ.get("HTTP_HOST", "")
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or not 0 < len(host) < LONGEST_HEADER:
            return None
        forwarded = self._forwarded != "" and environ.get(self._forwarded) == self._https
        secure = self._is_secure(host, environ["wsgi.url_scheme"], forwarded)
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        remembered = len(path) + len(query) <= LONGEST
        address = (self._address_of if remembered else address_of)(path, query)
        return Key(address, secure) if address and secure is not None else None

    def _ask_whether_secure(self, host: str, scheme: str, forwarded: bool) -> bool | None:  # noqa: FBT001 (a memo's key)
        """Return whether such a request came by HTTPS; None if Django refuses it or sends it on."""
        environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": scheme}
        environ |= {"HTTP_HOST": host} | ({self._forwarded: self._https} if forwarded else {})
        request = WSGIRequest(environ)
        try:
            request.get_host()
        except DisallowedHost:
            return None
        return (
            None
            if settings.SECURE_SSL_REDIRECT and not request.is_secure()
            else request.is_secure()
        )

    def _for_all(self, environ: WSGIEnvironment, key: Key, coding: str = "") -> WSGIEnvironment:
        """Return the request as anybody could have sent it, so that its answer is for everybody."""
        told = {name: environ[name] for name in TOLD if name in environ}
        told |= {"REQUEST_METHOD": "GET", "HTTP_HOST": self._host, "wsgi.input": io.BytesIO()}
        told |= {"PATH_INFO": key.address.path, "QUERY_STRING": key.address.query}
        if key.secure and self._forwarded:
            told[self._forwarded] = self._https
        return told | ({"HTTP_ACCEPT_ENCODING": coding} if coding else {})

    def _make(
        self, environ: WSGIEnvironment, key: Key, moment: Moment, coding: str
    ) -> Page | Answer:
        """Return the page, made now or by another visitor just before; else what Django answers."""
        if key.address.streamed:
            return Answer(self._application, self._for_all(environ, key, coding))
        with self._making[hash(key) % LOCKS]:
            page = self.memory.get(key, moment)
            if page:
                return page
            answer = Answer(self._application, self._for_all(environ, key))
            if not (answer.status == HTTPStatus.OK and answer.is_whole and answer.is_for_all):
                return answer
            headers = answer.told(self._control.for_status(HTTPStatus.OK))
            page = Page(key, moment, headers, answer.read(), coding=coding)
            if page.size <= LARGEST_PAGE:
                self.memory.put(key, page)
            return page

    def _variant(self, page: Page, coding: str) -> Variant:
        """Return the page in this coding. What it grows by is counted."""
        if page.has(coding):
            return page.variant(coding)
        variant = page.variant(coding)
        if self.memory.get(page.key, page.moment) is page:
            self.memory.put(page.key, page)
        return variant

    def _send(
        self, answer: Answer, start: StartResponse, tag: str, coding: str, *, head: bool
    ) -> Iterable[bytes]:
        """Send what is not kept: an error, a redirect, or what is sent while it is made."""
        more = []
        if answer.is_for_all:
            more.append(self._control.for_status(answer.status))
            if answer.status == HTTPStatus.OK:
                more.append(("ETag", tag))
        elif not answer.has("cache-control"):
            more.append(PRIVATE)
        return answer.send(start, more, coding=coding, head=head)

    def _not_modified(self, key: Key, tag: str, start: StartResponse) -> Iterable[bytes]:
        """Say that the reader has the page already."""
        told = [("ETag", tag), self._control.for_status(HTTPStatus.OK), VARY]
        start("304 Not Modified", told + (list(CORS_HEADERS.items()) if key.address.open else []))
        return []
