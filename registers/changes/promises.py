"""What was shown beforehand is promised: a short text that differs as soon as anything of it does.

A page that shows what would happen carries the promise of it. Whoever does it
then does exactly that, or nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

OTHERWISE = "By now something else would happen than what was foreseen."


def promise_of(foreseen: Any) -> str:
    """Return the promise of what is foreseen, given as plain data."""
    return hashlib.sha256(json.dumps(foreseen, sort_keys=True).encode()).hexdigest()
