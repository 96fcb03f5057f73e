"""What the processes of a server take of the machine, from /proc: memory and processor time."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

KILOBYTE = 1024
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAUSE = 0.05
LONGEST = 20.0
TICKS = 1  # of the processor's clock, 10 ms each, that still count as nothing


class Workers:
    """The children of gunicorn's first process. Made just before what is measured."""

    def __init__(self, master: int) -> None:
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        self.before: dict[str, int] = {}
        for pid in children:
            # From here on the kernel notes the highest mark afresh.
            Path(f"/proc/{pid}/clear_refs").write_text("5")
            self.before[pid] = _status(pid, "VmRSS")

    def growth(self) -> int:
        """Return by how many bytes the worker that grew most has grown, at its highest."""
        return max(_status(pid, "VmHWM") - before for pid, before in self.before.items())


def _status(pid: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) * KILOBYTE if found else 0


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


def wait_until_idle() -> None:
    """Return when no process that was started here has worked for a moment.

    The last answers of one server must not slow the next.
    """
    give_up = time.monotonic() + LONGEST
    before = ticks_of_descendants(os.getpid())
    while time.monotonic() < give_up:
        time.sleep(PAUSE)
        now = ticks_of_descendants(os.getpid())
        if now - before <= TICKS:
            return
        before = now
