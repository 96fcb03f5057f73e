"""Which protocols do these words find? A plain match: every word must occur somewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from registers.finding.index import Chosen, Index
from registers.models import Party, SearchEntry
from registers.models.words import key_of


@dataclass(frozen=True, kw_only=True)
class Search:
    """What some words found in an index."""

    words: str
    index: Index
    mask: Chosen

    def tiers(self) -> NDArray[np.int8]:
        """Return by place where the words were found: 0 the reference, 1 the title, 2 elsewhere."""
        tiers = np.full(self.index.size, 2, np.int8)
        entries = SearchEntry.objects.filter(pk__lt=self.index.size).values_list("pk", flat=True)
        words = self.words.strip()
        tiers[list(entries.filter(protocol__title__icontains=words))] = 1
        place = self.index.at(words) if re.fullmatch("[0-9]{4,8}", words) else None
        if place is not None:
            tiers[place] = 0
        return tiers


def search(words: str, index: Index) -> Search:
    """Choose the protocols in which each of `words` occurs, without regard to case.

    It may occur in the reference, the title, the purpose, any name of any
    party's organisation, or the name as published.
    """
    entries = SearchEntry.objects.filter(pk__lt=index.size)
    for word in words.split():
        named = Party.objects.filter(
            Q(organisation__names__key__contains=key_of(word))
            | Q(name_as_published__icontains=word)
        )
        entries = entries.filter(
            Q(protocol__reference__contains=word)
            | Q(protocol__title__icontains=word)
            | Q(protocol__purpose__icontains=word)
            | Q(protocol__in=named.values("protocol"))
        )
    mask = np.zeros(index.size, bool)
    mask[list(entries.values_list("pk", flat=True))] = True
    return Search(words=words, index=index, mask=mask & index.public)
