"""What a data answer leads to, in its header `Link` (RFC 8288)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.urls import reverse

from registers.exports.columns import Place
from registers.search.results import Results

# A proxy refuses an answer whose headers are too long (nginx: 4 kB in all). What does not fit is
# left out, the last first; the next page stands in the body too.
LONGEST = 2_000
NONE: Mapping[str, str | None] = {}


def links(place: Place, pages: Mapping[str, str | None] = NONE) -> str:
    """Return the header: where this is described, and the addresses of the pages around it."""
    header = ""
    around = (f'<{there}>; rel="{name}"' for name, there in pages.items() if there is not None)
    for link in (*_service(place), *around):
        longer = f"{header}, {link}" if header else link
        header = longer if len(longer) <= LONGEST else header
    return header


def pages_of(results: Results, here: str) -> dict[str, str | None]:
    """Return the pages around this one at the address `here`, those first that are needed most."""
    queries = {
        "next": results.next_query,
        "prev": results.previous_query,
        "first": results.query(page=1),
        "last": results.query(page=results.page_count),
    }
    return {
        name: query if query is None else f"{here}?{query}" if query else here
        for name, query in queries.items()
    }


def _service(place: Place) -> Iterator[str]:
    """Give where all addresses are described, for programs and for people (RFC 8631)."""
    yield f'<{place.site}{reverse("openapi")}>; rel="service-desc"; type="application/json"'
    yield f'<{place.site}{reverse("about-data")}>; rel="service-doc"; type="text/html"'
