"""The apostrophe before what a spreadsheet program would run: put in CSV, and taken away again."""

from __future__ import annotations

import re

# A spreadsheet program runs a cell that starts so as a formula. An apostrophe before
# it makes it text; a cell that looks as if it had one gets another, so that taking
# one away always gives back what was meant.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def as_text(value: str) -> str:
    """Return `value` so that no spreadsheet program takes it for a formula."""
    return f"'{value}" if FORMULA.match(value) else value


def as_meant(cell: str) -> str:
    """Return what `as_text` was given, from what it made. A cell of others stays as it is."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
