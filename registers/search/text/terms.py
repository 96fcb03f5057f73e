"""The terms of a query, and the forms in which each can stand in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

from registers.search.text.words import STOP_WORDS, Word, words_of

_ACRONYM = re.compile(r"[A-Z]{2,5}")
_VOWELS = frozenset("AEIOU")

# Words of a question, and words that say nothing in a register of agreements to share data.
# None of them counts where a word of neither kind remains.
QUESTION_WORDS = STOP_WORDS | frozenset(
    re.findall(
        r"\w+",
        "who whom whose what why when where how do does did done has have had having am been being"
        " can could may might must shall should will would i me my mine we us our ours you your"
        " yours he she him his her hers they them these those there here any some anyone anybody"
        " everyone somebody someone about between but if so such than then if no not or out up"
        " still also please tell find show give get know want wants see list many much happen"
        " happens happened looking whats whos im ive dont doesnt isnt",
    )
)
WEAK_WORDS = frozenset(
    re.findall(
        r"\w+",
        "data information info share shares shared sharing protocol protocols agreement agreements"
        " isp isps isa isas dsa dsas register record records recorded reference ref",
    )
)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way in which a term can stand in a field.

    The `stems` are adjacent, each of the words `plain` stands as it is written, and a
    word begins with `prefix`: all that is not empty.
    """

    stems: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term of a query: it matches where any of its `forms` does.

    `reference` is set where the term names a protocol of the register, as it is
    written there, and `missing` where it names one that is not. `span` is its position in
    the query, which makes no difference to what is found.
    """

    forms: tuple[Form, ...]
    # Of what stands for it, the nearest first; a group can be empty.
    synonym_groups: tuple[tuple[Form, ...], ...] = ()
    reference: str = ""
    missing: str = field(default="", compare=False)
    excluded: bool = field(default=False, compare=False)
    quoted: bool = field(default=False, compare=False)
    leads: bool = field(default=False, compare=False)  # the question is about its reference
    word: str = field(default="", compare=False)  # the plain word, where the term is just one
    acronym: bool = field(default=False, compare=False)
    words: tuple[Word, ...] = field(default=(), compare=False)
    synonyms: tuple[str, ...] = field(default=(), compare=False)  # searched for too
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    def __hash__(self) -> int:
        """Return a hash that is worked out once: pages look terms up again and again."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.forms, self.synonym_groups, self.reference))

    @property
    def all_forms(self) -> tuple[Form, ...]:
        """Every form in which it is found."""
        return (*self.forms, *chain.from_iterable(self.synonym_groups))

    @property
    def is_plain(self) -> bool:
        """Whether it is meant loosely: neither quoted, left out, nor a reference."""
        return not (self.quoted or self.excluded or self.reference or self.missing)


def is_acronym(text: str) -> bool:
    """Return whether `text` is 2 to 5 capital letters."""
    return _ACRONYM.fullmatch(text) is not None


@lru_cache(maxsize=2_000)
def forms_of(text: str) -> tuple[Form, ...]:
    """Return the forms of a word, or of several that stand side by side."""
    words = words_of(text)
    if is_acronym(text.strip()):
        return acronym_forms(text.strip())
    return (Form(stems=tuple(word.stem for word in words)),) if words else ()


def acronym_forms(text: str) -> tuple[Form, ...]:
    """Return the forms of an acronym: as it is, and GPs where no other word can be meant."""
    plain = text.lower()
    several = () if _VOWELS & set(text) else (Form(plain=(f"{plain}s",)),)
    return (Form(plain=(plain,)), *several)


def exactly(words: Sequence[Word]) -> Form:
    """Return the form of a quoted phrase, whose words stand as they are written."""
    stems = tuple(word.stem for word in words) if len(words) > 1 else ()
    return Form(stems=stems, plain=tuple(word.plain for word in words))
