"""A page cache in front of Django: public pages are served from memory until the version changes.

It knows nothing of what they show: one function gives the key of a page, another the version
that all pages depend on. An `ETag` is the hash of a page's content, so a page that is the
same in another version is still not sent again. What a page says of one request alone, a
notice, is no part of what is stored: it is put into the page as it is sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_http_compression.middleware import HttpCompressionMiddleware, best_coding

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = tuple[tuple[str, str], ...]


class PageKey(NamedTuple):
    """What names a page: its path as in WSGI, and a query string. No more of a request shapes it.

    `headers` are sent with status 304 too. `notice` is HTML that replaces NOTICE_PLACE, and
    names nothing: pages that differ in it alone are stored once.
    """

    path: str
    query: str
    headers: Headers = ()
    notice: str = ""


class Wanted(NamedTuple):
    """What a request asks for. A response to HTTPS has one more header."""

    key: PageKey
    scheme: str
    coding: str


class Page(NamedTuple):
    """A page of one version, in one content coding, ready to send."""

    version: Hashable
    etag: str
    headers: Headers
    body: bytes


# Where a page has room for a notice. No escaped text contains it.
NOTICE_PLACE = b"<!-- notice -->"
MAX_PAGE_SIZE = 2_000_000
# The memory of a page in addition to its body, approximately.
OVERHEAD = 5_000


class PageStore:
    """The pages in memory. Thread-safe."""

    def __init__(self, max_size: int) -> None:
        """Start with no page; there will be `max_size` bytes at most."""
        self.max_size = max_size
        self.size = 0
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable, version: Hashable) -> Page | None:
        """Return the page that is stored for `key`, if it is of this version."""
        with self._lock:
            page = self._pages.get(key)
            if page is None or page.version != version:
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, key: Hashable, page: Page) -> None:
        """Store the page instead of the one of another version; drop those not used for longest."""
        size = len(page.body) + OVERHEAD
        with self._lock:
            replaced = self._pages.pop(key, None)
            if replaced:
                self.size -= len(replaced.body) + OVERHEAD
            if size > min(MAX_PAGE_SIZE, self.max_size):
                return
            self._pages[key] = page
            self.size += size
            while self.size > self.max_size:
                self.size -= len(self._pages.popitem(last=False)[1].body) + OVERHEAD


class Compression(HttpCompressionMiddleware):
    """The middleware that compresses, without its noise: a public page holds no secret."""

    max_random_bytes = 0


def compress(response: HttpResponseBase, coding: str) -> None:
    """Compress a response, streamed or not, in a coding that the client accepts."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = coding
    Compression(lambda _: response)(request)


def with_notice(
    answer: Page | HttpResponseBase, notice: str, coding: str
) -> Page | HttpResponseBase:
    """Return an answer that is not compressed with the notice in it, compressed.

    A page has another ETag than without the notice.
    """
    page = answer if isinstance(answer, Page) else None
    response = HttpResponse(page.body, headers=dict(page.headers)) if page else answer
    if isinstance(response, HttpResponse):
        response.content = response.content.replace(NOTICE_PLACE, notice.encode(), 1)
        response["Content-Length"] = str(len(response.content))
        compress(response, coding)
        if page:
            response["ETag"] = etag = etag_of(page.etag, notice)
            return Page(page.version, etag, tuple(response.items()), response.content)
    return response


def etag_of(*parts: object) -> str:
    """Return an ETag that is another one where any of the parts is another.

    It is weak, so that one is right for each coding of a page.
    """
    digest = blake2b(digest_size=12)
    for part in parts:
        text = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(b"%d " % len(text))
        digest.update(text)
    return f'W/"{digest.hexdigest()}"'


def etag_matches(if_none_match: str, etag: str) -> bool:
    """Return whether the header has `etag`, compared weakly: by the part in quotation marks."""
    return etag.removeprefix("W/") in if_none_match


MAX_URL_LENGTH = MAX_HOST_LENGTH = 1_000
REMEMBERED = 1_024  # keys of URLs; hosts
PRIVATE = "private, no-store"
NO_STORE = "no-store"
# Statuses of responses that are the same for everybody, and that may change soon.
SHORT_LIVED = {301, 302, 400, 404, 410}


def request_for(host: str, scheme: str, path: str = "/", query: str = "") -> WSGIEnvironment:
    """Return a request with nothing of a visitor in it, so that the response is for everybody."""
    environ = {"HTTP_HOST": host, "PATH_INFO": path, "QUERY_STRING": query}
    setup_testing_defaults(environ)
    return environ | {"wsgi.url_scheme": scheme}


def is_accepted(host: str, scheme: str) -> bool:
    """Return whether Django neither refuses this host nor redirects this scheme."""
    try:
        WSGIRequest(request_for(host, scheme)).get_host()
    except DisallowedHost:
        return False
    return scheme == "https" or not settings.SECURE_SSL_REDIRECT


class PageCache:
    """A WSGI application in front of Django's, which caches public pages in memory.

    Requests with a session cookie, and those without a key, go to Django unchanged.
    """

    def __init__(
        self,
        django: WSGIHandler,
        *,
        key: Callable[[str, str], PageKey | None],
        version: Callable[[], Hashable],
    ) -> None:
        """Cache the pages of `django`.

        `key` gives the key for a path and a query string as WSGI has them, or None for what
        is not cached; `version` what all pages depend on, or None if it cannot be read.
        """
        self.store = PageStore(settings.PAGE_MEMORY_MB * 1_000_000)
        self._django = django
        self._key = lru_cache(REMEMBERED)(key)
        self._version = version
        self._is_accepted = lru_cache(REMEMBERED)(is_accepted)
        self._session: str = settings.SESSION_COOKIE_NAME
        self._static = str(settings.STATIC_URL)
        self._host = settings.SITE_URL.partition("://")[2]
        # The proxy's header that says 'https', where there is a proxy, and its value.
        proxy: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
        self._proxy = proxy or ("", "")
        # Browsers must revalidate each time, and get status 304.
        seconds = settings.SHARED_CACHE_SECONDS
        self._short = f"public, max-age=0, s-maxage={seconds}"
        self._public = f"{self._short}, stale-while-revalidate={seconds}, stale-if-error=86400"
        # One request renders a page, and the others wait for it.
        self._rendering: dict[Hashable, Future[Page | None]] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        if self._session in environ.get("HTTP_COOKIE", ""):
            is_static = environ["PATH_INFO"].startswith(self._static)
            return self._django(environ, start if is_static else replacing(start, PRIVATE))
        wanted = self._wanted(environ)
        version = self._version() if wanted else None
        if wanted is None or version is None:
            return self._django(environ, replacing(start, NO_STORE, only_errors=True))
        if_none_match = environ.get("HTTP_IF_NONE_MATCH", "")
        notice, coding = wanted.key.notice, wanted.coding
        if notice:
            wanted = Wanted(wanted.key._replace(notice=""), wanted.scheme, "identity")
        answer: Page | HttpResponseBase | None = self.store.get(wanted, version)
        if answer is None:
            # A streamed response of this version need not be made for who has it.
            if etag_matches(if_none_match, etag := etag_of(wanted.key, version)):
                return self._not_modified(start, wanted.key, etag)
            answer = self._render(wanted, version)
        if notice:
            answer = with_notice(answer, notice, coding)
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        if isinstance(answer, HttpResponseBase):
            return send(start, answer, is_head=is_head)
        if etag_matches(if_none_match, answer.etag) or if_none_match.strip() == "*":
            return self._not_modified(start, wanted.key, answer.etag)
        start("200 OK", list(answer.headers))
        return [] if is_head else [answer.body]

    def _wanted(self, environ: WSGIEnvironment) -> Wanted | None:
        """Return what the request asks for; None if Django must respond."""
        host, path = environ.get("HTTP_HOST", ""), environ["PATH_INFO"]
        query = environ.get("QUERY_STRING", "")
        if (
            environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
            or not 0 < len(host) < MAX_HOST_LENGTH
            or len(path) + len(query) > MAX_URL_LENGTH
        ):
            return None
        header, https = self._proxy
        scheme = environ["wsgi.url_scheme"]
        if header in environ:
            scheme = "https" if environ[header] == https else "http"
        key = self._key(path, query)
        if key is None or not self._is_accepted(host, scheme):
            return None
        return Wanted(key, scheme, best_coding(environ.get("HTTP_ACCEPT_ENCODING", "")))

    def _render(self, wanted: Wanted, version: Hashable) -> Page | HttpResponseBase:
        """Return the page, rendered now or by another request just before; else the response.

        A page is not stored if the version moved while it was rendered, but those that waited
        for it get it too: if each rendered its own, the last would wait for all of them.
        """
        mine: Future[Page | None] = Future()
        while (rendering := self._rendering.setdefault((wanted, version), mine)) is not mine:
            if page := rendering.result():
                return page
        answer: Page | HttpResponseBase | None = None
        try:
            # Another request may have stored it just before this one's turn.
            answer = self.store.get(wanted, version) or self._rendered(wanted, version)
            return answer
        finally:
            del self._rendering[wanted, version]
            mine.set_result(answer if isinstance(answer, Page) else None)

    def _rendered(self, wanted: Wanted, version: Hashable) -> Page | HttpResponseBase:
        """Have Django respond; return the page, which is stored if it is of this version."""
        request = request_for(self._host, wanted.scheme, wanted.key.path, wanted.key.query)
        # Django's handler returns its response object as the body.
        response = self._django(request, _ignore)
        is_page = self._complete(response, wanted.key, version)
        compress(response, wanted.coding)
        if not (is_page and isinstance(response, HttpResponse)):
            return response
        page = Page(version, response["ETag"], tuple(response.items()), response.content)
        # Read on the connection that the page was: behind a pool of replicas it may be older.
        if self._version() == version:
            self.store.put(wanted, page)
        response.close()
        return page

    def _complete(self, response: HttpResponseBase, key: PageKey, version: Hashable) -> bool:
        """Add the headers of a public response; return whether it is a page that can be stored."""
        if response.cookies or response.has_header("Cache-Control"):
            response.headers.setdefault("Cache-Control", PRIVATE)
            return False
        response["Vary"] = "Accept-Encoding"
        if response.status_code != HTTPStatus.OK:
            is_short_lived = response.status_code in SHORT_LIVED
            response["Cache-Control"] = self._short if is_short_lived else NO_STORE
            return False
        response["Cache-Control"] = self._public
        if isinstance(response, HttpResponse):
            # With status 304 a browser keeps other headers too. A file's name may hold the day.
            headers = [item for item in response.items() if item[0] != "Content-Disposition"]
            response["ETag"] = etag_of(headers, response.content)
        else:
            response["ETag"] = etag_of(key, version)
        return not response.has_header("Content-Encoding")

    def _not_modified(self, start: StartResponse, key: PageKey, etag: str) -> Iterable[bytes]:
        """Send status 304: the client has the page."""
        about = [("ETag", etag), ("Cache-Control", self._public), ("Vary", "Accept-Encoding")]
        start("304 Not Modified", [*about, *key.headers])
        return []


def _ignore(*_: object) -> Any:
    """Take the start of a response that is sent later."""


def send(start: StartResponse, response: HttpResponseBase, *, is_head: bool) -> Iterable[bytes]:
    """Send a response that is not stored: an error, a redirect or a streamed one."""
    cookies = [("Set-Cookie", each.OutputString()) for each in response.cookies.values()]
    start(f"{response.status_code} {response.reason_phrase}", [*response.items(), *cookies])
    if is_head:
        response.close()
    return [] if is_head else response


def replacing(start: StartResponse, value: str, *, only_errors: bool = False) -> StartResponse:
    """Wrap `start` so that a response has this `Cache-Control`; or only one to a server error."""

    def start_replaced(status: str, headers: list[tuple[str, str]], problem: Any = None) -> Any:
        if status >= "5" or not only_errors:
            others = [header for header in headers if header[0].lower() != "cache-control"]
            headers = [*others, ("Cache-Control", value)]
        return start(status, headers, problem)

    return start_replaced
