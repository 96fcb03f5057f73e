"""The synonyms that come with the register: loaded into it, whatever state it is in.

A set that an officer changed, or does not use, stays as it is.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from registers.changes.synonyms import supply_synonyms
from registers.models import SynonymSet

SUPPLIED = Path(__file__).with_name("synonyms.toml")


def supplied_sets() -> list[SynonymSet]:
    """Return the sets of the file, not stored."""
    given: dict[str, dict[str, Any]] = tomllib.loads(SUPPLIED.read_text(encoding="utf-8"))
    return [
        SynonymSet(code=code, words="\n".join(each["words"]), also="\n".join(each.get("also", ())))
        for code, each in given.items()
    ]


def update_synonyms() -> int:
    """Add the sets that are new, and change those that nobody has changed; return how many."""
    return supply_synonyms(supplied_sets())
