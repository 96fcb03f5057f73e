"""Words without the characters that a file cannot carry, and that nobody can read."""

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
