"""Where things are: their addresses, found once."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=20_000)
def address(name: str, *parts: str) -> str:
    """Return the path of the page `name`, whose address has `parts`.

    Django works it out anew for each link, which took a third of the time of
    a list. The register stands at the root of its site, so it never differs.
    """
    return reverse(name, args=parts)
