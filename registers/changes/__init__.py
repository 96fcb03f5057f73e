"""How a change becomes official. Nothing else in the register saves."""

from registers.changes.gaps import explain_gaps, take_gaps_back
from registers.changes.official import official_change, remove, save
from registers.changes.papers import bring_back, no_orphans
from registers.changes.restoring import foresee_restoring, restore
from registers.changes.reviewing import (
    forecast,
    mend_review,
    promise,
    record_review,
    record_reviews,
)

__all__ = [
    "bring_back",
    "explain_gaps",
    "forecast",
    "foresee_restoring",
    "mend_review",
    "no_orphans",
    "official_change",
    "promise",
    "record_review",
    "record_reviews",
    "remove",
    "restore",
    "save",
    "take_gaps_back",
]
