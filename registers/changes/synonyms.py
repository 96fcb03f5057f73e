"""The synonyms that come with the register, kept apart from what officers changed."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from registers.changes.transaction import update_search_and_version
from registers.models import SynonymSet
from registers.search.text.synonyms import check_synonyms


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
