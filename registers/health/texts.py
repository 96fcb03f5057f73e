"""What a text names: abbreviations that nothing explains, bodies of the register, years."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from registers.models.keys import as_seen, key_of
from weisf.partnership import ABBREVIATION

# Understood by everybody, so that to explain them would only be in the way.
EVERYDAY = re.compile("UK|EU|USA?|IT|ID|TV|CD|DVD|PDF|SMS|GPs?|A&E|AM|PM|OK|PO|COVID")
MOST_LETTERS = 8  # in capitals: a longer one is a word in capitals, such as SAFEGUARDING
FEW_LETTERS = 3  # of fewer, words with the same initials stand together by chance
SMALL_WORDS = re.compile("an?|and|at|by|for|from|in|of|on|or|the|to|with|&", re.IGNORECASE)
SHORTEST_PURPOSE = 40  # characters: two shorter ones can well be the same

_ABBREVIATION = re.compile(rf"(?<![\w&]){ABBREVIATION}(?![\w&]|[-/.]?[0-9])")
# What every one that counts has; far quicker to look for.
_TWO_CAPITALS = re.compile(r"[A-Z][\w&]{0,2}[A-Z]")
_ROMAN = re.compile(r"[IVXLCM]+")
_WORD = re.compile(r"[^\W_]+|&")
_NAME_START = re.compile(r"(?<![^\W_])[^\W_a-z][^\W_]*")
_WORD_ONLY = re.compile(r"[^\W\d_][a-z]+")
_SENTENCE_END = re.compile(r"(?:\A|[.!?:;•]\s*|[-—]\s+)\Z")
_YEARS = re.compile(r"(?<![\w/.-])((?:19|20)[0-9]{2})(?:[/–-]([0-9]{4}|[0-9]{2}))?(?![\w/-])")
_LAW_BEFORE = re.compile(r"\b(?:Act|Acts|Order|Regulations|Rules|Bill|Directive)\s+\Z")


class NamedBody(NamedTuple):
    """A name of an organisation in a text: its key, and where the name stands."""

    organisation: int
    start: int
    end: int


def plain(text: str) -> str:
    """Return a text with one shape of space, dash and apostrophe, as names are looked for."""
    return " ".join((text if text.isascii() else as_seen(text)).split())


class NamedBodies:
    """Finds names of organisations in texts: whole words in the same capitals."""

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        found: dict[str, dict[str, int]] = {}
        for organisation, name in names:
            if first := _NAME_START.match(plain(name)):
                found.setdefault(first[0], {})[plain(name)] = organisation
        # The longest first: a name can begin as another does.
        self._by_first_word = {
            word: sorted(several.items(), key=lambda each: -len(each[0]))
            for word, several in found.items()
        }

    def found_in(self, text: str) -> Iterator[NamedBody]:
        """Yield the bodies that a plain text names, in its order.

        A name of one word at the start of a sentence is left out: 'Provide' is a verb too.
        """
        end = 0
        for word in _NAME_START.finditer(text):
            start = word.start()
            if start < end or word[0] not in self._by_first_word:
                continue
            for name, organisation in self._by_first_word[word[0]]:
                after = start + len(name)
                if text.startswith(name, start) and not text[after : after + 1].isalnum():
                    if not (_WORD_ONLY.fullmatch(name) and _SENTENCE_END.search(text[:start])):
                        end = after
                        yield NamedBody(organisation, start, end)
                    break


def abbreviations(text: str) -> list[str]:
    """Return the abbreviations in a text, none twice, without what only looks like one.

    That is numbers and names with a capital inside, references, and words in capitals.
    """
    if not _TWO_CAPITALS.search(text) or text == text.upper():
        return []
    found = dict.fromkeys(_ABBREVIATION.findall(text.replace("_", " ")))
    return [word for word in found if _is_abbreviation(word)]


def _is_abbreviation(word: str) -> bool:
    letters = _letters(word)
    return (
        not EVERYDAY.fullmatch(word)
        and letters.isalpha()
        and len(letters) <= MOST_LETTERS
        and 2 * sum(letter.isupper() for letter in letters) >= len(letters)
        and not _ROMAN.fullmatch(word)
    )


def singular(word: str) -> str:
    """Return an abbreviation without the s of its plural: SMEs as SME."""
    return word.removesuffix("s") if word[:-1].isupper() else word


def _letters(word: str) -> str:
    return singular(word).replace("&", "")


def is_spelled_out(short: str, text: str) -> bool:
    """Return whether a text says what an abbreviation is short for.

    It stands in brackets after words with its initials, or before such words in brackets; or
    words with its initials, in capitals, stand anywhere.
    """
    letters, word = _letters(short).lower(), re.escape(singular(short))
    for match in re.finditer(rf"\(\W?{word}s?\b", text):
        before = _WORD.findall(text[: match.start()])[-2 * len(letters) :]
        if _spells(letters, before):
            return True
    for match in re.finditer(rf"\b{word}s? ?[(:=–-] ?([^()]*)", text):
        if _spells(letters, _WORD.findall(match[1])[: 2 * len(letters)]):
            return True
    return len(letters) >= FEW_LETTERS and letters in _initials(text)


def _spells(letters: str, words: list[str]) -> bool:
    """Return whether the initials of words have these letters in their order."""
    initials = iter([word[0].lower() for word in words])
    return all(letter in initials for letter in letters)


def _initials(text: str) -> str:
    """Return the initials of words in capitals, a space for each other word but small ones."""
    words = (word for word in _WORD.findall(text) if not SMALL_WORDS.fullmatch(word))
    return "".join(
        word[0].lower() if word[0].isupper() and not word[1:2].isupper() else " " for word in words
    )


def without_names(text: str, bodies: NamedBodies) -> str:
    """Return a text without the names of several words that it has: they are no abbreviations."""
    kept, end, text = [], 0, plain(text)
    for body in bodies.found_in(text):
        if " " in text[body.start : body.end]:
            kept.append(text[end : body.start])
            end = body.end
    return " ".join([*kept, text[end:]]) if kept else text


def last_year(title: str) -> int:
    """Return the last year that a title names, or 0. The year of an act is none.

    Of 2018/19 that is 2019.
    """
    years = [0]
    for match in _YEARS.finditer(title):
        if not _LAW_BEFORE.search(title, 0, match.start()):
            first, second = match[1], match[2] or ""
            last = int(first[: len(first) - len(second)] + second)
            years.append(last if last >= int(first) else last + 100)
    return max(years)


def purpose_key(purpose: str) -> int:
    """Return what equal purposes have in common, as a number; 0 for one that is short."""
    folded = key_of(purpose).rstrip(" .")
    if len(folded) < SHORTEST_PURPOSE:
        return 0
    return int.from_bytes(blake2b(folded.encode(), digest_size=8).digest(), "big", signed=True)


def is_short(name: str) -> bool:
    """Return whether a name is an abbreviation and nothing else."""
    return name in abbreviations(f"{name} a")
