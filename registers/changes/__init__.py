"""How a change becomes official. Nothing else in the register saves."""

from registers.changes.official import official_change, remove, save
from registers.changes.reviewing import (
    forecast,
    mend_review,
    promise,
    record_review,
    record_reviews,
)

__all__ = [
    "forecast",
    "mend_review",
    "official_change",
    "promise",
    "record_review",
    "record_reviews",
    "remove",
    "save",
]
