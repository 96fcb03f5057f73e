"""Which organisation is meant by what somebody typed: any name, any address, a slip of one letter.

Or, where none is, the organisations with the names most like it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from registers.models import Name, Organisation
from registers.models.keys import key_of, slug_of
from registers.search.text.words import STOP_WORDS

MAX_NAME_LENGTH = 255
MIN_SLIP_LENGTH = 6  # letters: in a shorter name, one more is another name
MIN_LIKENESS = 70  # of 100, for a name to be suggested
MIN_LETTERS = 4  # of names that are alike: the letters of OU are in those of Southend
NAMES_EACH = 4  # names compared for each organisation that is suggested


def refuse_unreadable(text: str) -> str:
    """Return a sentence that says why `text` can be no name, or ''."""
    if len(text) > MAX_NAME_LENGTH:
        return f"This name is too long. Enter a name of {MAX_NAME_LENGTH} characters at most."
    if "\0" in text or "\ufffd" in text:
        return "This name has a character that cannot be read. Enter the name again."
    return ""


class OrganisationNames:
    """Every name of every organisation, read once, when it is first compared with."""

    def called(self, text: str) -> Organisation | None:
        """Return the organisation that is meant by `text`, which must be readable, or None.

        It has or had this name or address, or it is the only one with a name that differs
        from `text` in one letter.
        """
        named = Organisation.objects.named(text).first()
        return named or Organisation.objects.at(slug_of(text)).first() or self._by_a_slip(text)

    def like(self, text: str, *, most: int) -> list[Organisation]:
        """Return the organisations with the names most like `text`, the likest first.

        Those with every word of it in a name come first, then those with each but a slip of one
        letter. Stop words do not count.
        """
        letters, organisations = self._compared
        wanted = " ".join(_telling(text))
        found = process.extract(
            wanted,
            [name if min(len(name), len(wanted)) >= MIN_LETTERS else None for name in letters],
            scorer=fuzz.WRatio,
            score_cutoff=MIN_LIKENESS,
            limit=most * NAMES_EACH,
        )
        keys = [
            *self._with_every_word(wanted.split()),
            *self._with_slips(wanted.split()),
            *(organisations[at] for _, _, at in found),
        ]
        return _in_order(list(dict.fromkeys(keys))[:most])

    def with_every_word(self, text: str, *, most: int) -> list[Organisation]:
        """Return the organisations with every word of `text` in one name, the shortest first.

        Initials of the words that follow one another are words too: CC is County Council.
        """
        return _in_order([*dict.fromkeys(self._with_every_word(_telling(text)))][:most])

    def _with_every_word(self, wanted: list[str]) -> list[int]:
        letters, organisations = self._compared
        found = []
        for name, key in zip(letters, organisations, strict=True) if wanted else ():
            words = name.split()
            left = [word for word in wanted if word not in words]
            initials = "".join(word[0] for word in words) if left != wanted else ""
            if all(1 < len(word) < MIN_SLIP_LENGTH and word in initials for word in left):
                found.append((len(name), name, key))
        return [key for _, _, key in sorted(found)]

    def _with_slips(self, wanted: list[str]) -> list[int]:
        """Return those with a name that has every word, or one like it, the shortest first."""
        letters, organisations = self._compared
        words = {word for name in letters for word in name.split() if len(word) >= MIN_LETTERS}
        like = [
            {word, *(near for near, _, _ in _within_one(word, words) if len(word) >= MIN_LETTERS)}
            for word in wanted
        ]
        found = [
            (len(name), name, key)
            for name, key in zip(letters, organisations, strict=True)
            if like and all(map({*name.split()}.intersection, like))
        ]
        return [key for _, _, key in sorted(found)]

    def _by_a_slip(self, text: str) -> Organisation | None:
        wanted = letters_of(text)
        if len(wanted) < MIN_SLIP_LENGTH:
            return None
        letters, organisations = self._compared
        found = _within_one(wanted, letters)
        # School 1 is no slip for School 2.
        keys = {organisations[at] for name, _, at in found if _digits(name) == _digits(wanted)}
        return next(iter(_in_order([*keys])), None) if len(keys) == 1 else None

    @cached_property
    def _compared(self) -> tuple[list[str], list[int]]:
        """The letters of every name, and the organisation of each: one query."""
        names = Name.objects.order_by("pk").values_list("key", "organisation_id")
        letters, organisations = [], []
        for key, organisation in names.iterator():
            letters.append(letters_of(key))
            organisations.append(organisation)
        return letters, organisations


def _within_one(text: str, others: Collection[str]) -> list[tuple[str, int, int]]:
    """Return those of `others` that differ from `text` in one letter at most, with positions."""
    found: list[tuple[str, int, int]] = process.extract(
        text, list(others), scorer=OSA.distance, score_cutoff=1, limit=None
    )
    return found


def letters_of(text: str) -> str:
    """Return the letters, digits and single spaces of a name, as it is compared."""
    return " ".join(
        word
        for part in key_of(text).replace("-", " ").split()
        if (word := "".join(letter for letter in part if letter.isalnum()))
    )


def _telling(text: str) -> list[str]:
    """Return the words of a name, as they are compared, that other names need not have."""
    return [word for word in letters_of(text).split() if word not in STOP_WORDS]


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _in_order(keys: list[int]) -> list[Organisation]:
    """Return the organisations in the order of their ids here: one query."""
    organisations = Organisation.objects.in_bulk(keys)
    return [organisations[key] for key in keys if key in organisations]
