"""The references of the index: the text at each position, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registers.models.references import keys_of, reference_key

NOWHERE = -1
CHUNK = 10_000


@dataclass(frozen=True, kw_only=True)
class ReferenceOrder:
    """References by position of the index, and the positions in the order of references.

    All are arrays of bytes, as wide as the longest: 2 MB each for 250,000 references of numbers,
    where objects would take five times as much.
    """

    texts: NDArray[np.bytes_]  # by position; empty where there is no protocol
    keys: NDArray[np.bytes_]  # in order; none is there twice
    positions: NDArray[np.int32]  # of each key

    @cached_property
    def ranks(self) -> NDArray[np.int32]:
        """The rank of each position."""
        ranks = np.zeros(len(self.texts), np.int32)
        ranks[self.positions] = np.arange(len(self.positions), dtype=np.int32)
        return ranks

    def position_of(self, written: str) -> int | None:
        """Return the position of the reference that `written` means, in any spelling."""
        found = (self._position(key) for key in keys_of(written))
        return next((position for position in found if position is not None), None)

    def positions_of(self, references: Iterable[str]) -> NDArray[np.int64]:
        """Return the position of each reference, as it is stored; NOWHERE where there is none."""
        found = (self._position(reference_key(reference)) for reference in references)
        return np.array([NOWHERE if each is None else each for each in found], np.int64)

    def _position(self, key: str) -> int | None:
        # A longer key would make NumPy widen the whole array first.
        if not 0 < len(key) <= self.keys.itemsize:
            return None
        place = int(np.searchsorted(self.keys, np.bytes_(key.encode())))
        is_there = place < len(self.keys) and self.keys[place] == key.encode()
        return int(self.positions[place]) if is_there else None

    def at(self, positions: Iterable[int]) -> list[str]:
        """Return the references at `positions`."""
        return [text.decode() for text in self.texts[list(positions)].tolist()]

    def updated(
        self,
        size: int,
        positions: NDArray[np.integer[Any]],
        references: Sequence[str] | NDArray[np.bytes_],
    ) -> ReferenceOrder:
        """Return the order of `size` positions, with these references at `positions`.

        A reference never changes, so most that come are there already, and cost nothing. It
        can only where a backup was restored.
        """
        texts = np.zeros(size, self.texts.dtype)
        texts[: len(self.texts)] = self.texts
        come = np.array(references, np.bytes_)
        differ = texts[positions] != come
        if size == len(self.texts) and not differ.any():
            return self
        positions, come = positions[differ], come[differ]
        texts = texts.astype(np.result_type(texts, come))
        texts[positions] = come
        keys = _keys_of_all(come)
        order = np.argsort(keys)
        kept = ~np.isin(self.positions, positions)
        before = self.keys[kept].astype(np.result_type(self.keys, keys))
        places = np.searchsorted(before, keys[order])
        return ReferenceOrder(
            texts=texts,
            keys=np.insert(before, places, keys[order]),
            positions=np.insert(self.positions[kept], places, positions[order]),
        )


def _keys_of_all(references: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    """Return the key of each, some at a time: objects for all would take 30 MB and more."""
    parts = (references[first : first + CHUNK] for first in range(0, len(references), CHUNK))
    keys = (
        np.array([reference_key(text.decode()) for text in part.tolist()], np.bytes_)
        for part in parts
    )
    return np.concatenate([np.zeros(0, "S1"), *keys])


NO_REFERENCES = ReferenceOrder(
    texts=np.zeros(1, "S1"), keys=np.zeros(0, "S1"), positions=np.zeros(0, np.int32)
)
