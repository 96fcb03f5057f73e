"""Suggests which organisations may be duplicates of each other.

Two are suggested where, by any of their names, one of these is true:

- they have the same words, in any order, without words such as 'The', 'Ltd' or 'NHS
  Foundation Trust'. One of two councils may leave out its type, but two types are
  two councils: Essex County Council may be Essex Council, and is not Essex
  District Council.
- one is called by initials, and they are the initials of the other.
- one word differs in one letter, or the same letters are spaced differently.

Not suggested: what an editor has marked as different, two of which one became the
other, and a body and a group.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

from rapidfuzz.distance import OSA

from registers.models import Apart, Name, Succession
from registers.search.text.words import STOP_WORDS, words_of

LEGAL_FORMS = frozenset({"ltd", "limited", "plc", "llp", "cic"})
NHS_WORDS = ("nhs", "foundation", "trust")
COUNCIL_TYPES = frozenset({"county", "district", "borough", "city", "town", "parish", "unitary"})
MIN_WORDS = 2  # that must be left for the words of a trust to be ignored
MIN_WORD_LENGTH = 5  # letters: in a shorter word, one more is another word
MIN_NAME_LENGTH = 6  # letters of a name of one word
INITIALS = re.compile(r"[^\W\d_]{3,8}")

# Initials may leave these out, or not.
OPTIONAL_WORDS: tuple[frozenset[str], ...] = (frozenset(), STOP_WORDS)
OPTIONAL_NHS_WORDS = tuple(frozenset(NHS_WORDS[:number]) for number in range(len(NHS_WORDS) + 1))

Pair = tuple[int, int]  # keys of organisations, the lower first


@dataclass(frozen=True, kw_only=True)
class LikelyDuplicate:
    """Two organisations, by primary key, that may be one; the two names and why."""

    one: int
    other: int
    names: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class ComparedName:
    """One name of an organisation, and the parts of it that are compared."""

    organisation: int
    is_group: bool
    text: str
    kind: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words in order, in lower case."""
        return tuple(word.plain for word in words_of(self.text))

    @cached_property
    def significant_stems(self) -> tuple[str, ...]:
        """The stems of the words that distinguish the organisation, sorted."""
        words = [w for w in words_of(self.text) if w.plain not in STOP_WORDS | LEGAL_FORMS]
        without_nhs = [word for word in words if word.plain not in NHS_WORDS]
        if len(without_nhs) >= MIN_WORDS:
            words = without_nhs
        if "council" in self.words:
            words = [word for word in words if word.plain not in COUNCIL_TYPES]
        return tuple(sorted(word.stem for word in words))

    @cached_property
    def council_types(self) -> frozenset[str]:
        """The types of council that the name contains."""
        return COUNCIL_TYPES.intersection(self.words) if "council" in self.words else frozenset()

    @cached_property
    def is_initials(self) -> bool:
        """Whether the name looks like initials: EPUT, DfE."""
        capitals = sum(letter.isupper() for letter in self.text)
        return (
            self.kind == Name.Kind.OFFICIAL
            and INITIALS.fullmatch(self.text) is not None
            and capitals * 2 > len(self.text)
        )

    @cached_property
    def initials(self) -> frozenset[str]:
        """The initials of its words, with and without optional words."""
        found = set()
        for optional, trust, legal in product(
            OPTIONAL_WORDS, OPTIONAL_NHS_WORDS, (frozenset(), LEGAL_FORMS)
        ):
            left = [word[0] for word in self.words if word not in optional | trust | legal]
            found.add("".join(left))
        return frozenset(each for each in found if INITIALS.fullmatch(each))


def likely_duplicates() -> list[LikelyDuplicate]:
    """Return the suggestions for the register as it is, the surest reason first, then by name."""
    rows = Name.objects.order_by("pk").values_list(
        "organisation_id", "organisation__kind", "text", "kind"
    )
    names = [ComparedName(key, kind == "group", text, of) for key, kind, text, of in rows]
    different = {_pair(*each) for each in Apart.objects.values_list("one", "other")}
    became = Succession.objects.values_list("organisation", "successor")
    different |= {_pair(*each) for each in became}
    return find_duplicates(names, different)


def find_duplicates(
    names: Sequence[ComparedName], different: Iterable[Pair] = ()
) -> list[LikelyDuplicate]:
    """Return the suggestions among these names, without the pairs known to be `different`."""
    seen, found = set(different), []
    for reason, alike in (
        (
            "The same words, apart from their order or words such as ‘The’ and ‘Ltd’",
            _same_words(names),
        ),
        ("One is the initials of the other", _initials(names)),
        ("They differ in a letter", _one_letter(names)),
        ("The same letters, spaced differently", _spaced_differently(names)),
    ):
        by_text = sorted(alike, key=lambda two: (two[0].text.casefold(), two[1].text.casefold()))
        for one, other in by_text:
            pair = _pair(one.organisation, other.organisation)
            if pair[0] == pair[1] or one.is_group != other.is_group or pair in seen:
                continue
            seen.add(pair)
            texts = (one.text, other.text)
            if pair[0] != one.organisation:
                texts = (other.text, one.text)
            found.append(LikelyDuplicate(one=pair[0], other=pair[1], names=texts, reason=reason))
    return found


NamePairs = Iterator[tuple[ComparedName, ComparedName]]


def _same_words(names: Sequence[ComparedName]) -> NamePairs:
    """Yield pairs with the same significant stems. One of two councils may leave out its type."""
    alike = defaultdict(list)
    for name in names:
        if name.significant_stems and name.kind != Name.Kind.ACRONYM:
            alike[name.significant_stems].append(name)
    for several in alike.values():
        for one, other in combinations(several, 2):
            if one.council_types <= other.council_types or other.council_types <= one.council_types:
                yield one, other


def _initials(names: Sequence[ComparedName]) -> NamePairs:
    """Yield pairs of which one is called by the initials of the other."""
    called = defaultdict(list)
    for name in names:
        if name.is_initials:
            called[name.text.lower()].append(name)
    for name in names:
        if len(name.words) > 1:
            for short in sorted(name.initials & called.keys()):
                yield from ((each, name) for each in called[short])


def _one_letter(names: Sequence[ComparedName]) -> NamePairs:
    """Yield pairs that differ in one word, by one letter that is not its first."""
    near = _words_one_slip_apart({word for name in names for word in name.words if word.isalpha()})
    rest = defaultdict(list)
    for name in names:
        for position, word in enumerate(name.words):
            if word in near and name.kind != Name.Kind.ACRONYM:
                alone = len(name.words) == 1
                if not alone or len(word) >= MIN_NAME_LENGTH:
                    others = (*name.words[:position], "", *name.words[position + 1 :])
                    rest[others].append((word, name))
    for several in rest.values():
        by_word = defaultdict(list)
        for word, name in several:
            by_word[word].append(name)
        for word, ones in by_word.items():
            for other in near[word] & by_word.keys():
                if word < other:
                    yield from product(ones, by_word[other])


def _words_one_slip_apart(words: set[str]) -> dict[str, set[str]]:
    """Return the words that are one slip apart: equal once one letter is left out of each.

    That covers a letter that is missing, added, replaced, or swapped with the next.
    """
    rests = defaultdict(set)
    for word in words:
        if len(word) >= MIN_WORD_LENGTH:
            rests[word].add(word)
            for position in range(1, len(word)):
                rests[word[:position] + word[position + 1 :]].add(word)
    near = defaultdict(set)
    for alike in rests.values():
        for one, other in combinations(sorted(alike), 2):
            if OSA.distance(one, other) == 1:
                near[one].add(other)
                near[other].add(one)
    return near


def _spaced_differently(names: Sequence[ComparedName]) -> NamePairs:
    """Yield pairs with the same letters in order, such as Fire Line and Fireline."""
    whole = defaultdict(list)
    for name in names:
        if name.kind != Name.Kind.ACRONYM:
            whole["".join(name.words)].append(name)
    for letters, several in whole.items():
        if len(letters) >= MIN_NAME_LENGTH:
            yield from combinations(several, 2)


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)
