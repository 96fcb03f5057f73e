"""Full-text search of public protocols, with spelling correction."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Q
from rapidfuzz import process
from rapidfuzz.distance import OSA

from registers.models import VocabularyWord
from registers.search.index import Index, Mask
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, engine
from registers.search.text.query import Term, parse_query

Tiers = npt.NDArray[np.int8]

EXACT, NOT_FOUND = 0, len(PROTOCOLS.fields) + 1  # tiers; between them are the fields
MAX_CACHED = 64  # masks, of one byte per protocol


@dataclass(frozen=True, kw_only=True)
class Search:
    """The result of a search: `mask` selects the protocols found in the index.

    Where a misspelt word found nothing, `corrected` is what was searched for instead,
    and `uncorrected` is a query for the original words. Otherwise both are empty.
    """

    mask: Mask
    query: str
    corrected: str
    uncorrected: str
    terms: tuple[Term, ...]  # those not excluded, after correction
    index: Index

    @property
    def exact_match(self) -> int | None:
        """The position of the protocol whose reference was searched for, if it was found."""
        for term in self.terms:
            position = self.index.position_of(term.reference) if term.reference else None
            if position is not None and self.mask[position]:
                return position
        return None

    def tiers(self) -> Tiers:
        """Return the relevance of each position: the lowest comes first.

        0: the reference was searched for. 1: every word is in the title; 2: in title and
        reference; 3 to 5: also in the purpose, the summary and the information items;
        6: in names. 7: not found.
        """
        tiers = np.ones(self.index.size, np.int8)
        for term in self.terms:
            first = np.full(self.index.size, NOT_FOUND - 1, np.int8)
            for tier, name in reversed([*enumerate(PROTOCOLS.fields[:-1], start=1)]):
                first[_matches_in_field(self.index, term, name)] = tier
            np.maximum(tiers, first, out=tiers)
        for term in self.terms:
            position = term.reference and self.index.position_of(term.reference)
            if position:
                tiers[position] = EXACT
        tiers[~self.mask] = NOT_FOUND
        return tiers


def search(query: str, index: Index) -> Search:
    """Return what `query` finds among the public protocols of `index`.

    Every word must occur: in the protocol's own texts, or in any name of a party's
    organisation. An empty query finds everything; one of punctuation only, nothing.
    No query is an error.

    The texts can be newer than `index`, since they are read after it. The position of
    a new protocol is then beyond the end of the index, and ignored; the new words of a
    changed one are found a moment before the list shows them.
    """
    terms = parse_query(query)
    corrected, uncorrected = _corrected(query, terms, index)
    if corrected:
        terms = parse_query(corrected)
    mask = index.public.copy()
    if not terms and query.strip():
        mask[:] = False
    for term in terms:
        if not mask.any():
            break
        hits = _matches(index, term)
        mask &= ~hits if term.excluded else hits
    return Search(
        mask=mask,
        query=query,
        corrected=corrected,
        uncorrected=uncorrected,
        terms=tuple(term for term in terms if not term.excluded),
        index=index,
    )


def _corrected(query: str, terms: list[Term], index: Index) -> tuple[str, str]:
    """Return `query` corrected, and with the misspelt words in quotes; or two empty strings."""

    def count(word: str) -> int:
        (meant,) = parse_query(f'"{word}"')
        return int((_matches(index, meant) & index.public).sum())

    corrected = uncorrected = query
    for term in sorted(terms, key=lambda term: term.span, reverse=True):
        if term.excluded or term.quoted or not term.word:
            continue
        if (_matches(index, term) & index.public).any():
            continue
        meant = correct_spelling(term.word, count)
        if meant:
            start, end = term.span
            corrected = corrected[:start] + meant + corrected[end:]
            uncorrected = f'{uncorrected[:start]}"{uncorrected[start:end]}"{uncorrected[end:]}'
    return ("", "") if corrected == query else (corrected, uncorrected)


def _matches(index: Index, term: Term) -> Mask:
    """Return the mask of protocols with the term in their texts or in a name of a party."""

    def compute() -> Mask:
        found = partial(engine().find, stems=term.stems, prefix=term.prefix)
        mask = _as_mask(index, found(PROTOCOLS, fields=PROTOCOLS.fields))
        organisations = found(ORGANISATIONS, fields=ORGANISATIONS.fields)
        if organisations.size:
            mask |= index.of_organisations(organisations.tolist())
        position = term.reference and index.position_of(term.reference)
        if position:
            mask[position] = True
        return mask

    return _cached((index.version, term), compute)


def _matches_in_field(index: Index, term: Term, name: str) -> Mask:
    """Return the mask of protocols with the term in one field."""

    def compute() -> Mask:
        return _as_mask(index, engine().find(PROTOCOLS, term.stems, term.prefix, (name,)))

    return _cached((index.version, term, name), compute)


def _as_mask(index: Index, ids: npt.NDArray[np.int32]) -> Mask:
    mask = np.zeros(index.size, np.bool_)
    mask[ids[ids < index.size]] = True
    return mask


_masks: OrderedDict[tuple[Any, ...], Mask] = OrderedDict()
_masks_lock = threading.Lock()


def _cached(key: tuple[Any, ...], compute: Callable[[], Mask]) -> Mask:
    """Return the cached mask for `key`, or compute it. It must not be changed.

    So another facet or page of the same search costs nothing. A key contains the
    register version, so no mask is out of date.
    """
    with _masks_lock:
        if key in _masks:
            _masks.move_to_end(key)
            return _masks[key]
    mask = compute()
    mask.flags.writeable = False
    with _masks_lock:
        _masks[key] = mask
        if len(_masks) > MAX_CACHED:
            _masks.popitem(last=False)
    return mask


MIN_LENGTH, LONG_WORD = 4, 8  # letters: shorter words are never corrected, longer ones by two slips
MAX_COMPARED = 20  # of the nearest words: the protocols that each finds are counted


def add_to_vocabulary(words: Iterable[str], number: int) -> None:
    """Add `words` to the vocabulary, as seen in the register version `number`.

    Words with a digit are left out: a number is not a misspelling of another.
    """
    VocabularyWord.objects.bulk_create(
        (
            VocabularyWord(text=word, length=len(word), seen_in=number)
            for word in sorted(words)  # in one order, so that two writers never deadlock
            if word.isalpha()
        ),
        update_conflicts=True,
        unique_fields=["text"],
        update_fields=["seen_in"],
        batch_size=1000,
    )


def correct_spelling(word: str, count: Callable[[str], int]) -> str:
    """Return the word of the vocabulary that was probably meant by `word`, or ''.

    That is the nearest; of several the one with the highest `count`, then the first in
    the alphabet. A word with a count of 0 is not in the register any more.
    """
    if len(word) < MIN_LENGTH or not word.isalpha():
        return ""
    slips = 1 if len(word) < LONG_WORD else 2
    near = VocabularyWord.objects.filter(
        Q(length__gte=len(word) - slips) & Q(length__lte=len(word) + slips)
    ).values_list("text", flat=True)
    distances = {
        other: int(distance)
        for other, distance, _ in process.extract(
            word, list(near), scorer=OSA.distance, score_cutoff=slips, limit=None
        )
    }
    for distance in range(1, slips + 1):
        same = sorted(other for other in distances if distances[other] == distance)[:MAX_COMPARED]
        counts = {other: count(other) for other in same}
        best = max(same, key=lambda other: counts[other], default="")
        if best and counts[best]:
            return best
    return ""
