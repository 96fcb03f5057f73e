"""Waits until the servers have nothing left to do: one's last answers must not slow the next."""

from __future__ import annotations

import os
import time
from pathlib import Path

PAUSE = 0.05
LONGEST = 20.0
TICKS = 1  # of the processor's clock, 10 ms each, that still count as nothing


def wait_until_idle() -> None:
    """Return when no process that was started here has worked for a moment."""
    give_up = time.monotonic() + LONGEST
    before = _worked()
    while time.monotonic() < give_up:
        time.sleep(PAUSE)
        now = _worked()
        if now - before <= TICKS:
            return
        before = now


def _worked() -> int:
    """Return the processor time of all that descends from this process, in its clock's ticks."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(file.parent.name)
        parents[pid], ticks[pid] = int(words[1]), int(words[11]) + int(words[12])
    ours, children = {os.getpid()}, {os.getpid()}
    while children:
        children = {pid for pid, parent in parents.items() if parent in children}
        ours |= children
    return sum(ticks[pid] for pid in ours - {os.getpid()})
