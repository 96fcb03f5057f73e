"""A slip of a letter or two, mended with the register's own words and no other dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Q
from rapidfuzz import process
from rapidfuzz.distance import OSA

from registers.models import VocabularyWord

SHORTEST, LONG = 4, 8  # letters: shorter words are never mended; in long ones two slips are
MOST_COMPARED = 20  # of the nearest words: for each, what it finds is counted


def learn(words: Iterable[str], number: int) -> None:
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


def mend(word: str, found: Callable[[str], int]) -> str:
    """Return the word of the register that was probably meant by `word`, or ''.

    That is the nearest; of several the one for which `found` gives the most;
    then the first in the alphabet. One for which it gives 0 is no answer: it
    stands there no longer.
    """
    if len(word) < SHORTEST or not word.isalpha():
        return ""
    slips = 1 if len(word) < LONG else 2
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
        same = sorted(other for other in distances if distances[other] == distance)[:MOST_COMPARED]
        counts = {other: found(other) for other in same}
        best = max(same, key=lambda other: counts[other], default="")
        if best and counts[best]:
            return best
    return ""
