"""What can be missing of a protocol: what its public page would call 'Not recorded'.

Left out is what may rightly be nothing: what it comes under, covers, replaces
or is replaced by, and its reviews and changes, which come with time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from registers.models.document import Document
from registers.models.party import Party
from registers.models.protocol import Protocol


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing that a complete protocol has.

    `key` stands in addresses and `words` on pages. `lacking` is the condition
    in the database; `has` says the same of a protocol in memory.
    """

    key: str
    words: str
    lacking: models.Q
    has: Callable[[Protocol], bool]


def _text(field: str, words: str) -> Thing:
    return Thing(
        key=field.replace("_", "-"),
        words=words,
        lacking=models.Q(**{field: ""}),
        has=lambda protocol: bool(getattr(protocol, field)),
    )


def _there(things: Any, **which: Any) -> models.Exists:
    return models.Exists(things.filter(protocol=models.OuterRef("pk"), **which))


# In the order of the form.
THINGS = (
    _text("version", "Version"),
    _text("purpose", "Purpose"),
    _text("summary", "Summary in plain English"),
    _text("information_items", "Information shared"),
    _text("data_subjects", "Whose information it is"),
    _text("lawful_basis", "Lawful basis for sharing"),
    Thing(
        key="lead",
        words="Lead organisation",
        lacking=~models.Q(_there(Party.objects, role=Party.Role.LEAD)),
        has=lambda protocol: protocol.lead is not None,
    ),
    Thing(
        key="signed",
        words="When each organisation signed",
        lacking=models.Q(_there(Party.objects, signed_on=None)) | ~models.Q(_there(Party.objects)),
        has=lambda protocol: (
            bool(protocol.all_parties) and all(party.signed_on for party in protocol.all_parties)
        ),
    ),
    Thing(
        key="parties-complete",
        words="Whether the list of organisations is complete",
        lacking=models.Q(parties_complete=None),
        has=lambda protocol: protocol.parties_complete is not None,
    ),
    Thing(
        key="review-date",
        words="Review month",
        lacking=models.Q(review_date=None),
        has=lambda protocol: protocol.review_date is not None,
    ),
    Thing(
        key="published-on",
        words="Day of publication",
        # A draft gets it on the day that it is published.
        lacking=models.Q(published_on=None) & ~models.Q(status=Protocol.Status.DRAFT),
        has=lambda protocol: (
            protocol.published_on is not None or protocol.status == Protocol.Status.DRAFT
        ),
    ),
    Thing(
        key="documents",
        words="Documents",
        lacking=~models.Q(_there(Document.objects, taken_off=False)),
        has=lambda protocol: any(not paper.taken_off for paper in protocol.documents.all()),
    ),
)
BY_KEY = {thing.key: thing for thing in THINGS}


def missing(protocol: Protocol) -> list[Thing]:
    """Return what is missing. In a list, bring the parties and the documents first."""
    return [thing for thing in THINGS if not thing.has(protocol)]


def recorded_count() -> models.expressions.Combinable:
    """Return how many of THINGS a protocol has, as an expression to order by."""
    lacking = (models.Case(models.When(thing.lacking, then=1), default=0) for thing in THINGS)
    total: models.expressions.Combinable = models.Value(len(THINGS))
    for one in lacking:
        total = total - one
    return total
