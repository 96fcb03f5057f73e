"""What the two endings that people follow have in common: whom they tell, and their names."""

from __future__ import annotations

from urllib.parse import urlsplit

from registers.exports.columns import Place
from registers.exports.plain_text import one_line
from registers.search.results import Finding

# Whoever follows a list must hear that a protocol was withdrawn, and it would leave a list
# of those in force without a word. So where no status is asked for, these endings have both.
USUAL_STATUS = "all"


def host_of(place: Place) -> str:
    """Return the name of the site's host, without a port."""
    return urlsplit(place.site).hostname or ""


def name_of(finding: Finding, place: Place) -> str:
    """Return the register's name, and in brackets what was asked for."""
    usual = ("Status", dict(finding.asked.form.fields["status"].choices)[USUAL_STATUS])
    labels = [tag.label for tag in finding.tags if (tag.name, tag.label) != usual]
    return one_line(f"{place.register} ({', '.join(labels)})" if labels else place.register)
