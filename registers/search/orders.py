"""The orders in which lists stand: each a number for every place, the smallest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from registers.search.index import NO_MONTH, Index


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
