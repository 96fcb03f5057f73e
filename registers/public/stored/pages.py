"""One kept page: its headers, and its body in each coding that was asked for."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from registers.public.stored.addresses import Address
from registers.public.stored.codings import compress, expand
from registers.public.stored.moments import Moment, code_version

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
