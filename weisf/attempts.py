"""Limits on attempts, shared by all workers: so many failures in a quarter of an hour.

An attempt is counted before it is made and forgiven if it was right, so that many at
once get no further than one after another. What is stored of it is a keyed hash and the
time at which it is forgotten.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from django.core.cache import cache

from weisf.security_events import keyed_hash

WINDOW = 15 * 60  # seconds


class TooManyAttempts(Exception):  # noqa: N818 (it is an answer, not a fault)
    """No attempt is made for so many `seconds`."""

    def __init__(self, seconds: int) -> None:
        """Keep after how many seconds an attempt is made again."""
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Limit:
    """At most `most` failures in a WINDOW by one `text` of a `kind`, such as an address."""

    kind: str
    text: str
    most: int

    def slots(self) -> list[str]:
        """Return the cache's keys, one for each failure that is allowed."""
        code = keyed_hash(self.kind, self.text)
        return [f"attempt:{code}:{number}" for number in range(self.most)]


def begin_attempt(*limits: Limit) -> list[str]:
    """Count one attempt under each limit, and return what `forgive_attempt` takes.

    Raises TooManyAttempts, and counts nothing, where one of them is reached.
    """
    taken: list[str] = []
    for limit in limits:
        slots, now = limit.slots(), time.time()
        ends = cache.get_many(slots)
        # To add a key is atomic in every cache, where to count up is not.
        free = (slot for slot in slots if slot not in ends)
        slot = next((each for each in free if cache.add(each, now + WINDOW, WINDOW)), None)
        if slot is None:
            forgive_attempt(taken)
            first_end = min(ends.values(), default=now)
            raise TooManyAttempts(max(1, math.ceil(first_end - now)))
        taken.append(slot)
    return taken


def forgive_attempt(taken: list[str]) -> None:
    """Take an attempt that was right out of the count."""
    cache.delete_many(taken)
