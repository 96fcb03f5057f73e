"""What Django checks of the settings of an import before anything runs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from registers.imports.mapping.kinds import PROTOCOLS

UNKNOWN = "The partnership's file says under [import_headings] that '{heading}' is '{use}'."
USE_ONE = "There is no such column. Use one of: {known}."


def check_import_headings(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for each heading that the partnership's file takes for no known column."""
    return [
        checks.Error(
            UNKNOWN.format(heading=heading, use=use),
            hint=USE_ONE.format(known=", ".join(PROTOCOLS.uses)),
            id="registers.E001",
        )
        for heading, use in settings.PARTNERSHIP.import_headings.items()
        if use not in PROTOCOLS.uses
    ]
