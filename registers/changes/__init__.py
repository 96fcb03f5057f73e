"""How a change becomes official. Nothing else in the register saves."""

from registers.changes.official import official_change, remove, save

__all__ = ["official_change", "remove", "save"]
