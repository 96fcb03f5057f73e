"""Which word of the register was probably meant by one that finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from django.db.models import Q
from rapidfuzz import process
from rapidfuzz.distance import OSA, Postfix, Prefix

from registers.models import VocabularyWord

MIN_LENGTH, LONG_WORD = 4, 8  # letters: shorter words are never corrected, longer ones by two slips
SURE_LENGTH, SURE_IN_NAME = 6, 5  # letters, in words of any kind and in names or exchanges
MAX_COMPARED = 20  # of the nearest words: the protocols that each finds are counted
VERY_LONG_WORD = 10  # in which two slips can be sure
_VOWELS = frozenset("aeiou")


def correct_spelling(word: str, rank: Callable[[str], tuple[int, int]], *, sure: bool) -> str:
    """Return the word of the vocabulary that was probably meant by `word`, or ''.

    That is the nearest with the same first letter; of several the one with the highest
    `rank`, then the first in the alphabet. A word with a rank of 0 and 0 is not in the
    register any more; one with a first number makes a name with the words beside it.
    With `sure`, only a slip of the hand counts: most words that are like another are words.
    """
    if len(word) < MIN_LENGTH or not word.isalpha():
        return ""
    slips = 1 if len(word) < LONG_WORD else 2
    near = VocabularyWord.objects.filter(
        Q(length__gte=len(word) - slips) & Q(length__lte=len(word) + slips),
        text__startswith=word[0],
    ).values_list("text", flat=True)
    found = process.extract(word, [*near], scorer=OSA.distance, score_cutoff=slips, limit=None)
    for slip in range(1, slips + 1):
        same = sorted(
            other
            for other, distance, _ in found
            if distance == slip and (not sure or is_slip(word, other, in_name=True))
        )[:MAX_COMPARED]
        ranks = {other: rank(other) for other in same}
        if sure:
            same = [each for each in same if is_slip(word, each, in_name=ranks[each][0] > 0)]
        best = max(same, key=lambda other: ranks[other], default="")
        if best and any(ranks[best]):
            return best
    return ""


def is_slip(word: str, other: str, *, in_name: bool = False) -> bool:
    """Return whether `word` is surely `other` with a slip of the hand, and no word itself.

    Two letters exchanged, one left out or doubled; in a long word also one too many or one vowel
    for another, and in a very long one all of these that leave its consonants. Never at its
    end, which says what form it is of: 'carers', 'country' and 'policy' are no slips.
    """
    start = Prefix.similarity(word, other)
    end = Postfix.similarity(word[start:], other[start:])
    typed, meant = word[start : len(word) - end], other[start : len(other) - end]
    if len(word) >= SURE_IN_NAME and (typed[:1], typed[1:]) == (meant[1:], meant[:1]):
        return True
    if len(word) < (SURE_IN_NAME if in_name else SURE_LENGTH) or not end:
        return False
    is_long = len(word) >= LONG_WORD
    match len(typed), len(meant):
        case 0, 1:
            return True
        case 1, 0:
            return is_long or typed == word[start - 1]
        case 1, 1:
            return is_long and _VOWELS.issuperset((typed, meant))
    return len(word) >= VERY_LONG_WORD and _consonants(word) == _consonants(other)


def _consonants(word: str) -> list[str]:
    """Return the consonants of a word, each of those doubled once."""
    return [letter for letter, _ in groupby(word) if letter not in _VOWELS]
