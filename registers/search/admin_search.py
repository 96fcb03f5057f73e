"""Search in admin: words anywhere in a protocol, with drafts and private notes.

The public search (text/search.py) only covers what is public.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.db import models

from registers.models import Document, Identifier, Name, Organisation, Party, Protocol
from registers.models.keys import key_of
from registers.models.references import keys_of

MAX_WORDS = 12
MAX_LENGTH = 200
KIND = re.compile(r"(?:isp|isa|dsa)\W*(?=[0-9]{1,8}\Z)", re.IGNORECASE)
WORDS_AND_PHRASES = re.compile(r'"([^"]+)"?|([^\s"]+)')
TEXTS = [
    field.name
    for field in Protocol._meta.fields
    if isinstance(field, models.CharField | models.TextField)
    and not field.choices
    and field.editable
]
Protocols = TypeVar("Protocols", bound=models.QuerySet[Any])


def search_protocols(protocols: Protocols, query: str) -> Protocols:
    """Return those of `protocols` that contain every word of `query` in any field.

    A reference alone (12, 0012, ISP 0012, isa-012) finds the protocol that has it, if
    there is one. A phrase in quotes is searched for as a whole.
    """
    query = query.replace("\0", "").strip()[:MAX_LENGTH]
    for written in dict.fromkeys((query, KIND.sub("", query))):
        if Protocol.objects.with_reference(written).exists():
            return protocols.filter(reference_key__in=keys_of(written))
    terms = [phrase or word for phrase, word in WORDS_AND_PHRASES.findall(query)]
    for term in dict.fromkeys(terms[:MAX_WORDS]):
        protocols = protocols.filter(_matches(term))
    return protocols


def search_organisations(query: str) -> models.QuerySet[Organisation]:
    """Return the organisations with every word of `query` in their names or identifiers."""
    found: models.QuerySet[Organisation] = Organisation.objects.all()
    for word in key_of(query.replace("\0", "")[:MAX_LENGTH]).split()[:MAX_WORDS]:
        found = found.filter(_called(word, "pk"))
    return found


def _called(words: str, field: str) -> models.Q:
    """Return the condition that the organisation in `field` has a name with these words.

    Or an identifier that begins with them.
    """
    names = Name.objects.filter(key__contains=key_of(words)).values("organisation")
    # Stored in capitals, without spaces. A few digits stand in the middle of many.
    identifiers = Identifier.objects.filter(value__startswith=words.replace(" ", "").upper())
    return models.Q(**{f"{field}__in": names}) | models.Q(
        **{f"{field}__in": identifiers.values("organisation")}
    )


def _matches(term: str) -> models.Q:
    """Return the condition that any field of a protocol contains `term`."""
    condition = models.Q(pk__in=_parties(term)) | models.Q(pk__in=_papers(term))
    for text in _apostrophe_variants(term):
        for field in TEXTS:
            condition |= models.Q(**{f"{field}__icontains": text})
    return condition


def _parties(term: str) -> models.QuerySet[Party, Any]:
    condition = _called(term, "organisation")
    for text in _apostrophe_variants(term):
        condition |= models.Q(name_as_published__icontains=text) | models.Q(note__icontains=text)
    return Party.objects.filter(condition).order_by().values("protocol")


def _papers(term: str) -> models.QuerySet[Document, Any]:
    condition = models.Q()
    for text in _apostrophe_variants(term):
        condition |= models.Q(title__icontains=text)
    return Document.objects.filter(condition, taken_off=False).order_by().values("protocol")


def _apostrophe_variants(term: str) -> list[str]:
    """Return `term` with straight and with curly apostrophes: people type or paste either."""
    straight = term.replace("\u2019", "'")
    return list(dict.fromkeys((straight, straight.replace("'", "\u2019"))))
