"""An officer's search: words anywhere in a protocol's record, drafts and private notes included.

The readers' search (search.py) knows what is public alone, and so cannot do this.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.db import models

from registers.models import Document, Name, Organisation, Party, Protocol
from registers.models.keys import all_spellings, key_of

MOST_WORDS = 12
LONGEST = 200
NUMBER = re.compile(r"(?:(?:isp|isa|dsa)\W*)?([0-9]{1,8})", re.IGNORECASE)
PIECES = re.compile(r'"([^"]+)"?|([^\s"]+)')
TEXTS = (
    *("reference", "title", "version", "purpose", "summary", "information_items"),
    *("data_subjects", "lawful_basis", "parties_note", "review_note", "withdrawn_reason"),
    "admin_note",
)
Protocols = TypeVar("Protocols", bound=models.QuerySet[Any])


def anywhere(protocols: Protocols, typed: str) -> Protocols:
    """Keep those that have every word of `typed` anywhere in their record.

    A number alone (12, 0012, ISP 0012) is the protocol that has it, if there is
    one. A phrase in quotes stands together.
    """
    typed = typed.replace("\0", "").strip()[:LONGEST]
    if number := NUMBER.fullmatch(typed):
        ways = all_spellings([int(number[1])])
        if Protocol.objects.filter(pk__in=ways).exists():
            return protocols.filter(pk__in=ways)
    pieces = [phrase or word for phrase, word in PIECES.findall(typed)]
    for piece in dict.fromkeys(pieces[:MOST_WORDS]):
        protocols = protocols.filter(_has(piece))
    return protocols


def called_anything_like(typed: str) -> models.QuerySet[Organisation]:
    """Return the organisations that have every word of `typed` among the words of their names."""
    found: models.QuerySet[Organisation] = Organisation.objects.all()
    for word in key_of(typed.replace("\0", "")[:LONGEST]).split()[:MOST_WORDS]:
        found = found.filter(pk__in=Name.objects.filter(key__contains=word).values("organisation"))
    return found


def _has(piece: str) -> models.Q:
    """Return the condition that a protocol has `piece` somewhere."""
    condition = models.Q(pk__in=_parties(piece)) | models.Q(pk__in=_papers(piece))
    for way in _shapes(piece):
        for field in TEXTS:
            condition |= models.Q(**{f"{field}__icontains": way})
    return condition


def _parties(piece: str) -> models.QuerySet[Party, Any]:
    names = Name.objects.filter(key__contains=key_of(piece))
    condition = models.Q(organisation__in=names.values("organisation"))
    for way in _shapes(piece):
        condition |= models.Q(name_as_published__icontains=way) | models.Q(note__icontains=way)
    return Party.objects.filter(condition).order_by().values("protocol")


def _papers(piece: str) -> models.QuerySet[Document, Any]:
    condition = models.Q()
    for way in _shapes(piece):
        condition |= models.Q(title__icontains=way)
    return Document.objects.filter(condition, taken_off=False).order_by().values("protocol")


def _shapes(piece: str) -> list[str]:
    """Return `piece` with either shape of apostrophe: people type the one, and paste the other."""
    straight = piece.replace("\u2019", "'")
    return list(dict.fromkeys((straight, straight.replace("'", "\u2019"))))
