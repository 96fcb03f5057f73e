"""Our own style sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLES = sorted((Path(__file__).parent.parent / "static").glob("*.css"))


@pytest.mark.parametrize("sheet", STYLES, ids=lambda sheet: sheet.name)
def test_every_block_is_closed_before_the_next_chapter(sheet):
    """A block that stays open swallows the rules behind it, as those for print once did."""
    styles = re.sub(
        r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), sheet.read_text(), flags=re.S
    )
    depth = 0
    for number, line in enumerate(styles.splitlines(), 1):
        assert depth == 0 or not re.match(r"[.#@a-z]", line), f"Line {number} is within a block."
        depth += line.count("{") - line.count("}")
        assert depth >= 0, f"Line {number} closes what is not open."
    assert depth == 0
