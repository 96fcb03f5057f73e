"""The index of the register as it is now: read whole once, then only what has changed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registers.models import Party, RegisterVersion, SearchEntry
from registers.search.index import (
    CHUNK,
    EMPTY,
    ROLES,
    STATUSES,
    Index,
    month_number,
    reference_number,
)

_lock = Lock()
_kept = [EMPTY]


def index_now() -> Index:
    """Return the index of the register's present version: one light query if nothing has changed.

    It is never changed itself: whoever holds it keeps one state of the register.
    """
    now = RegisterVersion.now()
    if _kept[0].version != str(now):
        with _lock:
            # Another thread may have gone further while this one waited.
            now = RegisterVersion.now()
            if _kept[0].version != str(now):
                _kept[0] = _caught_up(_kept[0], now)
    return _kept[0]


def forget() -> None:
    """Let the next question read the register whole, as after a database was put back."""
    _kept[0] = EMPTY


def _caught_up(index: Index, now: RegisterVersion) -> Index:
    """Return the index brought to the version `now`.

    Entries may be read that changed after that version was: they are read
    again for the next, and until then nobody is told of a wrong version.
    """
    if now.number <= index.number:
        index = EMPTY  # the database was put back
    entries = SearchEntry.objects.filter(changed_in__gt=index.number)
    rows = entries.values_list(
        "id", "protocol_id", "protocol__theme_id", "protocol__status", "protocol__review_date"
    )
    read = _array(
        (
            (key, reference_number(reference), theme, STATUSES.get(status, 0), month_number(month))
            for key, reference, theme, status, month in rows.iterator(CHUNK)
        ),
        width=5,
    )
    parties = Party.objects.filter(protocol__search_entry__changed_in__gt=index.number)
    parts = _array(
        (
            (entry, organisation, ROLES[role])
            for entry, organisation, role in parties.order_by()
            .values_list("protocol__search_entry__id", "organisation_id", "role")
            .iterator(CHUNK)
        ),
        width=3,
    )
    # A party of an entry that was made in the meantime has no place yet.
    parts = parts[np.isin(parts[:, 0], read[:, 0])]
    return index.changed(number=now.number, token=now.token, entries=read, parties=parts)


def _array(rows: Iterable[tuple[Any, ...]], *, width: int) -> NDArray[np.int64]:
    return np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, width)
