"""Names that are like each other: a slip of the hand, the same words, or a part of the other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from rapidfuzz import fuzz, process

from registers.models import Name
from registers.models.keys import key_of

NEAR = 62  # of 100: below this two names have little in common
# Letters as few as these stand within many a longer name by accident: they are compared whole.
SHORT = 6
# How two names are compared, and what that counts for: letter by letter, with their words in any
# order, and as a part of the other. That they share some words says little: many are councils.
WHOLE = ((fuzz.ratio, 1.0), (fuzz.token_sort_ratio, 1.0))
PART = (fuzz.partial_ratio, 0.85)


class Known:
    """Keys of names, to find those that are like another."""

    def __init__(self) -> None:
        self._short: list[str] = []
        self._long: list[str] = []

    def add(self, key: str) -> None:
        """Know one more."""
        (self._short if len(key) < SHORT else self._long).append(key)

    def like(self, key: str, *, most: int) -> list[str]:
        """Return the keys that are like `key`, the likest first, `most` by each comparison."""
        found: dict[str, float] = {}
        is_long = len(key) >= SHORT
        for keys, ways in (
            (self._long, (*WHOLE, PART) if is_long else WHOLE),
            (self._short, WHOLE),
        ):
            for scorer, worth in ways:
                near = process.extract(
                    key, keys, scorer=scorer, score_cutoff=NEAR / worth, limit=most
                )
                for other, score, _ in near:
                    found[other] = max(found.get(other, 0), score * worth)
        return sorted(found, key=lambda other: -found[other])


def unlike_any(names: Iterable[str], *, also: Iterable[str] = ()) -> list[str]:
    """Return the names that are like none in the register, and none that is returned before.

    `also` are names that are to be made. Of two that are like each other the
    first is returned: the other may be a slip of it.
    """
    known = Known()
    stored = Name.objects.values_list("key", flat=True).iterator()
    for key in chain(stored, map(key_of, also)):
        known.add(key)
    found = []
    for name in names:
        key = key_of(name)
        if not known.like(key, most=1):
            known.add(key)
            found.append(name)
    return found
