"""The check of a set of synonyms, and the sets that come with the register.

These are kept apart from what officers changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from django.core.exceptions import ValidationError

from registers.changes.transaction import update_search_and_version
from registers.models import SynonymSet
from registers.search.text.expand import Key, synonym_keys
from registers.search.text.terms import QUESTION_WORDS, WEAK_WORDS
from registers.search.text.words import words_of

MAX_WORDS, MAX_LENGTH, MAX_PARTS = 50, 60, 8
MIN_WORDS = 2


def supply_synonyms(sets: Iterable[SynonymSet]) -> int:
    """Add those of `sets` whose code is new, and change those that are as they were supplied.

    A set that an officer changed or does not use stays as it is. So do, instead of a new
    one, the words of an officer that it would share. Returns how many were added or changed.
    """
    stored = {each.code: each for each in SynonymSet.objects.exclude(code=None)}
    wanted = []
    for each in sets:
        known = stored.get(each.code)
        if known is None:
            wanted.append(each)
        elif known.in_use and known.content == known.supplied != each.content:
            known.words, known.also = each.words, each.also
            wanted.append(known)
    if not wanted:
        return 0
    with update_search_and_version():
        return sum(_supply(each) for each in wanted)


def _supply(synonyms: SynonymSet) -> bool:
    try:
        check_synonyms(synonyms)
    except ValidationError:
        return False  # an officer has a word of it in a set of their own
    synonyms.supplied = synonyms.content
    synonyms.save()
    return True


def check_synonyms(synonyms: SynonymSet) -> None:
    """Raise ValidationError, by field, for a set that search could not use."""
    synonyms.clean()
    words, also = synonyms.all_words, synonyms.all_also
    known: dict[Key, str] = {}
    for field, each in (("words", words), ("also", also)):
        if len(each) > MAX_WORDS:
            _refuse(field, f"Enter {MAX_WORDS} words at most. These are {len(each)}.")
        for word in each:
            if problem := _problem(word, known):
                _refuse(field, problem)
            known |= dict.fromkeys(synonym_keys(word), word)
    if len(words) < MIN_WORDS and not (words and also):
        _refuse(
            "words",
            "Enter at least two words, each on a line of its own: one alone stands for nothing"
            " else.",
        )
    own = {key: word for word in words for key in synonym_keys(word)}
    others = SynonymSet.objects.filter(in_use=True).exclude(pk=synonyms.pk)
    for other in others if synonyms.in_use else ():
        for key in (key for word in other.all_words for key in synonym_keys(word) if key in own):
            _refuse(
                "words",
                f"‘{own[key]}’ is in the set ‘{other}’ already. Remove it from one of the two.",
            )


def _refuse(field: str, sentence: str) -> NoReturn:
    raise ValidationError({field: sentence})


def _problem(word: str, known: dict[Key, str]) -> str:
    """Return a sentence that says what is wrong with a word beside those before it, or ''."""
    short = f"{word[:MAX_LENGTH]}…" if len(word) > MAX_LENGTH else word
    parts = words_of(word)
    if len(word) > MAX_LENGTH or len(parts) > MAX_PARTS:
        return (
            f"‘{short}’ is too long. Enter {MAX_LENGTH} characters and {MAX_PARTS} words at most."
        )
    if not parts:
        return f"‘{short}’ has no letter or digit. Remove it."
    if all(part.plain in QUESTION_WORDS | WEAK_WORDS for part in parts):
        return (
            f"Search leaves out ‘{short}’, as it says nothing by itself. Enter another word, or"
            " remove it."
        )
    same = next((known[key] for key in synonym_keys(word) if key in known), "")
    if same == word:
        return f"‘{word}’ is here twice. Remove one."
    return f"Search finds ‘{word}’ as a form of ‘{same}’. Remove one of them." if same else ""
