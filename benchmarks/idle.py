"""Waits until the servers have nothing left to do: one's last answers must not slow the next."""

from __future__ import annotations

import os
import time

from benchmarks.processor import ticks_of_descendants

PAUSE = 0.05
LONGEST = 20.0
TICKS = 1  # of the processor's clock, 10 ms each, that still count as nothing


def wait_until_idle() -> None:
    """Return when no process that was started here has worked for a moment."""
    give_up = time.monotonic() + LONGEST
    before = ticks_of_descendants(os.getpid())
    while time.monotonic() < give_up:
        time.sleep(PAUSE)
        now = ticks_of_descendants(os.getpid())
        if now - before <= TICKS:
            return
        before = now
