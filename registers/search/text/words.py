"""Splits text into words, and folds and stems them, the same way for both databases.

The databases store the output of this module unchanged.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import snowballstemmer

# Anything beyond these limits is not indexed. They stay within those of PostgreSQL in any
# script: positions up to 16,383, 255 of a word, and 1 MB of a protocol.
MAX_WORD_LENGTH = 60
MAX_FIELD_LENGTH = 60_000  # bytes
SHORT_TEXT = 150  # characters: such as a title or a name
MAX_WORDS = 10_000
MAX_REPEATS = 250
MAX_FOLDED = 2_000
FEW_CHARACTERS = 16
# A placeholder between two names, so that no phrase matches across them.
GAP = "="

# Not 'it', which is also a service that many share.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by for from in into is of on or that the their this to was which"
        " with",
    )
)

_APOSTROPHES = "'`´ʹʻʼʽˈ‘’‛′՚＇"
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"}
# Plurals that the stemmer leaves as they are.
_SINGULAR = {"children": "child", "men": "man", "women": "woman", "people": "person"}
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class _Folding(dict[int, str]):
    """The folded form of each character, computed when it first occurs."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _APOSTROPHES:
            folded = "'"
        elif character == "&":
            folded = " and "
        else:
            plain = unicodedata.normalize("NFKD", character).casefold()
            folded = "".join(
                _LETTERS.get(part, part)
                for part in unicodedata.normalize("NFKD", plain)
                # Without accents, and invisible characters such as a soft hyphen.
                if unicodedata.category(part) not in {"Mn", "Cf"}
            )
        if len(self) < MAX_FOLDED:  # there are a million, and anybody can send them
            self[code] = folded
        return folded


_FOLDING = _Folding()
_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = threading.Lock()


class Word(NamedTuple):
    """A word of a text: folded, its stem, and its position in the text."""

    plain: str
    stem: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A field as the databases store it: its stems in order, and its distinct plain words."""

    stems: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with one kind of apostrophe."""
    plain = text.replace("&", " and ").replace("`", "'")
    # Most texts are of ASCII with a dash or an apostrophe, and this is ten times as fast.
    if not text.isascii():
        others = [each for each in set(text) if not each.isascii()]
        for each in others if len(others) <= FEW_CHARACTERS else ():
            plain = plain.replace(each, _FOLDING[ord(each)])
    return plain.lower() if plain.isascii() else text.translate(_FOLDING)


def words_of(text: str) -> Sequence[Word]:
    """Return the words of `text` in order: runs of letters and digits."""
    # The same titles and names occur in many searches.
    return _words_of_short(text) if len(text) <= SHORT_TEXT else _words_of(text)


def _words_of(text: str) -> Sequence[Word]:
    whole = fold(text)
    if len(whole) == len(text) and all(len(_FOLDING[ord(each)]) == 1 for each in set(text)):
        # Each character became one, so that positions are the same.
        return [
            Word(*_plain_and_stem(match.group()), match.start(), match.end())
            for match in _WORD.finditer(whole)
        ]
    folded, came_from = [], []
    for position, character in enumerate(text):
        became = _FOLDING[ord(character)]
        folded.append(became)
        came_from += [position] * len(became)
    found = []
    for match in _WORD.finditer("".join(folded)):
        end = came_from[match.end() - 1] + 1
        while end < len(text) and not folded[end]:
            end += 1  # a combining accent belongs to its letter
        plain, stem = _plain_and_stem(match.group())
        found.append(Word(plain, stem, came_from[match.start()], end))
    return found


@lru_cache(maxsize=2_000)
def _words_of_short(text: str) -> Sequence[Word]:
    return tuple(_words_of(text))


def prepare(texts: Iterable[str]) -> Prepared:
    """Return a field's `texts` as the databases store them. No phrase matches across two texts."""
    found = [
        (GAP, GAP)
        if word == GAP
        # As _plain_and_stem does, without a call of its own for each word of a register.
        else _stemmed(word)
        if len(word) <= MAX_WORD_LENGTH
        else _plain_and_stem(word)
        for word in islice(_folded_words(texts), MAX_WORDS)
    ]
    plain = dict.fromkeys(word for word, _ in found)
    plain.pop(GAP, None)
    stems = [stem for _, stem in found]
    return Prepared(
        stems=stems if len(stems) <= MAX_REPEATS else _without_repeats(stems), plain=list(plain)
    )


def _without_repeats(stems: Iterable[str]) -> list[str]:
    """Return the stems with a gap for each that stands there too often."""
    seen: Counter[str] = Counter()
    kept = []
    for stem in stems:
        seen[stem] += stem != GAP
        kept.append(stem if seen[stem] <= MAX_REPEATS else GAP)
    return kept


def _folded_words(texts: Iterable[str]) -> Iterator[str]:
    """Give the folded words of `texts`, and a gap between two texts."""
    room = MAX_FIELD_LENGTH
    for position, text in enumerate(texts):
        if position:
            yield GAP
        folded = fold(text[:room])
        if not folded.isascii() or len(folded) > room:
            folded = folded.encode(errors="ignore")[:room].decode(errors="ignore")
        room -= len(folded) if folded.isascii() else len(folded.encode())
        yield from _WORD.findall(folded)


def _plain_and_stem(word: str) -> tuple[str, str]:
    """Return a folded word without apostrophes, and its stem; very long words are not cached."""
    return _stemmed(word) if len(word) <= MAX_WORD_LENGTH else _stemmed.__wrapped__(word)


@lru_cache(maxsize=50_000)
def _stemmed(word: str) -> tuple[str, str]:
    """Return a folded word without apostrophes, and its stem.

    "Children's" and "childrens" have the stem of "children".
    """
    plain = word.replace("'", "")[:MAX_WORD_LENGTH]
    bare = word.removesuffix("'s").replace("'", "")[:MAX_WORD_LENGTH]
    if not bare.isalpha():
        return plain, bare
    bare = _SINGULAR.get(bare, bare)
    with _stemmer_lock:  # a stemmer object keeps the word that it works on
        stem = _stemmer.stemWord(bare)
        if bare.endswith("s") and stem == bare[:-1]:
            stem = _stemmer.stemWord(_SINGULAR.get(stem, stem))
    return plain, str(stem)
