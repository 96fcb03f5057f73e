"""How a change becomes official. Nothing else in the register saves."""

from registers.changes.gaps import explain_gaps, take_gaps_back
from registers.changes.merge import (
    merge,
    plan_merge,
    plan_split,
    say_apart,
    say_maybe_the_same,
    split,
)
from registers.changes.papers import bring_back, no_orphans
from registers.changes.record import official_change, remove, save
from registers.changes.restore import foresee_restoring, restore
from registers.changes.review import forecast, mend_review, promise, record_review, record_reviews
from registers.changes.unmerge import plan_undo, undo_merge

__all__ = [
    "bring_back",
    "explain_gaps",
    "forecast",
    "foresee_restoring",
    "mend_review",
    "merge",
    "no_orphans",
    "official_change",
    "plan_merge",
    "plan_split",
    "plan_undo",
    "promise",
    "record_review",
    "record_reviews",
    "remove",
    "restore",
    "save",
    "say_apart",
    "say_maybe_the_same",
    "split",
    "take_gaps_back",
    "undo_merge",
]
