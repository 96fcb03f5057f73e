"""How much processor time processes have used, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def ticks_of_descendants(root: int) -> int:
    """Return the processor time, in ticks, of all processes that descend from `root`.

    That is user and system time, of the processes that still run; `root` does not count.
    """
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(file.parent.name)
        parents[pid], ticks[pid] = int(words[1]), int(words[11]) + int(words[12])
    found, children = {root}, {root}
    while children:
        children = {pid for pid, parent in parents.items() if parent in children}
        found |= children
    return sum(ticks[pid] for pid in found - {root})
