"""The memory of pages, when pages of several moments come in."""

from __future__ import annotations

import pytest

from registers.public.page_cache.address import Address
from registers.public.page_cache.store import Key, Memory, Page
from registers.public.page_cache.version import Moment

THEN = Moment(("6", "aaaa"), "2026-11-22")
NOW = Moment(("7", "bbbb"), "2026-11-22")
KEY = Key(Address("/", "", streamed=False), secure=False)
OTHER = Key(Address("/about/", "", streamed=False), secure=False)


def page(key: Key, moment: Moment) -> Page:
    return Page(key, moment, [], b"words", coding="identity")


@pytest.fixture
def memory() -> Memory:
    memory = Memory(1_000_000)
    memory.put(KEY, page(KEY, NOW))
    return memory


def test_a_page_that_was_made_too_slowly_takes_no_others_place(memory):
    memory.put(OTHER, page(OTHER, THEN))
    assert memory.get(OTHER, THEN) is None
    assert memory.get(KEY, NOW)


LATER = {
    "a version": Moment(("8", "cccc"), "2026-11-22"),
    "a day": Moment(("7", "bbbb"), "2026-11-23"),
    "the same number, of a database that was put back": Moment(("7", "cccc"), "2026-11-22"),
    "no version": Moment(None, "2026-11-22"),
}


@pytest.mark.parametrize("moment", LATER.values(), ids=LATER)
def test_a_later_one_takes_the_place_of_all(memory, moment):
    memory.put(OTHER, page(OTHER, moment))
    assert memory.get(OTHER, moment)
    assert memory.get(KEY, NOW) is None
    assert len(memory) == 1
