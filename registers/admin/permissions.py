"""Who may publish, withdraw and put back in force, and the fields and outcomes this locks."""

from __future__ import annotations

from typing import Any

from registers.models import Review

PUBLISH_PERMISSION = "registers.publish_protocol"
# The fields that decide whether a protocol is public and in force.
PUBLISH_FIELDS = ("status", "withdrawn_on", "withdrawn_reason", "replaced_by")


def may_publish(user: Any) -> bool:
    """Return whether the user may publish, withdraw and put back in force."""
    return bool(user.has_perm(PUBLISH_PERMISSION))


def allowed_outcomes(user: Any) -> list[Review.Outcome]:
    """Return the review outcomes that the user may record: two of them withdraw the protocol."""
    ends = {Review.Outcome.ENDED, Review.Outcome.REPLACED}
    return [each for each in Review.Outcome if may_publish(user) or each not in ends]
