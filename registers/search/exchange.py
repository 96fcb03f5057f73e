"""Some values of a long array exchanged for others: a copy, made of the parts that stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 1_000  # values, up to which copying the parts between them is faster than a mask


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Which values of an array go, and before which of its values others come.

    Both are positions in the array as it was, in order. It can be made in several arrays.
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
