"""How a change becomes official. Nothing else in the register saves."""

from registers.changes.gaps import clear_gaps, explain_gaps
from registers.changes.members import put_members, write_members
from registers.changes.merge import (
    mark_not_duplicate,
    merge,
    plan_merge,
    plan_split,
    split,
    unmark_not_duplicate,
)
from registers.changes.papers import bring_back, no_orphans
from registers.changes.propose import propose_reviews
from registers.changes.publishing import perform_act, preview_act, publish_page
from registers.changes.record import record_change
from registers.changes.redaction.redact import compact, preview_redaction, redact
from registers.changes.restore import preview_restore, restore
from registers.changes.review import (
    correct_review,
    preview_reviews,
    previews_digest,
    record_review,
    record_reviews,
)
from registers.changes.taken_on import record_taken_on
from registers.changes.unmerge import plan_undo, undo_merge
from registers.changes.writes import remove, save

__all__ = [
    "bring_back",
    "clear_gaps",
    "compact",
    "correct_review",
    "explain_gaps",
    "mark_not_duplicate",
    "merge",
    "no_orphans",
    "perform_act",
    "plan_merge",
    "plan_split",
    "plan_undo",
    "preview_act",
    "preview_redaction",
    "preview_restore",
    "preview_reviews",
    "previews_digest",
    "propose_reviews",
    "publish_page",
    "put_members",
    "record_change",
    "record_review",
    "record_reviews",
    "record_taken_on",
    "redact",
    "remove",
    "restore",
    "save",
    "split",
    "undo_merge",
    "unmark_not_duplicate",
    "write_members",
]
