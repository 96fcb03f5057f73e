"""How a body is compressed on its way: which coding a reader takes, and the compressing."""

from __future__ import annotations

import gzip
from functools import lru_cache

import brotli

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
