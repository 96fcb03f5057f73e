"""The protocols of a list, in an order: each read from the database when it is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from registers.models import Protocol, Theme
from registers.search.index import NO_MONTH, Chosen, Index, Numbers, reference_number
from registers.search.text.highlight import Passage

CHUNK = 500  # protocols brought at a time when all are sent
REFERENCE_BITS = 30


class Row:
    """A line of a list. Its protocol is brought with those of the whole page, when looked at."""

    def __init__(self, page: _Page, reference: str, theme: int) -> None:
        self._page = page
        self.reference = reference
        self.theme_id = theme
        self.passages: list[Passage] = []  # where a search found it, if not to be seen in the line

    @property
    def version(self) -> str:
        """The version of the register in which it was found: what is kept of it is right in it."""
        return self._page.version

    @property
    def protocol(self) -> Protocol | None:
        """The protocol with its theme and parties: two queries for all rows of the page.

        None if it was taken away by hand, past all that keeps the register true.
        """
        return self._page.protocols.get(self.reference)


class _Page:
    def __init__(self, index: Index) -> None:
        self.version = index.version
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
        return _in_turn(self._index.references(self.places(first, last)))

    def places(self, first: int, last: int) -> NDArray[Any]:
        """Return the places from `first` to before `last`, as far as there are any."""
        return self._in_order(min(last, len(self)))[first:]

    def each(self) -> Iterator[Protocol]:
        """Give every one, a few at a time, so that memory stays small."""
        for chunk in self.chunks():
            yield from chunk

    def chunks(self) -> Iterator[list[Protocol]]:
        """Give every one, CHUNK of them at a time: two queries each."""
        for references in self.references():
            yield _in_turn(references)

    def references(self) -> Iterator[list[str]]:
        """Give the reference of every one, CHUNK of them at a time."""
        places = self._in_order(len(self))
        for first in range(0, len(places), CHUNK):
            yield self._index.references(places[first : first + CHUNK])

    def holds(self, references: Iterable[str]) -> Chosen:
        """Return for each reference whether its protocol is one of these."""
        asked = np.array([reference_number(reference) for reference in references], np.int64)
        held: Chosen = self._numbers[np.searchsorted(self._numbers[:-1], asked)] == asked
        return held

    @cached_property
    def _numbers(self) -> Numbers:
        # The last is no reference: it stands where one beyond them all would.
        return np.append(np.sort(self._index.reference[self._places]), -1)

    def _in_order(self, most: int) -> NDArray[Any]:
        """Return the first `most` places in their order, without sorting all the others."""
        turns, places = self._turns, self._places
        if most < len(turns):
            some = np.argpartition(turns, most)[:most]
            turns, places = turns[some], places[some]
        return places[np.argsort(turns)]


def _in_turn(references: list[str]) -> list[Protocol]:
    """Return the protocols in the order of their references: two queries."""
    brought = bring(references)
    return [brought[reference] for reference in references if reference in brought]


@dataclass(frozen=True, kw_only=True)
class Group:
    """The lines of one theme that stand on one page. `count` is of all pages."""

    theme: Theme
    count: int
    continued: bool
    rows: list[Row]


def groups(
    rows: list[Row], *, themes: list[Theme], counts: Mapping[int, int], first: int
) -> list[Group]:
    """Return the lines of a page by theme.

    `themes` stand in the order of the list, `counts` has how many protocols of
    each theme, by key, all pages have, and `first` lines stand before this page.
    """
    made: list[Group] = []
    for key, lines in groupby(rows, lambda row: row.theme_id):
        theme = next(theme for theme in themes if theme.pk == key)
        before = sum(counts.get(other.pk, 0) for other in themes[: themes.index(theme)])
        made.append(
            Group(
                theme=theme,
                count=counts[theme.pk],
                continued=not made and before < first,
                rows=list(lines),
            )
        )
    return made


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
