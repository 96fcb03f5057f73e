"""Words that every file can carry, and that no spreadsheet program runs."""

from __future__ import annotations

import re

LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What XML 1.0 or iCalendar refuses, and the other control characters, which nobody can read.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Return `text` without control characters; every way to end a line is a line feed."""
    # Most texts have nothing of the kind, and this one question is quick.
    return text if text.isprintable() else REFUSED.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """Return the same on one line."""
    return " ".join(plain(text).split())


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
