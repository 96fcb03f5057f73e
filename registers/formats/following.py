"""What the two endings that people follow have in common: their names, and words fit for both."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from registers.finding.finding import Finding
from registers.formats.columns import Place

# Whoever follows a list must hear that a protocol was withdrawn, and it would leave a list
# of those in force without a word. So where no status is asked for, these endings have both.
USUAL_STATUS = "all"

LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What XML 1.0 or iCalendar refuses, and the other control characters, which nobody can read.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """Return `text` without control characters; every way to end a line is a line feed."""
    return REFUSED.sub("", LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """Return the same on one line."""
    return " ".join(plain(text).split())


def host_of(place: Place) -> str:
    """Return the name of the site's host, without a port."""
    return urlsplit(place.site).hostname or ""


def name_of(finding: Finding, place: Place) -> str:
    """Return the register's name, and in brackets what was asked for."""
    usual = ("Status", dict(finding.asked.form.fields["status"].choices)[USUAL_STATUS])
    labels = [tag.label for tag in finding.tags if (tag.name, tag.label) != usual]
    return one_line(f"{place.register} ({', '.join(labels)})" if labels else place.register)
