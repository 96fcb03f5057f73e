"""Widens the terms of a query: synonyms, and words that are joined or parted elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, zip_longest

from registers.models import SynonymSet
from registers.search.text.terms import (
    QUESTION_WORDS,
    WEAK_WORDS,
    Form,
    Term,
    exactly,
    forms_of,
    is_acronym,
)
from registers.search.text.words import STOP_WORDS, Word, words_of

Key = tuple[str, ...]  # the stems of a word or phrase; of one word as it is written, after '='


@dataclass(frozen=True)
class Synonyms:
    """What is searched for beside words, by their key; `longest` is the number of words of one.

    It is in groups: the words of the same set, and then what is searched for too, the nearest
    first.
    """

    by_key: Mapping[Key, Sequence[Sequence[str]]] = field(default_factory=dict)
    longest: int = 0


NO_SYNONYMS = Synonyms()
# What is searched for too: so many are near, in their order, and those after them all alike.
RANKED = 3


# Synonyms ----------------------------------------------------------------------------------------


def compile_synonyms(sets: Iterable[SynonymSet]) -> Synonyms:
    """Return the synonyms of some sets, to look words up in."""
    by_key: dict[Key, list[list[str]]] = {}
    for each in sets:
        words, also = each.all_words, each.all_also
        ranked = [*(also[at : at + 1] for at in range(RANKED)), also[RANKED:]]
        for word in words:
            groups = [[other for other in words if other != word], *ranked]
            for key in synonym_keys(word):
                by_key.setdefault(key, groups)
    return Synonyms(by_key, max(map(len, by_key), default=0))


@lru_cache(maxsize=2)
def synonyms_of(_: str) -> Synonyms:
    """Return the synonyms in use in a version of the register: one query for each version."""
    return compile_synonyms(SynonymSet.objects.filter(in_use=True))


def synonym_keys(text: str) -> list[Key]:
    """Return the keys by which a word or phrase of a set is looked up.

    An acronym is looked up as it is written, so that 'sent' is no form of it.
    """
    words = words_of(text)
    stems = tuple(word.stem for word in words)
    if len(words) > 1:
        return [stems]
    written: list[Key] = [(f"={word.plain}",) for word in words]
    return written if is_acronym(text.strip()) else [*written, stems]


def with_synonyms(terms: list[Term], synonyms: Synonyms) -> list[Term]:
    """Let each term match what stands for it, or for the phrase that it is a part of.

    Each word of a phrase matches all that stands for the phrase: so both have to be there,
    or one of these. The longest phrase comes first.
    """
    words = [
        (place, word, term.acronym)
        for place, term in enumerate(terms)
        for word in (term.words if term.is_plain else ())
    ]
    extra: dict[int, list[list[str]]] = {}
    start = 0
    while start < len(words):
        length, groups = _longest_at(words[start : start + synonyms.longest], synonyms)
        for place in dict.fromkeys(place for place, _, _ in words[start : start + length]):
            both = zip_longest(extra.get(place, ()), groups, fillvalue=())
            extra[place] = [[*some, *others] for some, others in both]
        start += length or 1
    return [
        _with_groups(term, extra[place]) if place in extra else term
        for place, term in enumerate(terms)
    ]


def _with_groups(term: Term, groups: Sequence[Sequence[str]]) -> Term:
    forms = (dict.fromkeys(chain.from_iterable(map(forms_of, group))) for group in groups)
    return replace(
        term,
        synonym_groups=tuple(map(tuple, forms)),
        synonyms=tuple(dict.fromkeys(chain.from_iterable(groups))),
    )


def _longest_at(
    words: Sequence[tuple[int, Word, bool]], synonyms: Synonyms
) -> tuple[int, Sequence[Sequence[str]]]:
    """Return how many words stand for others, from the first on, and these; 0 for none."""
    for length in range(len(words), 0, -1):
        places = [place for place, _, _ in words[:length]]
        if places[-1] - places[0] >= length:
            continue  # with a quote or a reference between them
        keys: list[Key] = [tuple(word.stem for _, word, _ in words[:length])]
        if length == 1:
            _, word, acronym = words[0]
            keys = [(f"={word.plain}",), *([] if acronym else keys)]
        for key in keys:
            if groups := synonyms.by_key.get(key, ()):
                return length, groups
    return 0, ()


# Joined, hyphened and parted words meet ----------------------------------------------------------

_SHORTEST_PARTED, _LONGEST_PARTED = 5, 30  # letters


def joined(terms: list[Term]) -> list[Term]:
    """Let 'anti social' and 'anti-social' match 'antisocial': either word matches the joined."""
    extra: dict[int, list[Form]] = {}
    for place in range(len(terms) - 1):
        one, other = terms[place], terms[place + 1]
        if not all(_can_join(term) for term in (one, other)):
            continue
        whole = one.word + other.word
        for each in (place, place + 1):
            extra.setdefault(each, []).extend(forms_of(whole))
    return [
        replace(term, forms=tuple(dict.fromkeys((*term.forms, *extra.get(place, ())))))
        for place, term in enumerate(terms)
    ]


def _can_join(term: Term) -> bool:
    common = term.acronym or term.word in QUESTION_WORDS or term.word in WEAK_WORDS
    return term.is_plain and term.word.isalpha() and not common


def parted(
    terms: list[Term], known_words: Callable[[Collection[str]], Collection[str]]
) -> list[Term]:
    """Let 'antisocial' match 'anti social' and 'anti-social', if the register has both parts."""
    parts = [_parts(term.word) if term.is_plain and not term.acronym else [] for term in terms]
    wanted = {part for pairs in parts for pair in pairs for part in pair}
    known = {*known_words(wanted)} if wanted else set()
    found = [[pair for pair in pairs if known.issuperset(pair)] for pairs in parts]
    return [
        replace(term, forms=(*term.forms, *(exactly(words_of(" ".join(pair))) for pair in pairs)))
        for term, pairs in zip(terms, found, strict=True)
    ]


def _parts(word: str) -> list[tuple[str, str]]:
    """Return the ways to part a word in two, neither a stop word."""
    if not word.isalpha() or not _SHORTEST_PARTED <= len(word) <= _LONGEST_PARTED:
        return []
    pairs = [(word[:cut], word[cut:]) for cut in range(1, len(word))]
    return [pair for pair in pairs if not STOP_WORDS.intersection(pair)]
