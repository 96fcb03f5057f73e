"""Calendars as a real calendar program reads them: by ical.js, which is Thunderbird's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

READER = Path(__file__).with_suffix(".cjs")
LONGEST_LINE = 75


def read_calendar(parts: Iterable[bytes]) -> dict[str, Any]:
    """The calendar's own properties by name, and its events. Whatever is not valid is an error."""
    whole = b"".join(parts)
    for line in whole.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= LONGEST_LINE
        assert not set(line.decode()) & {"\r", "\n"}, "a line ends within a line"
    # Where the machine has no npm of its own, it was brought into .venv.
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    node = shutil.which("node", path=path)
    assert node, "There is no node to read calendars with. 'make test' brings one."
    done = subprocess.run([node, READER], input=whole, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    read: dict[str, Any] = json.loads(done.stdout)
    return read
