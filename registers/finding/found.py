"""Protocols that were found, in an order: brought from the database when they are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from django.db.models.functions import Lower
from numpy.typing import NDArray

from registers.finding.index import NO_MONTH, Chosen, Index
from registers.models import Protocol, SearchEntry

CHUNK = 500  # protocols brought at a time when all are sent
CHUNK_OF_TITLES = 10_000
REFERENCE_BITS = 30


class Row:
    """A line of a list. Its protocol is brought with those of the whole page, when looked at."""

    def __init__(self, page: _Page, reference: str, theme: int) -> None:
        self._page = page
        self.reference = reference
        self.theme_id = theme

    @property
    def version(self) -> str:
        """The version of the register in which it was found: what is kept of it is right in it."""
        return self._page.version

    @property
    def protocol(self) -> Protocol:
        """The protocol with its theme and parties: two queries for all rows of the page."""
        return self._page.protocols[self.reference]


class _Page:
    def __init__(self, index: Index) -> None:
        self.version = f"{index.number}-{index.token}"
        self.references: dict[str, None] = {}

    @cached_property
    def protocols(self) -> dict[str, Protocol]:
        return bring(list(self.references))


def rows(index: Index, *several: NDArray[Any]) -> list[list[Row]]:
    """Return the lines of each list of places. They are of one page, so brought at once."""
    page = _Page(index)
    made = []
    for places in several:
        references, themes = index.references(places), index.theme[places]
        page.references |= dict.fromkeys(references)
        made.append([Row(page, r, int(theme)) for r, theme in zip(references, themes, strict=True)])
    return made


def bring(references: list[str]) -> dict[str, Protocol]:
    """Return public protocols by reference, with their theme and parties: two queries."""
    protocols = Protocol.public.get_queryset().select_related("theme").with_parties()
    return protocols.in_bulk(references)


class Found(Sequence[Protocol]):
    """The protocols that `chosen` holds, by the numbers in `key`, and by reference where equal.

    A slice brings its protocols with their theme and parties: two queries.
    """

    def __init__(self, index: Index, chosen: Chosen, key: NDArray[Any] | None = None) -> None:
        self._index = index
        self._places = np.flatnonzero(chosen)
        self._turns = index.reference[self._places]
        if key is not None:
            self._turns = self._turns | (key[self._places].astype(np.int64) << REFERENCE_BITS)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, wanted: int) -> Protocol: ...
    @overload
    def __getitem__(self, wanted: slice) -> list[Protocol]: ...
    def __getitem__(self, wanted: int | slice) -> Protocol | list[Protocol]:
        if isinstance(wanted, int):
            return self[wanted : wanted + 1 or None][0]
        first, last, _ = wanted.indices(len(self))
        return self._brought(self.places(first, last))

    def places(self, first: int, last: int) -> NDArray[Any]:
        """Return the places from `first` to before `last`, as far as there are any."""
        return self._in_order(min(last, len(self)))[first:]

    def each(self) -> Iterator[Protocol]:
        """Give every one, a few at a time, so that memory stays small."""
        places = self._in_order(len(self))
        for first in range(0, len(places), CHUNK):
            yield from self._brought(places[first : first + CHUNK])

    def _in_order(self, most: int) -> NDArray[Any]:
        """Return the first `most` places in their order, without sorting all the others."""
        turns, places = self._turns, self._places
        if most < len(turns):
            some = np.argpartition(turns, most)[:most]
            turns, places = turns[some], places[some]
        return places[np.argsort(turns)]

    def _brought(self, places: NDArray[Any]) -> list[Protocol]:
        references = self._index.references(places)
        brought = bring(references)
        return [brought[reference] for reference in references if reference in brought]


def urgency(index: Index) -> NDArray[Any]:
    """Return the key for the earliest review first, and those without one last."""
    return index.month


def latest_review(index: Index) -> NDArray[Any]:
    """Return the key for the latest review first, and those without one last."""
    return np.where(index.month == NO_MONTH, NO_MONTH, NO_MONTH - 1 - index.month)


def by_themes(index: Index, themes: list[int]) -> NDArray[Any]:
    """Return the key for the order of the themes, whose keys stand in their order."""
    turns = np.zeros(max([*themes, int(index.theme.max(initial=0))]) + 1, np.int64)
    turns[themes] = range(len(themes))
    return turns[index.theme]


def by_title(index: Index) -> NDArray[Any]:
    """Return the key for the order of titles, in small letters, as the database sorts them."""
    version = (index.number, index.token)
    if _titles[0][0] != version:
        places = np.fromiter(
            SearchEntry.objects.order_by(Lower("protocol__title"), "protocol_id")
            .values_list("id", flat=True)
            .iterator(CHUNK_OF_TITLES),
            np.int64,
        )
        places = places[places < index.size]
        turns = np.zeros(index.size, np.int64)
        turns[places] = range(len(places))
        _titles[0] = (version, turns)
    return _titles[0][1]


_titles: list[tuple[tuple[int, str], NDArray[Any]]] = [((-1, ""), np.zeros(0))]
