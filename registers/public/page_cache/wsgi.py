"""The page cache as a WSGI application in front of Django."""

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
from registers.public.page_cache.key import (
    MAX_URL_LENGTH,
    CacheKey,
    CacheVersion,
    cache_version,
    canonical_url,
    etag,
    etag_matches,
)
from registers.public.page_cache.store import (
    PRIVATE,
    VARY,
    CacheControl,
    DjangoResponse,
    Page,
    PageStore,
    Variant,
    choose_encoding,
    no_store_on_error,
    private,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_PAGE_SIZE = 2_000_000
MAX_HEADER_LENGTH = 1_000
URLS_REMEMBERED = 1_024
HOSTS_REMEMBERED = 256
LOCKS = 64
# What is copied from the request of the first visitor: nothing that identifies them.
COPIED = (
    *("SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
    *("wsgi.version", "wsgi.url_scheme", "wsgi.errors"),
    *("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
)


class PageCache:
    """A WSGI application in front of Django's, which caches public pages in memory.

    Requests with a session cookie, and those for anything else, go to Django unchanged.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.store = PageStore(settings.PAGE_MEMORY_MB * 1_000_000)
        self._application = application
        self._control = CacheControl(settings.SHARED_CACHE_SECONDS)
        self._session: str = settings.SESSION_COOKIE_NAME
        self._static = str(settings.STATIC_URL)
        self._host = settings.SITE_URL.partition("://")[2]
        # The proxy's header that says 'https', where there is a proxy, and its value.
        proxy: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
        self._forwarded, self._https = proxy or ("", "")
        self._canonical_url = lru_cache(URLS_REMEMBERED)(canonical_url)
        self._is_secure = lru_cache(HOSTS_REMEMBERED)(self._ask_whether_secure)
        # One request renders a page, and the others wait for it.
        self._render_locks = [Lock() for _ in range(LOCKS)]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        if self._session in environ.get("HTTP_COOKIE", ""):
            is_static = environ["PATH_INFO"].startswith(self._static)
            return self._application(environ, start if is_static else private(start))
        key = self._key(environ)
        version = cache_version() if key else None
        if key is None or version is None:
            return self._application(environ, no_store_on_error(start))
        return self._respond(environ, start, key, version)

    def _respond(
        self, environ: WSGIEnvironment, start: StartResponse, key: CacheKey, version: CacheVersion
    ) -> Iterable[bytes]:
        """Send the page, rendered if it is not stored, or status 304 if it is unchanged."""
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        encoding = choose_encoding(accepted if len(accepted) < MAX_HEADER_LENGTH else "")
        if_none_match = environ.get("HTTP_IF_NONE_MATCH", "").strip()
        # A client with the current ETag has the page: it need not be rendered to compare.
        if if_none_match and etag_matches(if_none_match, tag := etag(key, version, encoding)):
            return self._not_modified(key, tag, start)
        head = environ["REQUEST_METHOD"] == "HEAD"
        page = self.store.get(key, version) or self._render(environ, key, version, encoding)
        if isinstance(page, DjangoResponse):
            return self._send(page, start, etag(key, version, encoding), encoding, head=head)
        variant = self._variant(page, encoding)
        if if_none_match == "*":
            return self._not_modified(key, variant.etag, start)
        start("200 OK", list(variant.headers))
        return [] if head else [variant.body]

    def _key(self, environ: WSGIEnvironment) -> CacheKey | None:
        """Return the key of the requested page; None if Django must respond."""
        host = environ.get("HTTP_HOST", "")
        if (
            environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
            or not 0 < len(host) < MAX_HEADER_LENGTH
        ):
            return None
        forwarded = self._forwarded != "" and environ.get(self._forwarded) == self._https
        secure = self._is_secure(host, environ["wsgi.url_scheme"], forwarded)
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        is_short = len(path) + len(query) <= MAX_URL_LENGTH
        url = (self._canonical_url if is_short else canonical_url)(path, query)
        return CacheKey(url, secure) if url and secure is not None else None

    def _ask_whether_secure(self, host: str, scheme: str, forwarded: bool) -> bool | None:  # noqa: FBT001 (the key of a cache)
        """Return whether the request came by HTTPS; None if Django refuses or redirects it."""
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

    def _anonymous_environ(
        self, environ: WSGIEnvironment, key: CacheKey, encoding: str = ""
    ) -> WSGIEnvironment:
        """Return the request without anything personal, so that the response is for everybody."""
        copied = {name: environ[name] for name in COPIED if name in environ}
        copied |= {"REQUEST_METHOD": "GET", "HTTP_HOST": self._host, "wsgi.input": io.BytesIO()}
        copied |= {"PATH_INFO": key.url.path, "QUERY_STRING": key.url.query}
        if key.secure and self._forwarded:
            copied[self._forwarded] = self._https
        return copied | ({"HTTP_ACCEPT_ENCODING": encoding} if encoding else {})

    def _render(
        self, environ: WSGIEnvironment, key: CacheKey, version: CacheVersion, encoding: str
    ) -> Page | DjangoResponse:
        """Return the page, rendered now or by another request just before; else the response."""
        if key.url.streamed:
            return DjangoResponse(
                self._application, self._anonymous_environ(environ, key, encoding)
            )
        with self._render_locks[hash(key) % LOCKS]:
            page = self.store.get(key, version)
            if page:
                return page
            response = DjangoResponse(self._application, self._anonymous_environ(environ, key))
            if not (
                response.status == HTTPStatus.OK and response.is_complete and response.is_public
            ):
                return response
            headers = response.with_headers(self._control.for_status(HTTPStatus.OK))
            page = Page(key, version, headers, response.read(), encoding=encoding)
            if page.size <= MAX_PAGE_SIZE:
                self.store.put(key, page)
            return page

    def _variant(self, page: Page, encoding: str) -> Variant:
        """Return the page in this encoding, and update its size in the store."""
        if page.has(encoding):
            return page.variant(encoding)
        variant = page.variant(encoding)
        if self.store.get(page.key, page.version) is page:
            self.store.put(page.key, page)
        return variant

    def _send(
        self, response: DjangoResponse, start: StartResponse, tag: str, encoding: str, *, head: bool
    ) -> Iterable[bytes]:
        """Send a response that is not stored: an error, a redirect or a streamed one."""
        more = []
        if response.is_public:
            more.append(self._control.for_status(response.status))
            if response.status == HTTPStatus.OK:
                more.append(("ETag", tag))
        elif not response.has("cache-control"):
            more.append(PRIVATE)
        return response.send(start, more, encoding=encoding, head=head)

    def _not_modified(self, key: CacheKey, tag: str, start: StartResponse) -> Iterable[bytes]:
        """Send status 304: the client has the page."""
        headers = [("ETag", tag), self._control.for_status(HTTPStatus.OK), VARY]
        start("304 Not Modified", headers + (list(CORS_HEADERS.items()) if key.url.open else []))
        return []
