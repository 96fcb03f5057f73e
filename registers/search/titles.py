"""The order of titles: a stored key that sorts them, and the sorted keys in memory.

Python sorts, not the database, so that the order is the same on both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registers.models import SearchEntry
from registers.search.text.words import fold

CHUNK = 10_000  # rows read at a time
MANY_DIGITS = 9
_PUNCTUATION = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"0*([0-9]+)")


def title_key(title: str) -> str:
    """Return what a title is sorted by, compared by code point.

    Capitals, accents and apostrophes make no difference. Other punctuation separates words, and
    is passed over at both ends. Numbers are compared by value, so 'Phase 2' is before 'Phase 10'.
    """
    words = _PUNCTUATION.sub(" ", fold(title).replace("'", "")).strip()
    return _NUMBER.sub(_number_key, words)


def _number_key(number: re.Match[str]) -> str:
    """Return a number with the number of its digits in front of it."""
    digits = number[1]
    length = len(digits)
    return f"{length}{digits}" if length < MANY_DIGITS else f"{MANY_DIGITS}{length:03}{digits}"


@dataclass(frozen=True, kw_only=True)
class TitleOrder:
    """Positions of the index in the order of titles, as far as the register's version `number`.

    A later change can be included already. Equal titles are in the order of references.
    """

    number: int
    keys: NDArray[np.object_]  # in order; none is there twice
    positions: NDArray[np.int64]  # of each key

    def updated(self, number: int) -> TitleOrder:
        """Return the order in a later version of the register, with only what changed read."""
        entries = SearchEntry.objects.filter(changed_in__gt=self.number)
        rows = entries.values_list("title_key", "protocol__reference_key", "pk").iterator(CHUNK)
        return self.replaced(rows, number=number)

    def replaced(self, rows: Iterable[tuple[str, str, int]], *, number: int) -> TitleOrder:
        """Return the order with other titles.

        Each row is a title's key, the key of its reference, and its position.
        """
        changed = sorted((f"{key}\0{reference}".encode(), entry) for key, reference, entry in rows)
        keys = np.empty(len(changed), np.object_)
        keys[:] = [key for key, _ in changed]
        positions = np.array([entry for _, entry in changed], np.int64)
        kept = ~np.isin(self.positions, positions)
        before = self.keys[kept]
        places = np.searchsorted(before, keys)
        return TitleOrder(
            number=number,
            keys=np.insert(before, places, keys),
            positions=np.insert(self.positions[kept], places, positions),
        )

    def ranks(self, size: int) -> NDArray[np.int64]:
        """Return the rank of each position below `size`."""
        positions = self.positions[self.positions < size]  # an entry may have been added since
        ranks = np.zeros(size, np.int64)
        ranks[positions] = np.arange(len(positions))
        return ranks


NO_TITLES = TitleOrder(number=-1, keys=np.empty(0, np.object_), positions=np.empty(0, np.int64))
