"""Where things are: their addresses, worked out once for each kind of page."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse

PLACE = "00000000"  # stands for a reference or a slug


@lru_cache
def _around(name: str, parts: int) -> list[str]:
    """Return what stands around the parts of an address."""
    return reverse(name, args=[PLACE] * parts).split(PLACE)


def in_address(part: str) -> str:
    """Return a reference, or a slug, as addresses have it: FIP~2021~14 for FIP/2021/14."""
    return part.replace("/", "~")


def address(name: str, *parts: str) -> str:
    """Return the path of the page `name`, whose address has `parts`: references or slugs.

    Django works it out anew for each link, which took a third of the time of
    a list. The register stands at the root of its site, so it never differs.
    """
    around = _around(name, len(parts))
    if len(parts) == 1:  # most are
        return f"{around[0]}{in_address(parts[0])}{around[1]}"
    written = (*map(in_address, parts), "")
    return "".join(piece for pair in zip(around, written, strict=True) for piece in pair)
