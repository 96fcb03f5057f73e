"""How a change becomes official. Nothing else in the register saves."""

from registers.changes.official import official_change, remove, save
from registers.changes.reviewing import forecast, record_review, record_reviews

__all__ = ["forecast", "official_change", "record_review", "record_reviews", "remove", "save"]
