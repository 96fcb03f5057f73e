"""Names that are like no other: an organisation's name that is no slip of a known one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from rapidfuzz import fuzz, process

from registers.imports.spreadsheet.matching import NEAR, SHORT
from registers.models import Name
from registers.models.words import key_of


def unlike_any(names: Iterable[str], *, also: Iterable[str] = ()) -> list[str]:
    """Return the names that are like none in the register, and none that is returned before.

    `also` are names that are to be made. Of two that are like each other the
    first is returned: the other may be a slip of it.
    """
    known = _Known()
    stored = Name.objects.values_list("key", flat=True).iterator()
    for key in chain(stored, map(key_of, also)):
        known.add(key)
    found = []
    for name in names:
        key = key_of(name)
        if not known.has_like(key):
            known.add(key)
            found.append(name)
    return found


class _Known:
    """Keys of names, the short ones apart: they are compared letter by letter."""

    def __init__(self) -> None:
        self._short: list[str] = []
        self._long: list[str] = []

    def add(self, key: str) -> None:
        (self._short if len(key) < SHORT else self._long).append(key)

    def has_like(self, key: str) -> bool:
        scorer = fuzz.ratio if len(key) < SHORT else fuzz.WRatio
        return any(
            process.extractOne(key, keys, scorer=by, score_cutoff=NEAR)
            for keys, by in ((self._short, fuzz.ratio), (self._long, scorer))
        )
