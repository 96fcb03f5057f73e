"""The page cache by itself: in front of a few pages of its own, with a version that is given."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, get_ident

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse

from tests.public.asking import ask
from weisf.page_cache import OVERHEAD, Page, PageCache, PageKey, PageStore

WORDS = "The words of a page that is long enough to be compressed. "
ENTRY = Page(1, "", (), b"x" * 1_000)
SIZE = 1_000 + OVERHEAD


class Pages(WSGIHandler):
    """Django with some pages; it counts how often it renders one."""

    rendered = 0
    open = 0
    words = WORDS

    def __init__(self) -> None:
        super().__init__()
        self.headers: dict[str, str] = {}

    def get_response(self, request):
        self.rendered += 1
        if request.path == "/streamed":
            response = StreamingHttpResponse(iter([self.words.encode()] * 9))
        else:
            response = HttpResponse(self.words, status=503 if request.path == "/down" else 200)
            response["Content-Length"] = str(len(response.content))
        for name, value in self.headers.items():
            response[name] = value
        if request.path == "/cookie":
            response.set_cookie("a", "b")
        self.open += 1
        close = response.close

        def closing():
            self.open -= 1
            close()

        response.close = closing
        return response


class Site:
    """The page cache in front of these pages. `versions` are read one after the other."""

    def __init__(self) -> None:
        self.django = Pages()
        self.versions: list[object] = [1]
        self.cache = PageCache(self.django, key=self.key, version=self.version)

    @staticmethod
    def key(address: str, query: str) -> PageKey | None:
        headers = (("X-Open", "yes"),) if address == "/streamed" else ()
        return None if address == "/down" else PageKey(address, query, headers)

    def version(self) -> object:
        return self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]

    def ask(self, address: str, *args, **headers: str):
        got = ask(self.cache, address, *args, **headers)
        assert self.django.open == 0, "a response was not closed"
        return got


@pytest.fixture
def site() -> Site:
    return Site()


# Versions ------------------------------------------------------------------------------------


def test_a_page_is_rendered_once_for_each_version(site):
    for version in (1, 1, 2, 2):
        site.versions = [version]
        assert site.ask("/").plain == WORDS
    assert site.django.rendered == 2
    assert len(site.cache.store) == 1


def test_the_same_words_in_another_version_are_not_sent_again(site):
    etag = site.ask("/").headers["etag"]
    site.versions = [2]
    assert site.ask("/", if_none_match=etag).status == 304
    site.django.words = "Other words."
    site.versions = [3]
    got = site.ask("/", if_none_match=etag)
    assert (got.status, got.plain) == (200, "Other words.")


def test_other_headers_are_another_page_but_for_the_name_of_a_file(site):
    etags = []
    for version, headers in enumerate(
        (
            {"Content-Security-Policy": "default-src 'self'"},
            {"Content-Security-Policy": "default-src 'none'"},
            {"Content-Security-Policy": "default-src 'none'", "Content-Disposition": "inline"},
        )
    ):
        site.versions, site.django.headers = [version], headers
        etags.append(site.ask("/").headers["etag"])
    assert etags[0] != etags[1] == etags[2]


BACK = {
    "a replica that is behind": [(7, "b"), (6, "a"), (7, "b"), (6, "a")],
    "a database that was restored and went on": [(7, "a"), (6, "a"), (7, "b"), (8, "c")],
}


@pytest.mark.parametrize("versions", BACK.values(), ids=BACK)
def test_a_version_that_goes_back_shows_no_page_of_another(site, versions):
    for version in versions:
        site.versions, site.django.words = [version], f"The words of {version}"
        for _ in range(2):
            assert site.ask("/").plain == f"The words of {version}"
    assert site.django.rendered == len(versions)


def test_a_page_that_may_be_older_than_its_version_is_sent_and_not_stored(site):
    # The version came from one replica, and the page from another, which is behind.
    site.versions = [2, 1, 2]
    site.django.words = "Older words."
    assert site.ask("/").plain == "Older words."
    assert len(site.cache.store) == 0
    site.django.words = "Newer words."
    assert site.ask("/").plain == "Newer words."


def test_without_a_version_django_answers_and_nothing_is_stored(site):
    etag = site.ask("/").headers["etag"]
    site.versions = [None]
    got = site.ask("/", if_none_match=etag)
    assert (got.status, got.plain) == (200, WORDS)
    assert "etag" not in got.headers
    site.versions = [1]
    assert site.ask("/", if_none_match=etag).status == 304


def test_a_version_that_is_lost_while_a_page_is_rendered_stores_nothing(site):
    site.versions = [1, None]
    assert site.ask("/").status == 200
    assert len(site.cache.store) == 0


# Two at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "version_after", "rendered", "stored"),
    [
        pytest.param("/", 1, 1, 1, id="a page"),
        pytest.param("/", 2, 1, 0, id="a page whose version moves while it is rendered"),
        pytest.param("/cookie", 1, 2, 0, id="a response for one visitor"),
    ],
)
def test_who_waits_for_a_page_gets_it(site, address, version_after, rendered, stored):
    second: list[int] = []

    def visit():
        second.append(get_ident())
        return ask(site.cache, address)

    def respond(request):
        if not second:
            asked.append(pool.submit(visit))
            until = time.monotonic() + 120
            while not (second and sys._current_frames()[second[0]].f_code is waiting):
                assert time.monotonic() < until, "the second request does not wait"
                time.sleep(0.001)
            site.versions = [version_after]
        return get_response(request)

    waiting, asked = Condition.wait.__code__, []
    get_response, site.django.get_response = site.django.get_response, respond
    with ThreadPoolExecutor(1) as pool:
        assert ask(site.cache, address).plain == WORDS
        assert asked[0].result(20).plain == WORDS
    assert site.django.rendered == rendered
    assert len(site.cache.store) == stored


# What is not stored --------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["", "br"])
@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/cookie", {}),
        ("/", {"Cache-Control": "no-store"}),
        ("/cookie", {"Cache-Control": "no-store"}),
    ],
)
def test_a_response_for_one_visitor_is_never_stored(site, address, headers, coding):
    site.django.headers = headers
    for number in (1, 2):
        got = site.ask(address, accept_encoding=coding)
        assert got.plain == WORDS
        assert got.headers["cache-control"] == headers.get("Cache-Control", "private, no-store")
        assert "etag" not in got.headers
        assert ("set-cookie" in got.headers) == (address == "/cookie")
        assert site.django.rendered == number
    assert len(site.cache.store) == 0


def test_a_response_in_a_coding_of_its_own_is_sent_as_it_is(site):
    site.django.headers = {"Content-Encoding": "other"}
    got = site.ask("/", accept_encoding="br")
    assert (got.headers["content-encoding"], got.body) == ("other", WORDS.encode())
    assert len(site.cache.store) == 0


def test_a_failure_of_what_has_no_key_is_stored_by_nobody(site):
    got = site.ask("/down")
    assert (got.status, got.headers["cache-control"]) == (503, "no-store")


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip", ""])
def test_a_streamed_response_has_the_etag_of_its_version(site, coding):
    whole = site.ask("/streamed", accept_encoding=coding)
    assert whole.plain == WORDS * 9
    assert whole.headers.get("content-encoding", "") == coding
    etag = whole.headers["etag"]
    head = site.ask("/streamed", "HEAD", accept_encoding=coding)
    assert (head.body, head.headers) == (b"", whole.headers)
    assert site.django.rendered == 2
    again = site.ask("/streamed", accept_encoding=coding, if_none_match=f'"a", {etag}')
    assert (again.status, again.body) == (304, b"")
    assert again.headers["x-open"] == "yes"
    # Nobody knows without Django whether there is such a page.
    assert site.ask("/streamed", if_none_match="*").status == 200
    assert site.django.rendered == 3
    assert len(site.cache.store) == 0
    site.versions = [2]
    assert site.ask("/streamed", if_none_match=etag).headers["etag"] != etag


# Memory --------------------------------------------------------------------------------------


def test_the_page_that_was_not_used_for_longest_makes_room(site):
    store = PageStore(3 * SIZE)
    for key in "abc":
        store.put(key, ENTRY)
    assert store.get("a", 1)
    store.put("d", ENTRY)
    assert [key for key in "abcd" if store.get(key, 1)] == ["a", "c", "d"]
    assert (len(store), store.size) == (3, 3 * SIZE)


def test_a_page_of_another_version_is_replaced_and_counted_once():
    store = PageStore(3 * SIZE)
    store.put("a", ENTRY)
    assert store.get("a", 2) is None
    store.put("a", ENTRY._replace(version=2, body=b"x"))
    assert store.get("a", 1) is None
    assert store.get("a", 2)
    assert (len(store), store.size) == (1, 1 + OVERHEAD)


def test_a_page_that_has_become_too_large_leaves_nothing_of_the_one_before():
    store = PageStore(SIZE)
    store.put("a", ENTRY)
    store.put("a", ENTRY._replace(version=2, body=b"x" * 1_001))
    assert (len(store), store.size) == (0, 0)
