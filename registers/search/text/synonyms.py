"""Synonyms in a query: which words stand for which, and the check of a set before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.core.exceptions import ValidationError

from registers.models import SynonymSet
from registers.search.text.expand import Key, Synonyms, says_nothing, synonym_keys
from registers.search.text.words import words_of

MAX_WORDS, MAX_LENGTH, MAX_PARTS = 50, 60, 8
MIN_WORDS = 2
# What is searched for too: so many are near, in their order, and those after them all alike.
RANKED = 3


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


# The check of a set ------------------------------------------------------------------------------


def check_synonyms(synonyms: SynonymSet) -> None:
    """Raise ValidationError, by field, for a set that search could not use."""
    synonyms.clean()
    words, also = synonyms.all_words, synonyms.all_also
    for field, each in (("words", words), ("also", also)):
        if problem := _wrong_words(each):
            raise ValidationError({field: problem})
    if len(words) < MIN_WORDS and not (words and also):
        raise ValidationError(
            {
                "words": "Enter at least two words, each on a line of its own: one alone stands"
                " for nothing else."
            }
        )
    known: dict[Key, str] = {}
    for field, each in (("words", words), ("also", also)):
        for word in each:
            for key in synonym_keys(word):
                if key in known:
                    raise ValidationError({field: _twice(word, known[key])})
            known |= dict.fromkeys(synonym_keys(word), word)
    if synonyms.in_use:
        _refuse_words_of_others(synonyms)


def _wrong_words(words: list[str]) -> str:
    """Return a sentence that says what is wrong with the words of a box, or ''."""
    if len(words) > MAX_WORDS:
        return f"Enter {MAX_WORDS} words at most. These are {len(words)}."
    for word in words:
        short = f"{word[:MAX_LENGTH]}…" if len(word) > MAX_LENGTH else word
        parts = words_of(word)
        if len(word) > MAX_LENGTH or len(parts) > MAX_PARTS:
            return (
                f"‘{short}’ is too long. Enter {MAX_LENGTH} characters and {MAX_PARTS} words at"
                " most."
            )
        if not parts:
            return f"‘{short}’ has no letter or digit. Remove it."
        if says_nothing(word):
            return (
                f"Search leaves out ‘{short}’, as it says nothing by itself. Enter another word,"
                " or remove it."
            )
    return ""


def _twice(word: str, other: str) -> str:
    if word == other:
        return f"‘{word}’ is here twice. Remove one."
    return f"Search finds ‘{word}’ as a form of ‘{other}’. Remove one of them."


def _refuse_words_of_others(synonyms: SynonymSet) -> None:
    own = {key: word for word in synonyms.all_words for key in synonym_keys(word)}
    for other in SynonymSet.objects.filter(in_use=True).exclude(pk=synonyms.pk):
        for theirs in other.all_words:
            for key in synonym_keys(theirs):
                if key in own:
                    raise ValidationError(
                        {
                            "words": (
                                f"‘{own[key]}’ is in the set ‘{other}’ already. Remove it from one"
                                " of the two."
                            )
                        }
                    )
