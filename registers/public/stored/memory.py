"""The memory of one worker: pages of one moment, the least used given up first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from registers.public.stored.moments import Moment
from registers.public.stored.pages import Page


class Memory:
    """At most `most` bytes of pages, for any number of threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._moment: Moment | None = None
        self._pages: OrderedDict[Hashable, tuple[Page, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable, moment: Moment) -> Page | None:
        """Return the page that was kept for `key`, if it is true at `moment`."""
        with self._lock:
            if moment != self._moment:
                return None
            held = self._pages.get(key)
            if held is None:
                return None
            self._pages.move_to_end(key)
            return held[0]

    def put(self, key: Hashable, page: Page) -> None:
        """Keep the page, or count it anew if it has grown; pages of another moment go."""
        size = page.size
        with self._lock:
            if page.moment != self._moment:
                if self._moment and page.moment.is_before(self._moment):
                    return  # made while the register changed: those of now stay
                self._pages.clear()
                self._moment, self.size = page.moment, 0
            self.size -= self._pages.pop(key, (page, 0))[1]
            if size > self.most:
                return
            self._pages[key] = page, size
            self.size += size
            while self.size > self.most:
                self.size -= self._pages.popitem(last=False)[1][1]
