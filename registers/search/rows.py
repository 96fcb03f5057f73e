"""Lists of protocols in an order, read from the database a page or a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, zip_longest
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from registers.models import Protocol, Theme
from registers.search.binding import Explanation, Through
from registers.search.index import NO_MONTH, Index, Mask
from registers.search.listed import ListedProtocol
from registers.search.protocol_values import AnyProtocol
from registers.search.reference_order import NOWHERE
from registers.search.text.highlight import Passage

CHUNK = 500  # protocols fetched at a time when all are sent
REFERENCE_BITS = 30


class Row:
    """A row of a list. Its protocol is fetched with those of the whole page, when first read."""

    def __init__(
        self, page: _Page, reference: str, theme: int, explanation: Explanation | None
    ) -> None:
        self._page, self._explanation = page, explanation
        self.reference = reference
        self.theme_id = theme
        # Where the search matched, if not visible in the row: that of the purpose is the first.
        self.passages: list[Passage] = []

    @cached_property
    def through(self) -> list[Through]:
        """How the protocol binds the organisations that the list is of, if it is of any."""
        explanation = self._explanation
        if explanation is None:
            return []
        if explanation.is_plain:  # needs no protocol, which may not have to be fetched
            return explanation.plain
        return explanation.of(self.listed) if self.listed else []

    @property
    def shown_through(self) -> list[Through]:
        """What a row of a page says of that: nothing where all rows would say the same."""
        is_plain = self._explanation is not None and self._explanation.is_plain
        return [] if is_plain else self.through

    @property
    def theme(self) -> str:
        """The name of its theme."""
        return next((each.name for each in self._page.index.themes if each.pk == self.theme_id), "")

    @property
    def is_purpose_found(self) -> bool:
        """Whether the search matched in the purpose, which is the first passage then."""
        return bool(self.passages) and self.passages[0].label == "Purpose"

    @property
    def listed(self) -> ListedProtocol | None:
        """The protocol as lists show it: two queries at most for all rows of the page.

        None if it was deleted in the database by hand.
        """
        return self._page.listed.get(self.reference)


class _Page:
    def __init__(self, index: Index) -> None:
        self.index = index
        self.positions: dict[str, int] = {}

    @cached_property
    def listed(self) -> dict[str, ListedProtocol]:
        return self.index.listed(self.positions)


def make_rows(
    index: Index, *several: NDArray[Any], explanations: Sequence[Explanation | None] = ()
) -> list[list[Row]]:
    """Return the rows of each list of positions. All are fetched at once, as one page.

    `explanations` say how the protocols of each list bind the organisations that it is of.
    """
    page = _Page(index)
    made = []
    for positions, explanation in zip_longest(several, explanations):
        references, themes = index.references.at(positions), index.theme[positions]
        page.positions |= zip(references, positions.tolist(), strict=True)
        made.append(
            [
                Row(page, reference, int(theme), explanation)
                for reference, theme in zip(references, themes, strict=True)
            ]
        )
    return made


class ProtocolList(Sequence[Protocol]):
    """The protocols of the mask `chosen`, sorted by `key` and then by reference.

    A slice fetches its protocols with their theme and parties: two queries.
    """

    def __init__(self, index: Index, chosen: Mask, key: NDArray[Any] | None = None) -> None:
        self._index = index
        self._positions = np.flatnonzero(chosen)
        self._chosen = chosen
        self._sort_keys: NDArray[Any] = index.reference_ranks[self._positions]
        if key is not None:
            self._sort_keys = self._sort_keys | (
                key[self._positions].astype(np.int64) << REFERENCE_BITS
            )

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, item: int) -> Protocol: ...
    @overload
    def __getitem__(self, item: slice) -> list[Protocol]: ...
    def __getitem__(self, item: int | slice) -> Protocol | list[Protocol]:
        if isinstance(item, int):
            return self[item : item + 1 or None][0]
        first, last, _ = item.indices(len(self))
        references = self._index.references.at(self.positions(first, last))
        found = self._index.fetch(references)
        return [found[reference] for reference in references if reference in found]

    def positions(self, first: int, last: int) -> NDArray[Any]:
        """Return the index positions of the items from `first` to before `last`."""
        return self._in_order(min(last, len(self)))[first:]

    def iterator(self) -> Iterator[AnyProtocol]:
        """Yield every protocol as plain values, read in chunks to save memory."""
        for chunk in self.chunks():
            yield from chunk

    def chunks(self) -> Iterator[list[AnyProtocol]]:
        """Yield every protocol as plain values in lists of CHUNK: two queries each."""
        read = self._index.reader()
        for references in self.references():
            found = read(references)
            yield [found[reference] for reference in references if reference in found]

    def references(self) -> Iterator[list[str]]:
        """Yield the references in lists of CHUNK."""
        positions = self._in_order(len(self))
        for first in range(0, len(positions), CHUNK):
            yield self._index.references.at(positions[first : first + CHUNK])

    def contains(self, references: Iterable[str]) -> Mask:
        """Return for each reference whether its protocol is in the list."""
        positions = self._index.references.positions_of(references)
        found: Mask = (positions != NOWHERE) & self._chosen[positions]
        return found

    def _in_order(self, most: int) -> NDArray[Any]:
        """Return the first `most` positions in order, without sorting all the others."""
        keys, positions = self._sort_keys, self._positions
        if most < len(keys):
            some = np.argpartition(keys, most)[:most]
            keys, positions = keys[some], positions[some]
        return positions[np.argsort(keys)]


@dataclass(frozen=True, kw_only=True)
class ThemeGroup:
    """The rows of one theme on one page. `count` is of all pages."""

    theme: Theme
    count: int
    continued: bool
    rows: list[Row]


def theme_groups(
    rows: list[Row], *, themes: list[Theme], counts: Mapping[int, int], first: int
) -> list[ThemeGroup]:
    """Return the rows of a page by theme.

    `themes` are in the order of the list, `counts` is the number of protocols on all
    pages by theme id, and `first` is the number of rows before this page.
    """
    made: list[ThemeGroup] = []
    for key, of_theme in groupby(rows, lambda row: row.theme_id):
        theme = next(theme for theme in themes if theme.pk == key)
        before = sum(counts.get(other.pk, 0) for other in themes[: themes.index(theme)])
        made.append(
            ThemeGroup(
                theme=theme,
                count=counts[theme.pk],
                continued=not made and before < first,
                rows=list(of_theme),
            )
        )
    return made


def earliest_review_first(index: Index) -> NDArray[Any]:
    """Return the sort key for the earliest review first, and none last."""
    return index.month


def latest_review_first(index: Index) -> NDArray[Any]:
    """Return the sort key for the latest review first, and none last."""
    return np.where(index.month == NO_MONTH, NO_MONTH, NO_MONTH - 1 - index.month)


def theme_order(index: Index, themes: list[int]) -> NDArray[Any]:
    """Return the sort key for the order of themes, given by their ids."""
    order = np.zeros(max([*themes, int(index.theme.max(initial=0))]) + 1, np.int64)
    order[themes] = range(len(themes))
    return order[index.theme]
