"""Which organisations may be one and the same: suggestions for an officer, never more.

Two are suggested where, by any of their names, the first of these fits:

- the same words, in any order, but for such as say little ('The', 'Ltd', 'NHS
  Foundation Trust'). Of two councils one may leave out what kind it is, but two
  kinds are two councils: Essex County Council may be Essex Council, and is not
  Essex District Council.
- one is called by initials alone, and they are those of the other's words.
- one word differs in one letter, or the words are only parted otherwise.

What an editor has said to be different is not suggested, nor are two of which
one became the other, nor a body and a group.
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

LEGAL = frozenset({"ltd", "limited", "plc", "llp", "cic"})
HEALTH = ("nhs", "foundation", "trust")
COUNCILS = frozenset({"county", "district", "borough", "city", "town", "parish", "unitary"})
FEWEST = 2  # words that must be left where those of a trust are taken out
SHORTEST = 5  # letters of a word in which one may be a slip
SHORTEST_ALONE = 6  # of one that is the whole name
INITIALS = re.compile(r"[^\W\d_]{3,8}")

# Initials are those of all words, or of those that are left without some.
LITTLE: tuple[frozenset[str], ...] = (frozenset(), STOP_WORDS)
TRUSTS = tuple(frozenset(HEALTH[:number]) for number in range(len(HEALTH) + 1))

Pair = tuple[int, int]  # keys of organisations, the lower first


@dataclass(frozen=True, kw_only=True)
class Likely:
    """Two organisations, by their keys, that may be one; the two names and how they are alike."""

    one: int
    other: int
    names: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class Called:
    """One name of an organisation, and what of it is compared."""

    organisation: int
    is_group: bool
    text: str
    kind: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words in order, in small letters."""
        return tuple(word.plain for word in words_of(self.text))

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The stems of the words that say which organisation it is, in the alphabet's order."""
        words = [w for w in words_of(self.text) if w.plain not in STOP_WORDS | LEGAL]
        bare = [word for word in words if word.plain not in HEALTH]
        if len(bare) >= FEWEST:
            words = bare
        if "council" in self.words:
            words = [word for word in words if word.plain not in COUNCILS]
        return tuple(sorted(word.stem for word in words))

    @cached_property
    def council(self) -> frozenset[str]:
        """What kind of council it says that it is."""
        return COUNCILS.intersection(self.words) if "council" in self.words else frozenset()

    @cached_property
    def is_initials(self) -> bool:
        """Whether the organisation is called by what look like initials: EPUT, DfE."""
        capitals = sum(letter.isupper() for letter in self.text)
        return (
            self.kind == Name.Kind.OFFICIAL
            and INITIALS.fullmatch(self.text) is not None
            and capitals * 2 > len(self.text)
        )

    @cached_property
    def initials(self) -> frozenset[str]:
        """What its words may be shortened to, without and with those that say little."""
        found = set()
        for little, trust, legal in product(LITTLE, TRUSTS, (frozenset(), LEGAL)):
            left = [word[0] for word in self.words if word not in little | trust | legal]
            found.add("".join(left))
        return frozenset(each for each in found if INITIALS.fullmatch(each))


def likely_duplicates() -> list[Likely]:
    """Return what is suggested of the register as it is, the surest reason first, then by name."""
    rows = Name.objects.order_by("pk").values_list(
        "organisation_id", "organisation__kind", "text", "kind"
    )
    names = [Called(key, kind == "group", text, of) for key, kind, text, of in rows]
    different = {_pair(*each) for each in Apart.objects.values_list("one", "other")}
    became = Succession.objects.values_list("organisation", "successor")
    different |= {_pair(*each) for each in became}
    return among(names, different)


def among(names: Sequence[Called], different: Iterable[Pair] = ()) -> list[Likely]:
    """Return what is suggested among these names, but for the pairs that are known to differ."""
    seen, found = set(different), []
    for reason, alike in (
        ("The same words, but for their order or such as ‘The’ and ‘Ltd’", _same_words(names)),
        ("One is the initials of the other", _initials(names)),
        ("They differ in a letter", _one_letter(names)),
        ("The same letters, parted otherwise", _parted_otherwise(names)),
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
            found.append(Likely(one=pair[0], other=pair[1], names=texts, reason=reason))
    return found


Alike = Iterator[tuple[Called, Called]]


def _same_words(names: Sequence[Called]) -> Alike:
    """Give pairs with the same telling words. Of a council, one may say less of its kind."""
    alike = defaultdict(list)
    for name in names:
        if name.telling and name.kind != Name.Kind.ACRONYM:
            alike[name.telling].append(name)
    for several in alike.values():
        for one, other in combinations(several, 2):
            if one.council <= other.council or other.council <= one.council:
                yield one, other


def _initials(names: Sequence[Called]) -> Alike:
    """Give pairs of which one is called by the initials of the other's words."""
    called = defaultdict(list)
    for name in names:
        if name.is_initials:
            called[name.text.lower()].append(name)
    for name in names:
        if len(name.words) > 1:
            for short in sorted(name.initials & called.keys()):
                yield from ((each, name) for each in called[short])


def _one_letter(names: Sequence[Called]) -> Alike:
    """Give pairs that differ in one word, and in that by one letter that is not its first."""
    near = _near({word for name in names for word in name.words if word.isalpha()})
    rest = defaultdict(list)
    for name in names:
        for place, word in enumerate(name.words):
            if word in near and name.kind != Name.Kind.ACRONYM:
                alone = len(name.words) == 1
                if not alone or len(word) >= SHORTEST_ALONE:
                    others = (*name.words[:place], "", *name.words[place + 1 :])
                    rest[others].append((word, name))
    for several in rest.values():
        by_word = defaultdict(list)
        for word, name in several:
            by_word[word].append(name)
        for word, ones in by_word.items():
            for other in near[word] & by_word.keys():
                if word < other:
                    yield from product(ones, by_word[other])


def _near(words: set[str]) -> dict[str, set[str]]:
    """Return which words are a slip apart: those with the same rest after one letter is left out.

    One letter more, less, another or changed with the next leaves such a rest.
    """
    rests = defaultdict(set)
    for word in words:
        if len(word) >= SHORTEST:
            rests[word].add(word)
            for place in range(1, len(word)):
                rests[word[:place] + word[place + 1 :]].add(word)
    near = defaultdict(set)
    for alike in rests.values():
        for one, other in combinations(sorted(alike), 2):
            if OSA.distance(one, other) == 1:
                near[one].add(other)
                near[other].add(one)
    return near


def _parted_otherwise(names: Sequence[Called]) -> Alike:
    """Give pairs with the same letters in order, such as Fire Line and Fireline."""
    whole = defaultdict(list)
    for name in names:
        if name.kind != Name.Kind.ACRONYM:
            whole["".join(name.words)].append(name)
    for letters, several in whole.items():
        if len(letters) >= SHORTEST_ALONE:
            yield from combinations(several, 2)


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)
