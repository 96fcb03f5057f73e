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
from registers.models.organisation import Party
from registers.models.protocol import Protocol
from registers.models.protocol_fields import BY_NAME, PROTOCOL_FIELDS, Kind, ProtocolField


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


def _there(things: Any, **which: Any) -> models.Exists:
    return models.Exists(things.filter(protocol=models.OuterRef("pk"), **which))


# Those that follow a rule of their own, by name: the condition in the database, and in memory.
CONDITIONS: dict[str, tuple[models.Q, Callable[[Protocol], bool]]] = {
    "lead": (
        ~models.Q(_there(Party.objects, role=Party.Role.LEAD)),
        lambda protocol: protocol.lead is not None,
    ),
    "signed": (
        models.Q(_there(Party.objects, signed_on=None)) | ~models.Q(_there(Party.objects)),
        lambda protocol: (
            bool(protocol.all_parties) and all(party.signed_on for party in protocol.all_parties)
        ),
    ),
    # A draft gets it on the day that it is published.
    "published_on": (
        models.Q(published_on=None) & ~models.Q(status=Protocol.Status.DRAFT),
        lambda protocol: (
            protocol.published_on is not None or protocol.status == Protocol.Status.DRAFT
        ),
    ),
    "documents": (
        ~models.Q(_there(Document.objects, taken_off=False)),
        lambda protocol: any(not paper.taken_off for paper in protocol.documents.all()),
    ),
}


def _plain(field: ProtocolField) -> tuple[models.Q, Callable[[Protocol], bool]]:
    """Return the conditions of a plain field: an empty text is missing, and else NULL.

    What does not apply is not missing, nor a text that the first of its composed fields stands for.
    """
    fields = [field, *(BY_NAME[name] for name in field.composed[:1])]
    conditions = [_of_one(each) for each in fields]
    lacking = models.Q(*(each for each, _ in conditions))
    return lacking, lambda protocol: any(has(protocol) for _, has in conditions)


def _of_one(field: ProtocolField) -> tuple[models.Q, Callable[[Protocol], bool]]:
    name, empty = field.name, None if field.kind in {Kind.BOOLEAN, Kind.DAY, Kind.MONTH} else ""
    lacking = models.Q(**{name: empty})
    if not field.may_not_apply:
        return lacking, lambda protocol: getattr(protocol, name) != empty
    # No name of a field is a part of another's.
    return lacking & ~models.Q(
        does_not_apply__contains=name
    ), lambda protocol: getattr(protocol, name) != empty or name in protocol.not_applying


def _item(field: ProtocolField) -> RecordItem:
    lacking, has = CONDITIONS.get(field.name) or _plain(field)
    key = field.name.replace("_", "-")
    return RecordItem(key=key, words=field.missing_label, lacking=lacking, has=has)


RECORD_ITEMS = [_item(field) for field in PROTOCOL_FIELDS if field.missing]
BY_KEY = {item.key: item for item in RECORD_ITEMS}


def missing(protocol: Protocol) -> list[RecordItem]:
    """Return what is missing. In a list, prefetch the parties and the documents first."""
    return [item for item in RECORD_ITEMS if not item.has(protocol)]


def to_publish(protocol: Protocol) -> list[str]:
    """Return what a draft lacks that it must have to be published, in words."""
    return lacking_to_publish(
        theme=protocol.theme_id, purpose=protocol.purpose, lead=protocol.lead is not None
    )


def lacking_to_publish(*, theme: Any, purpose: str, lead: bool) -> list[str]:
    """Return in words which of what every published protocol has is missing in these values."""
    is_missing = {
        "theme": theme is None,
        "purpose": not purpose.strip(),
        "lead organisation": not lead,
    }
    return [what for what, lacks in is_missing.items() if lacks]


def recorded_count() -> models.expressions.Combinable:
    """Return how many of RECORD_ITEMS a protocol has, as an expression to order by."""
    lacking = (models.Case(models.When(item.lacking, then=1), default=0) for item in RECORD_ITEMS)
    total: models.expressions.Combinable = models.Value(len(RECORD_ITEMS))
    for one in lacking:
        total = total - one
    return total
