"""The orders in which lists stand: each a number for every place, the smallest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models.functions import Lower
from numpy.typing import NDArray

from registers.finding.index import NO_MONTH, Index
from registers.models import SearchEntry

CHUNK = 10_000


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
            .iterator(CHUNK),
            np.int64,
        )
        places = places[places < index.size]
        turns = np.zeros(index.size, np.int64)
        turns[places] = range(len(places))
        _titles[0] = (version, turns)
    return _titles[0][1]


_titles: list[tuple[tuple[int, str], NDArray[Any]]] = [((-1, ""), np.zeros(0))]
