"""The page store, when pages of several versions come in."""

from __future__ import annotations

import pytest

from registers.public.page_cache.key import CacheKey, CacheVersion, CanonicalUrl
from registers.public.page_cache.store import Page, PageStore

THEN = CacheVersion(("6", "aaaa"), "2026-11-22")
NOW = CacheVersion(("7", "bbbb"), "2026-11-22")
KEY = CacheKey(CanonicalUrl("/", "", streamed=False), secure=False)
OTHER = CacheKey(CanonicalUrl("/about/", "", streamed=False), secure=False)


def page(key: CacheKey, version: CacheVersion) -> Page:
    return Page(key, version, [], b"words", encoding="identity")


@pytest.fixture
def store() -> PageStore:
    store = PageStore(1_000_000)
    store.put(KEY, page(KEY, NOW))
    return store


def test_a_page_that_was_made_too_slowly_takes_no_others_place(store):
    store.put(OTHER, page(OTHER, THEN))
    assert store.get(OTHER, THEN) is None
    assert store.get(KEY, NOW)


LATER = {
    "a version": CacheVersion(("8", "cccc"), "2026-11-22"),
    "a day": CacheVersion(("7", "bbbb"), "2026-11-23"),
    "the same number, of a database that was put back": CacheVersion(("7", "cccc"), "2026-11-22"),
    "no version": CacheVersion(None, "2026-11-22"),
}


@pytest.mark.parametrize("version", LATER.values(), ids=LATER)
def test_a_later_one_takes_the_place_of_all(store, version):
    store.put(OTHER, page(OTHER, version))
    assert store.get(OTHER, version)
    assert store.get(KEY, NOW) is None
    assert len(store) == 1
