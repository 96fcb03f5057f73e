"""Full-text search of public protocols, with spelling correction."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial, reduce
from itertools import islice
from operator import or_

import numpy as np
import numpy.typing as npt

from registers.models import VocabularyWord
from registers.search.index import Index, Mask
from registers.search.statements import Statements
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, Lookup, engine
from registers.search.text.expand import RANKED, synonyms_of
from registers.search.text.query import parse_query
from registers.search.text.spelling import correct_spelling
from registers.search.text.terms import Form, Term, exactly, forms_of
from registers.search.text.words import words_of

# Tiers; after the first are the fields, and then what stands for a word: the words of its set,
# the nearest of what is searched for too, and all else. The words of a set and the nearest have
# two each, the title first; all else has one.
EXACT, TITLE, TEXTS, NAMES, NOT_FOUND = 0, 1, 2, 3, 100
IN_TITLE = (4, *range(6, 6 + RANKED))
ELSEWHERE = (5, *range(6 + RANKED, 7 + 2 * RANKED))
MOST_COUNTED = 15
OWN_TEXTS = PROTOCOLS.fields[:-1]  # all but the names of parties
TITLE_ONLY = ("title",)
MAX_CACHED = 64  # masks, of one byte per protocol


@dataclass(frozen=True, kw_only=True)
class Search:
    """The result of a search: `mask` selects the protocols that have every word.

    Where a slip of the hand found nothing, `corrected` is what was searched for instead,
    and `uncorrected` is a query for the original words. Otherwise both are empty, as they
    are where the correction finds nothing either.
    """

    mask: Mask
    query: str
    corrected: str
    uncorrected: str
    terms: tuple[Term, ...]  # those not excluded, after correction
    excluded: tuple[Term, ...]
    text: str  # of which the terms' spans are: the query, or as it was corrected
    index: Index

    @cached_property
    def most_words(self) -> Mask:
        """The mask of the protocols that have the most of the words, where none has every one.

        Nothing, where no word finds anything.
        """
        if self.mask.any() or len(self.terms) <= 1:
            return self.mask
        numbers = np.zeros(self.index.size, np.int16)
        for term in self.terms:
            numbers += _matches(self.index, term)
        numbers[~self.index.public] = 0
        for term in self.excluded:
            numbers[_matches(self.index, term)] = 0
        most = int(numbers.max(initial=0))
        found: Mask = (numbers == most) & (numbers > 0)
        return found

    @cached_property
    def near_query(self) -> str:
        """The query with words that are like those that find nothing, where it finds something.

        Empty where there are none. Nobody can know whether they are meant: 'debt' is not 'dept'.
        """
        if self.mask.any():
            return ""
        near = _corrected(self.text, self.terms, self.index, sure=False)[0]
        found = near and _all_of(_parse(near, self.index), near, self.index).any()
        return near if found else ""

    def organisations(self, *, as_typed: bool = False) -> list[int]:
        """Return the ids of the organisations of which the names and identifiers have every word.

        In the order of ids; also of those that no protocol names itself. Where none has the
        words, and not only they will do, those with what stands for them.
        """
        found = _organisations_with(term.forms for term in self.terms)
        if found or as_typed:
            return found
        return _organisations_with(term.all_forms for term in self.terms)

    @cached_property
    def has_all_as_typed(self) -> bool:
        """Whether any public protocol has every word itself, and not only what stands for it."""
        found = self.mask.copy()
        for term in self.terms:
            found &= _found(self.index, term.forms)
        return bool(found.any())

    def finds(self, term: Term) -> bool:
        """Return whether any public protocol has this term."""
        return bool((_matches(self.index, term) & self.index.public).any())

    def terms_of(self, reference: str) -> Sequence[Term]:
        """Return the terms that a protocol of the list has: all, unless none has them all."""
        position = self.index.position_of(reference)
        if position is None or self.mask[position]:
            return self.terms
        return [
            term
            for term in self.terms
            if any(mask[position] for mask in _found_groups(self.index, term))
        ]

    @cached_property
    def _named(self) -> list[int]:
        """The positions of the protocols whose references were asked for."""
        named = (self.index.position_of(term.reference) for term in self.terms if term.reference)
        return [position for position in named if position is not None]

    def exact_match(self, mask: Mask) -> int | None:
        """Return the position of the protocol whose reference was asked for, if `mask` has it."""
        return next((position for position in self._named if mask[position]), None)

    @property
    def missing_reference(self) -> str:
        """The reference that the query names and no public protocol has, as typed; or ''."""
        return next((term.missing for term in self.terms if term.missing), "")

    @cached_property
    def synonyms(self) -> list[str]:
        """What was searched for too, in place of words of the query, and some protocol has."""
        typed = {term.word for term in self.terms}
        others = dict.fromkeys(other for term in self.terms for other in term.synonyms)
        wanted = {other: forms_of(other) for other in others if other.lower() not in typed}
        occurring = _occurring(self.index, wanted.values())
        return [other for other, forms in wanted.items() if occurring[forms]]

    @property
    def exact_query(self) -> str:
        """The query with each word that has synonyms in quotes: it finds nothing else."""
        text = self.text
        for term in sorted(self.terms, key=lambda term: term.span, reverse=True):
            if term.synonyms:
                start, end = term.span
                text = f'{text[:start]}"{text[start:end]}"{text[end:]}'
        return text

    @cached_property
    def tiers(self) -> npt.NDArray[np.int16]:
        """The relevance of each position: the lowest comes first.

        0: the reference was searched for. 1: every word is in the title; 2: in the protocol's
        own texts; 3: also in names. From 4 on a word is not there, and what stands for it is.
        Where these are equal, more groups of near synonyms come before fewer. So each tier is
        that number times 16, less what was counted.
        """
        found, index = self.most_words, self.index
        tiers, counted = np.ones(index.size, np.int16), np.zeros(index.size, np.int16)
        for term in self.terms:
            parts = (PROTOCOLS.fields, OWN_TEXTS, TITLE_ONLY)
            own, texts, title = _found_each(index, [(term.forms, fields) for fields in parts])
            first = np.where(own, np.int16(NAMES), np.int16(NOT_FOUND))
            first[texts] = TEXTS
            first[title] = TITLE
            left = found & ~own
            groups = term.synonym_groups if left.any() else ()
            masks = _found_each(index, [(forms, PROTOCOLS.fields) for forms in groups])
            titles = _found_each(index, [(forms, TITLE_ONLY) for forms in groups[: RANKED + 1]])
            for number, mask in enumerate(masks):
                hits = left & mask
                np.minimum(first, ELSEWHERE[number], out=first, where=hits)
                if number <= RANKED:
                    in_title = left & titles[number]
                    np.minimum(first, IN_TITLE[number], out=first, where=in_title)
                    counted += hits
                    counted += in_title
            np.maximum(tiers, first, out=tiers, where=first < NOT_FOUND)
        tiers = tiers * (MOST_COUNTED + 1) + MOST_COUNTED - np.minimum(counted, MOST_COUNTED)
        tiers[self._named] = EXACT
        tiers[~found] = NOT_FOUND * (MOST_COUNTED + 1)
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
    terms, text = _parse(query, index), query
    mask = _all_of(terms, query, index)
    corrected, uncorrected = ("", "") if mask.any() else _corrected(query, terms, index, sure=True)
    if corrected:
        terms, text = _parse(corrected, index), corrected
        mask = _all_of(terms, corrected, index)
    if corrected and not mask.any():
        corrected = uncorrected = ""
    return Search(
        mask=mask,
        query=query,
        corrected=corrected,
        uncorrected=uncorrected,
        terms=tuple(term for term in terms if not term.excluded),
        excluded=tuple(term for term in terms if term.excluded),
        text=text,
        index=index,
    )


def _organisations_with(terms: Iterable[tuple[Form, ...]]) -> list[int]:
    """Return the ids of the organisations with any form of each term in their names."""
    found: set[int] | None = None
    for forms in terms:
        ids = set(forms and engine().find(ORGANISATIONS, forms, ORGANISATIONS.fields).tolist())
        found = ids if found is None else found & ids
        if not found:  # a query of a hundred words asks no more
            break
    return sorted(found or ())


def _parse(query: str, index: Index) -> list[Term]:
    return parse_query(
        query,
        reference_of=partial(_reference_of, index),
        known_words=lambda words: _known_words(index.version, frozenset(words)),
        synonyms=synonyms_of(index.version),
    )


def _reference_of(index: Index, text: str) -> str:
    """Return the reference of a public protocol as it is written there, for any spelling."""
    position = index.position_of(text)
    return "" if position is None else index.references.at([position])[0]


@lru_cache(maxsize=256)
def _known_words(_: str, words: frozenset[str]) -> frozenset[str]:
    """Return those of `words` that the vocabulary has; the version is part of the cache's key."""
    return frozenset(text for (text,) in _VOCABULARY.rows([*words]))


_VOCABULARY = Statements(
    lambda words: VocabularyWord.objects.filter(text__in=words).values_list("text")
)


def _all_of(terms: list[Term], query: str, index: Index) -> Mask:
    """Return the mask of the protocols with every term that is not excluded, and no other.

    Of the terms that lead, with any.
    """
    mask = index.public.copy()
    leading = [_matches(index, term) for term in terms if term.leads]
    if leading:
        mask &= reduce(or_, leading)
    if not terms and query.strip():
        mask[:] = False
    for term in terms:
        if term.leads:
            continue
        if not mask.any():
            break
        hits = _matches(index, term)
        mask &= ~hits if term.excluded else hits
    return mask


def _corrected(query: str, terms: Iterable[Term], index: Index, *, sure: bool) -> tuple[str, str]:
    """Return `query` corrected, and with the misspelt words in quotes; or two empty strings.

    Where it is not `sure`, a word can become one that is only like it.
    """
    corrected = uncorrected = query
    terms = sorted(terms, key=lambda term: term.span)
    for at, term in reversed([*enumerate(terms)]):
        # A word of a set of synonyms is no slip.
        if not term.word or not term.is_plain or term.acronym or term.synonyms:
            continue
        if (_matches(index, term) & index.public).any():
            continue
        before, after = (
            " ".join(each.word for each in terms[at + by : at + by + 1]) for by in (-1, 1)
        )
        meant = correct_spelling(term.word, partial(_rank, index, before, after), sure=sure)
        if meant:
            start, end = term.span
            corrected = corrected[:start] + meant + corrected[end:]
            uncorrected = f'{uncorrected[:start]}"{uncorrected[start:end]}"{uncorrected[end:]}'
    return ("", "") if corrected == query else (corrected, uncorrected)


def _rank(index: Index, before: str, after: str, word: str) -> tuple[int, int]:
    """Return how likely a word is between two others: 'police' makes a name with 'Essex'.

    That is whether it does, and the number of protocols that have it: 0 and 0 for none.
    """
    number = int((_found(index, (exactly(words_of(word)),)) & index.public).sum())
    pairs = [f"{before} {word}"] * bool(before) + [f"{word} {after}"] * bool(after)
    forms = tuple(form for pair in pairs for form in forms_of(pair))
    return bool(number and forms and _organisations_with([forms])), number


def _matches(index: Index, term: Term) -> Mask:
    """Return the mask of protocols with the term, or what stands for it, in texts or names."""
    position = term.reference and index.position_of(term.reference)
    mask = reduce(or_, _found_groups(index, term))
    if position:
        mask = mask.copy()
        mask[position] = True
    return mask


def _found_groups(index: Index, term: Term) -> list[Mask]:
    """Return the masks of a term itself, and of each group of what stands for it."""
    groups = [term.forms, *filter(None, term.synonym_groups)]
    return _found_each(index, [(forms, PROTOCOLS.fields) for forms in groups])


Forms = tuple[Form, ...]
_masks: OrderedDict[tuple[str, Forms, tuple[str, ...]], Mask] = OrderedDict()
_masks_lock = threading.Lock()


def _found(index: Index, forms: Forms) -> Mask:
    """Return the mask of protocols with any of the forms in their texts or names."""
    return _found_each(index, [(forms, PROTOCOLS.fields)])[0]


def _found_each(index: Index, wanted: Sequence[tuple[Forms, tuple[str, ...]]]) -> list[Mask]:
    """Return the mask of protocols with any of some forms in some fields, of each that is wanted.

    In all fields: or in a name. They are remembered, so that another facet or page of the same
    search costs nothing, and must not be changed. A version of the register is part of the key:
    none is out of date. One query for those that are not remembered.
    """
    keys = [(index.version, forms, fields) for forms, fields in wanted]
    found = {key: index.nothing for key in keys if not key[1]}
    with _masks_lock:
        for key in keys:
            if key in _masks:
                _masks.move_to_end(key)
                found[key] = _masks[key]
    missing = [key for key in dict.fromkeys(keys) if key not in found]
    new = dict(zip(missing, _read(index, [key[1:] for key in missing]), strict=True))
    with _masks_lock:
        _masks.update(new)
        while len(_masks) > MAX_CACHED:
            _masks.popitem(last=False)
    found |= new
    return [found[key] for key in keys]


def _read(index: Index, wanted: Sequence[tuple[Forms, tuple[str, ...]]]) -> list[Mask]:
    """Return the masks that are wanted from the database: one query."""
    texts = [Lookup(PROTOCOLS, forms, fields) for forms, fields in wanted]
    names = [
        each._replace(table=ORGANISATIONS, fields=ORGANISATIONS.fields)
        for each in texts
        if each.fields == PROTOCOLS.fields
    ]
    found = iter(engine().find_each([*texts, *names]))
    masks = []
    for ids in islice(found, len(texts)):
        mask = np.zeros(index.size, np.bool_)
        mask[ids[ids < index.size]] = True
        masks.append(mask)
    for mask, (_, fields) in zip(masks, wanted, strict=True):
        if fields == PROTOCOLS.fields and (organisations := next(found)).size:
            mask[index.of_organisations(organisations.tolist())] = True
        mask.flags.writeable = False
    return masks


def _occurring(index: Index, several: Iterable[Forms]) -> dict[Forms, bool]:
    """Return which forms any public protocol has: one query for those not asked for before."""
    known = index.occurring
    missing = [forms for forms in dict.fromkeys(several) if forms not in known]
    masks = _read(index, [(forms, PROTOCOLS.fields) for forms in missing])
    known.update(zip(missing, (bool((mask & index.public).any()) for mask in masks), strict=True))
    return known


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
