"""What a complete protocol has: what its public page would call 'Not recorded' without it.

Left out is what may rightly be empty: what it comes under, covers, replaces or
is replaced by, and its reviews and changes, which come with time.
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
class RecordItem:
    """One item of a complete record.

    `key` stands in addresses and `words` on pages. `lacking` is the condition
    in the database; `has` says the same of a protocol in memory.
    """

    key: str
    words: str
    lacking: models.Q
    has: Callable[[Protocol], bool]


def _text(field: str, words: str) -> RecordItem:
    return RecordItem(
        key=field.replace("_", "-"),
        words=words,
        lacking=models.Q(**{field: ""}),
        has=lambda protocol: bool(getattr(protocol, field)),
    )


def _there(things: Any, **which: Any) -> models.Exists:
    return models.Exists(things.filter(protocol=models.OuterRef("pk"), **which))


# In the order of the form.
RECORD_ITEMS = (
    _text("version", "Version"),
    _text("purpose", "Purpose"),
    _text("summary", "Summary in plain English"),
    _text("information_items", "Information shared"),
    _text("data_subjects", "Whose information it is"),
    _text("lawful_basis", "Lawful basis for sharing"),
    RecordItem(
        key="lead",
        words="Lead organisation",
        lacking=~models.Q(_there(Party.objects, role=Party.Role.LEAD)),
        has=lambda protocol: protocol.lead is not None,
    ),
    RecordItem(
        key="signed",
        words="When each organisation signed",
        lacking=models.Q(_there(Party.objects, signed_on=None)) | ~models.Q(_there(Party.objects)),
        has=lambda protocol: (
            bool(protocol.all_parties) and all(party.signed_on for party in protocol.all_parties)
        ),
    ),
    RecordItem(
        key="parties-complete",
        words="Whether the list of organisations is complete",
        lacking=models.Q(parties_complete=None),
        has=lambda protocol: protocol.parties_complete is not None,
    ),
    RecordItem(
        key="review-date",
        words="Review month",
        lacking=models.Q(review_date=None),
        has=lambda protocol: protocol.review_date is not None,
    ),
    RecordItem(
        key="published-on",
        words="Day of publication",
        # A draft gets it on the day that it is published.
        lacking=models.Q(published_on=None) & ~models.Q(status=Protocol.Status.DRAFT),
        has=lambda protocol: (
            protocol.published_on is not None or protocol.status == Protocol.Status.DRAFT
        ),
    ),
    RecordItem(
        key="documents",
        words="Documents",
        lacking=~models.Q(_there(Document.objects, taken_off=False)),
        has=lambda protocol: any(not paper.taken_off for paper in protocol.documents.all()),
    ),
)
BY_KEY = {item.key: item for item in RECORD_ITEMS}


def missing(protocol: Protocol) -> list[RecordItem]:
    """Return what is missing. In a list, prefetch the parties and the documents first."""
    return [item for item in RECORD_ITEMS if not item.has(protocol)]


def recorded_count() -> models.expressions.Combinable:
    """Return how many of THINGS a protocol has, as an expression to order by."""
    lacking = (models.Case(models.When(item.lacking, then=1), default=0) for item in RECORD_ITEMS)
    total: models.expressions.Combinable = models.Value(len(RECORD_ITEMS))
    for one in lacking:
        total = total - one
    return total
