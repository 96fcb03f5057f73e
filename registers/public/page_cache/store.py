"""Kept pages: each with its headers and its body in each coding, in the memory of one worker."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Hashable
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import brotli

from registers.public.page_cache.address import Address
from registers.public.page_cache.version import Moment, code_version

# In the order of preference, where a reader takes several as gladly.
CODINGS = ("br", "gzip", "identity")
# Beyond these, a page of the register takes several times as long for a few bytes in a hundred.
BROTLI_QUALITY = 5
GZIP_LEVEL = 6


@lru_cache(maxsize=256)
def coding_for(accepted: str) -> str:
    """Return the coding to answer with, for what stands in `Accept-Encoding`.

    A reader who takes none of ours gets the plain body, as RFC 9110 allows.
    """
    wanted: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        key, _, number = quality.strip().partition("=")
        try:
            wanted[name.strip()] = float(number) if key.strip() == "q" else 1.0
        except ValueError:
            continue
    others = wanted.get("*", 0.0)
    # The plain body is always taken, but last, unless something is said of it.
    plain = wanted.get("identity", others or 0.0001)
    taken = {name: wanted.get(name, others) for name in CODINGS} | {"identity": plain}
    best = max(CODINGS, key=lambda name: taken[name])
    return best if taken[best] > 0 else "identity"


def compress(body: bytes, coding: str) -> bytes:
    """Return the body in one of CODINGS: always the same bytes for the same body."""
    if coding == "br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    return gzip.compress(body, GZIP_LEVEL, mtime=0) if coding == "gzip" else body


def expand(body: bytes, coding: str) -> bytes:
    """Return what `compress` was given."""
    if coding == "br":
        return bytes(brotli.decompress(body))
    return gzip.decompress(body) if coding == "gzip" else body


Headers = list[tuple[str, str]]

# Once for a worker: code that changes is only run after a start.
CODE = code_version()
OPAQUE = re.compile(r'"([^"]*)"')
# What Python holds of a page beside its bytes, about.
OVERHEAD = 2_000


class Key(NamedTuple):
    """What pages are kept by. Behind HTTPS a page has a header more."""

    address: Address
    secure: bool


class Variant(NamedTuple):
    """A page in one coding, ready to be sent."""

    etag: str
    headers: Headers
    body: bytes


def etag(key: Key, moment: Moment, coding: str) -> str:
    """Return the tag of a page, which needs no page.

    A weak one: a change that is saved while a page is made can be in it already,
    and then the same tag stands for other bytes in another worker, for a moment.
    """
    whole = repr((CODE, moment, key, coding)).encode()
    return f'W/"{hashlib.blake2b(whole, digest_size=12).hexdigest()}"'


def names(if_none_match: str, tag: str) -> bool:
    """Return whether the header `If-None-Match` has the tag, compared weakly."""
    return tag[3:-1] in OPAQUE.findall(if_none_match)


class Page:
    """A page at one moment, in each coding that was asked for since it was made."""

    def __init__(
        self, key: Key, moment: Moment, headers: Headers, body: bytes, *, coding: str
    ) -> None:
        self.key = key
        self.moment = moment
        self._headers = headers
        self._variants: dict[str, Variant] = {}
        self._add(coding, body)

    @property
    def size(self) -> int:
        """The bytes that this takes in memory, about."""
        bodies = sum(len(variant.body) for variant in list(self._variants.values()))
        return bodies + len(self.key.address.path) + len(self.key.address.query) + OVERHEAD

    def has(self, coding: str) -> bool:
        """Return whether the page is there in this coding."""
        return coding in self._variants

    def variant(self, coding: str) -> Variant:
        """Return the page in this coding, which is made if it is not there yet."""
        found = self._variants.get(coding)
        if found is None:
            # Any that is there will do: one reader's coding may never be another's.
            there, variant = next(iter(self._variants.items()))
            found = self._add(coding, expand(variant.body, there))
        return found

    def _add(self, coding: str, body: bytes) -> Variant:
        packed = compress(body, coding)
        tag = etag(self.key, self.moment, coding)
        headers = [*self._headers, ("ETag", tag), ("Content-Length", str(len(packed)))]
        if coding != "identity":
            headers.append(("Content-Encoding", coding))
        made = self._variants[coding] = Variant(tag, headers, packed)
        return made


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
