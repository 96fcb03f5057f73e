"""Text that every file format accepts, and that no spreadsheet program runs as a formula."""

from __future__ import annotations

import re

LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What XML 1.0 or iCalendar refuses, and the other control characters.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Return `text` without control characters; every way to end a line is a line feed."""
    # Most texts have none, and this check is fast.
    return text if text.isprintable() else REFUSED.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """Return the same on one line."""
    return " ".join(plain(text).split())


# CSV injection: a spreadsheet program runs a cell that starts like this as a formula. An
# apostrophe before it makes it text. A cell that already starts with one gets another, so
# that removing one always restores the original.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
# What a cell that has to be escaped starts with.
FORMULA_STARTS = frozenset("'=+-@\t\r")


def escape_formula(value: str) -> str:
    """Return `value` so that no spreadsheet program runs it as a formula."""
    return f"'{value}" if FORMULA.match(value) else value


def unescape_formula(cell: str) -> str:
    """Undo `escape_formula`. Any other cell is returned unchanged."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
