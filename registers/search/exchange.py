"""The long arrays of an index: its parties sorted, and some values exchanged for others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 1_000  # values, up to which copying the parts between them is faster than a mask


def sorted_parties(
    parties: NDArray[np.integer[Any]],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return the key of each party, its entry, and whether it is its organisation's first there.

    They are sorted by the key, then by the entry. A key is twice the organisation's id, and
    one more for a partner. Numbers are sorted that hold both in 64 bits: in place, in a third of
    the memory that rows and their order would take.
    """
    by_entry = parties[:, 0].astype(np.int64) << 32
    by_entry |= parties[:, 1] * 2 + parties[:, 2] - 1
    by_entry.sort()
    first = np.ones(len(by_entry), bool)
    first[1:] = by_entry[1:] >> 1 != by_entry[:-1] >> 1
    by_key = (by_entry & 0xFFFFFFFF) << 32 | by_entry >> 32 << 1 | first
    by_key.sort()
    return (
        (by_key >> 32).astype(np.int32),
        (by_key >> 1 & 0x7FFFFFFF).astype(np.int32),
        (by_key & 1).astype(bool),
    )


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Which values of an array go, and before which of its values others come.

    Both are positions in the array as it was, in order. It can be made in several arrays: each
    time a copy, of the parts that stay.
    """

    gone: NDArray[np.int64]
    places: NDArray[np.int64]

    def made(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        """Return a copy of `old` with one value of `new` at each place, and without those gone."""
        new = new.astype(old.dtype)
        if not len(old):
            return new
        if len(self.gone) + len(self.places) <= FEW:
            parts = (
                new[first:last] if is_new else old[first:last]
                for is_new, first, last in self._parts
            )
            return np.concatenate(list(parts))
        places = self.places - np.searchsorted(self.gone, self.places)
        return np.insert(np.delete(old, self.gone), places, new)

    @cached_property
    def _parts(self) -> list[tuple[bool, int, int | None]]:
        """The parts of the copy in order: whether it is of the new values, from where to where."""
        return list(self._find_parts())

    def _find_parts(self) -> Iterator[tuple[bool, int, int | None]]:
        comes = [(place, False, turn) for turn, place in enumerate(self.places.tolist())]
        goes = [(place, True, 0) for place in self.gone.tolist()]
        start = 0
        for place, is_gone, turn in sorted(comes + goes):
            yield False, start, place
            if not is_gone:
                yield True, turn, turn + 1
            start = place + is_gone
        yield False, start, None
