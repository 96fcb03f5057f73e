"""How much memory the workers of a server take, from /proc."""

from __future__ import annotations

import re
from pathlib import Path

KILOBYTE = 1024


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
