"""Which protocols do these words find? A slip of a letter or two is corrected."""

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
from registers.search.index import Chosen, Index
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, engine
from registers.search.text.query import Term, parse_query

Tiers = npt.NDArray[np.int8]

EXACT, NOT_FOUND = 0, len(PROTOCOLS.fields) + 1  # tiers; between them stand the fields
MAX_CACHED = 64  # masks, of one byte for each protocol


@dataclass(frozen=True, kw_only=True)
class Search:
    """What some words found. `mask` chooses their places of the index.

    Where a word found nothing and one like it did, `corrected` is what was
    looked for instead, and `uncorrected` asks for the words as they were typed.
    Otherwise both are empty.
    """

    mask: Chosen
    typed: str
    corrected: str
    uncorrected: str
    terms: tuple[Term, ...]  # those that are wanted, as they were looked for
    index: Index

    @property
    def exact_match(self) -> int | None:
        """The place of the protocol whose reference was typed, if it was found."""
        for term in self.terms:
            place = self.index.at_reference(term.reference) if term.reference else None
            if place is not None and self.mask[place]:
                return place
        return None

    def tiers(self) -> Tiers:
        """Return for each place how near the top it belongs: the least stands first.

        0 is a protocol whose reference was typed. 1 has every word in the
        title; 2 in title and reference; 3 to 5 also need the purpose, the
        summary and the information items; 6 needs names. 7 was not found.
        """
        tiers = np.ones(self.index.size, np.int8)
        for term in self.terms:
            first = np.full(self.index.size, NOT_FOUND - 1, np.int8)
            for tier, name in reversed([*enumerate(PROTOCOLS.fields[:-1], start=1)]):
                first[_matches_in_field(self.index, term, name)] = tier
            np.maximum(tiers, first, out=tiers)
        for term in self.terms:
            place = term.reference and self.index.at_reference(term.reference)
            if place:
                tiers[place] = EXACT
        tiers[~self.mask] = NOT_FOUND
        return tiers


def search(typed: str, index: Index) -> Search:
    """Return what `typed` finds among the public protocols of `index`.

    Every word must occur: in the protocol's own texts, or in any name of a
    party's organisation. Nothing typed finds all; nothing but marks, nothing.
    Never raises for what is typed.

    The texts can be newer than `index`, for they are read after it. A protocol
    that came since has a place beyond its size, and is cut off; of one that has
    just changed the new words are found a moment before the list shows them.
    """
    terms = parse_query(typed)
    corrected, uncorrected = _corrected(typed, terms, index)
    if corrected:
        terms = parse_query(corrected)
    mask = index.public.copy()
    if not terms and typed.strip():
        mask[:] = False
    for term in terms:
        if not mask.any():
            break
        hits = _matches(index, term)
        mask &= ~hits if term.excluded else hits
    return Search(
        mask=mask,
        typed=typed,
        corrected=corrected,
        uncorrected=uncorrected,
        terms=tuple(term for term in terms if not term.excluded),
        index=index,
    )


def _corrected(typed: str, terms: list[Term], index: Index) -> tuple[str, str]:
    """Return `typed` with slips mended, and with the same words in quotes; or two empty texts."""

    def found(word: str) -> int:
        (meant,) = parse_query(f'"{word}"')
        return int((_matches(index, meant) & index.public).sum())

    corrected = uncorrected = typed
    for term in sorted(terms, key=lambda term: term.span, reverse=True):
        if term.excluded or term.quoted or not term.word:
            continue
        if (_matches(index, term) & index.public).any():
            continue
        meant = correct_spelling(term.word, found)
        if meant:
            start, end = term.span
            corrected = corrected[:start] + meant + corrected[end:]
            uncorrected = f'{uncorrected[:start]}"{uncorrected[start:end]}"{uncorrected[end:]}'
    return ("", "") if corrected == typed else (corrected, uncorrected)


def _matches(index: Index, term: Term) -> Chosen:
    """Return the places that have the term in their texts or in a name of a party."""

    def look() -> Chosen:
        found = partial(engine().find, stems=term.stems, prefix=term.prefix)
        mask = _as_mask(index, found(PROTOCOLS, fields=PROTOCOLS.fields))
        organisations = found(ORGANISATIONS, fields=ORGANISATIONS.fields)
        if organisations.size:
            mask |= index.of_organisations(organisations.tolist())
        place = term.reference and index.at_reference(term.reference)
        if place:
            mask[place] = True
        return mask

    return _cached((index.version, term), look)


def _matches_in_field(index: Index, term: Term, name: str) -> Chosen:
    """Return the places that have the term in one field."""

    def look() -> Chosen:
        return _as_mask(index, engine().find(PROTOCOLS, term.stems, term.prefix, (name,)))

    return _cached((index.version, term, name), look)


def _as_mask(index: Index, ids: npt.NDArray[np.int32]) -> Chosen:
    mask = np.zeros(index.size, np.bool_)
    mask[ids[ids < index.size]] = True
    return mask


_masks: OrderedDict[tuple[Any, ...], Chosen] = OrderedDict()
_masks_lock = threading.Lock()


def _cached(key: tuple[Any, ...], look: Callable[[], Chosen]) -> Chosen:
    """Return what `look` gave for `key` a short while ago, or gives now. Not to be written to.

    A facet or a page more of the same search then costs nothing. A key names
    the version of the register, so what is kept is never out of date.
    """
    with _masks_lock:
        if key in _masks:
            _masks.move_to_end(key)
            return _masks[key]
    mask = look()
    mask.flags.writeable = False
    with _masks_lock:
        _masks[key] = mask
        if len(_masks) > MAX_CACHED:
            _masks.popitem(last=False)
    return mask


MIN_LENGTH, LONG_WORD = 4, 8  # letters: shorter words are never mended; in long ones two slips are
MAX_COMPARED = 20  # of the nearest words: for each, what it finds is counted


def add_to_vocabulary(words: Iterable[str], number: int) -> None:
    """Note that `words` stand in the register at its version `number`.

    Those that hold a digit are left out: one number is no slip for another.
    """
    VocabularyWord.objects.bulk_create(
        (
            VocabularyWord(text=word, length=len(word), seen_in=number)
            for word in sorted(words)  # in one order, so that two who learn wait and never lock
            if word.isalpha()
        ),
        update_conflicts=True,
        unique_fields=["text"],
        update_fields=["seen_in"],
        batch_size=1000,
    )


def correct_spelling(word: str, found: Callable[[str], int]) -> str:
    """Return the word of the register that was probably meant by `word`, or ''.

    That is the nearest; of several the one for which `found` gives the most;
    then the first in the alphabet. One for which it gives 0 is no answer: it
    stands there no longer.
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
        counts = {other: found(other) for other in same}
        best = max(same, key=lambda other: counts[other], default="")
        if best and counts[best]:
            return best
    return ""
