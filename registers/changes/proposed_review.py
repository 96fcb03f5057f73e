"""A new review in a proposal: what comes with it, and how it is recorded once it is accepted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.utils.formats import date_format

from registers.changes.review import add_review, protocol_values, review_from, review_in_the_way
from registers.history.compare import KEY, ChangedBy, Comparison, Difference, Row
from registers.history.snapshot import to_python
from registers.models import Protocol, Review

RECORDED_SINCE = "A review of {day} is recorded already, so this one cannot be."
# What a review gets when it is accepted: its time, and a month that may be altered then.
SET_LATER = {"recorded_at", "next_review"}


@dataclass(frozen=True, kw_only=True)
class ProposedReview:
    """The difference that is a new review, beside the last one that is stored, and what it sets.

    `sets` are the fields of the protocol that differ and come with it: nobody accepts these
    without it, or it without them. `recorded_since` says that the last one was recorded after
    this was proposed.
    """

    difference: Difference
    sets: tuple[Difference, ...]
    recorded_since: bool

    @property
    def name(self) -> str:
        """The name of the review's own difference."""
        return self.difference.name

    @property
    def set_names(self) -> set[str]:
        """The names of the fields that come with it."""
        return {each.name for each in self.sets}


def is_new(row: Row | None) -> bool:
    """Return whether a wanted row is to be added: it has no key yet."""
    return row is not None and row[KEY] is None


def find_review(comparison: Comparison) -> ProposedReview | None:
    """Return the new review of a proposal, if there is one.

    Where another was recorded since, or somebody changed a field that it sets, both have changed
    it: also where the proposal leaves that field as it was.
    """
    found = comparison.differences
    of_reviews = [each for each in found if each.kind == "reviews"]
    new = next((each for each in of_reviews if is_new(each.wanted)), None)
    if new is None:
        return None
    by_name = {each.name: each for each in found}
    sets = tuple(
        each if each.changed_by == ChangedBy.YOURS else replace(each, changed_by=ChangedBy.BOTH)
        for each in map(by_name.get, protocol_values(review_from(new.wanted)))
        if each is not None
    )
    recorded_since = any(each.wanted is None for each in of_reviews)
    is_both = recorded_since or any(each.changed_by == ChangedBy.BOTH for each in sets)
    last = next(iter(comparison.stored["parts"].get("reviews", ())), None)
    changed_by = ChangedBy.BOTH if is_both else ChangedBy.YOURS
    difference = replace(new, stored=last, changed_by=changed_by)
    return ProposedReview(difference=difference, sets=sets, recorded_since=recorded_since)


def why_not_recorded(proposed: ProposedReview, protocol: Protocol) -> str:
    """Return why a review cannot be recorded after those that are stored; '' if it can."""
    last = review_in_the_way(review_from(proposed.difference.wanted, protocol=protocol))
    return RECORDED_SINCE.format(day=date_format(last.reviewed_on, "j F Y")) if last else ""


def record_proposed(
    proposed: ProposedReview,
    protocol: Protocol,
    chosen: Mapping[str, Any],
    *,
    at: datetime.datetime,
    by: User | None,
) -> None:
    """Record a review that was accepted, within an official change of its locked protocol.

    `chosen` has the month of the next review, where it differs from what is stored: it may be
    another than was proposed. Raises ValidationError, as `record_review` does.
    """
    review = review_from(proposed.difference.wanted, protocol=protocol)
    if "review_date" in chosen:
        month = Review._meta.get_field("next_review")
        review.next_review = to_python(month, chosen["review_date"])
    add_review(review, at=at, by=by)


def as_accepted(row: Row | None) -> Row | None:
    """Return a wanted row without what a new one gets only when it is accepted."""
    dropped = SET_LATER if row and is_new(row) else ()
    return row and {name: value for name, value in row.items() if name not in dropped}
