"""The texts that are taken out: found in each form in which they are stored, and replaced."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Any
from urllib.parse import quote

from registers.models.keys import APOSTROPHES, key_of, slug_of

SHORT_MARKER = "[taken out]"
SLUG_MARKER = "taken-out"
WORD_MARKER = "TAKENOUT"  # for the whole of what must be one word
LEAST_CHARACTERS = 3
# In JSON, HTML, addresses and Markdown too, where a part of a name can be bold, or a link.
_SPACE_ENTITY = "&(?:nbsp|ensp|emsp|thinsp|#0*(?:32|160|x20|xa0));"
_GAP = rf"\s|\\[nrt]|\\u00a0|{_SPACE_ENTITY}|%20|%0[AD]|%C2%A0|\]\([^()\s]*\)|[+*_\[\]]"
_BETWEEN = f"(?:{_GAP})+"
_DASHES = "-\u02d7\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_DASH = rf"(?:[{_DASHES}]|\\u201[0-5]|&[nm]dash;|&#8209;|%E2%80%9[0-5])"
_IN_NUMBER = rf"(?:{_GAP}|{_DASH}|[().])*"
# A telephone or NHS number, however its digits are grouped.
_NUMBER = re.compile(rf"(\d(?:[{_DASHES}\s().]*\d){{5,}})")
# Characters that nobody sees and that can stand within a word; JSON has them as an escape.
_UNSEEN = ("00ad", "200b", "200c", "200d", "200e", "200f", "2060", "feff")
_UNSEEN_FORMS = [form for code in _UNSEEN for form in (chr(int(code, 16)), rf"\u{code}")]
_UNSEEN_PATTERN = re.compile("|".join(map(re.escape, _UNSEEN_FORMS)))
_ALNUM = r"[^\W_]"
_BEFORE = rf"(?:(?<!{_ALNUM})|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{{2}})|(?<=\\u[0-9a-fA-F]{{4}}))"
MOST_ALIKE = 1_000


def shortened(text: str, longest: int) -> str:
    """Return a text without its middle where it is longer: versions differ at either end."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} … {text[-half:]}"


class Marked:
    """Texts and stored files to be taken out, and the words that then stand there.

    `texts` are found as they are written, regardless of case and spacing, and no part of a
    word is. `files` are names of stored files. `is_free_slug` says whether nothing that is
    stored has a slug.
    """

    def __init__(
        self,
        texts: Collection[str],
        files: Collection[str] = (),
        *,
        marker: str,
        is_free_slug: Callable[[str], bool] = bool,
    ) -> None:
        self.texts = [" ".join(_seen(each).split()) for each in texts if each.strip()]
        self.files = frozenset(files)
        self.marker = marker
        # Texts that must not become alike, by their keys, and the numbers that tell them apart.
        self._unique: dict[str, tuple[str, int | None, bool]] = {}
        self._numbers: dict[str, int] = {}
        self._is_free_slug = is_free_slug
        self._slugs: dict[str, str] = {}
        slugs = [slug for each in self.texts if (slug := _whole_slug(each))]
        # A slug of one word is the word itself.
        several = [re.escape(slug) for slug in slugs if "-" in slug]
        # The longest first: 'Jane Smith' before 'Jane'.
        self._pattern = _any_of([*map(_text_pattern, self.texts), *(_bounded(s) for s in several)])
        self._slug_pattern = _any_of([rf"(?<![a-z0-9]){re.escape(s)}(?![a-z0-9])" for s in slugs])

    @cached_property
    def singles(self) -> list[Marked]:
        """Each of the texts alone: to say which of them stands in a place."""
        return [Marked([text], marker="\0") for text in self.texts]

    def found_in(self, texts: Iterable[str]) -> frozenset[str]:
        """Return which of them any of the texts holds."""
        some = [text for text in texts if self.is_in(text)]
        return frozenset(one.texts[0] for one in self.singles if any(map(one.is_in, some)))

    def hints(self) -> list[tuple[str, ...]] | None:
        """Return pieces, of which each place holds those of one in their order; None if unknown.

        That is the longest run of letters of a text, or the digits of its number.
        """
        runs, numbers = set[str](), set[tuple[str, ...]]()
        for each in self.texts:
            run = max(re.findall(r"[A-Za-z0-9]+", _NUMBER.sub(" ", each)), key=len, default="")
            digits = tuple(re.findall(r"\d", "".join(_NUMBER.findall(each)[:1])))
            if len(run) > 1:
                runs.add(run)
            elif digits and "".join(digits).isascii():
                numbers.add(digits)
            else:
                return None
        return [*numbers, *((each,) for each in (*runs, *self.files, *_UNSEEN_FORMS))]

    def is_in(self, text: str) -> bool:
        """Return whether a text holds any of them."""
        return self._pattern.search(_seen(text)) is not None

    def context(self, text: str, around: int) -> str:
        """Return the first of them in a text, with characters around it; '' if there is none."""
        text = _seen(text)
        found = self._pattern.search(text) or self._slug_pattern.search(text)
        if found is None:  # it is encoded, as in a session
            return ""
        start, end = found.span()
        first, last = max(start - around, 0), end + around
        cut = shortened(" ".join(text[first:last].split()), 4 * around)
        return f"{'… ' if first else ''}{cut}{' …' if last < len(text) else ''}"

    def clean(self, text: str, longest: int | None = None, *, one_word: bool = False) -> str:
        """Return a text with the marker in the place of each, of at most `longest` characters.

        With `one_word`, a word stands in the place of the whole.
        """
        if not self.is_in(text):
            return text
        text = _seen(text)
        number = self._numbers.get(key_of(text), 1) if self._numbers else 1
        if one_word:
            return f"{WORD_MARKER}{number if number > 1 else ''}"
        cleaned = self._pattern.sub(lambda _: _numbered(self.marker, number), text)
        if longest is not None and len(cleaned) > longest:
            cleaned = self._pattern.sub(lambda _: _numbered(SHORT_MARKER, number), text)[:longest]
        return cleaned

    def keep_apart(self, text: str, longest: int | None = None, *, one_word: bool = False) -> None:
        """Remember a text that must stay another one than each other such text."""
        if self.is_in(text):
            self._unique[key_of(text)] = (text, longest, one_word)

    def number(self, is_free: Callable[[str], bool]) -> None:
        """Give those texts numbers, so that each becomes another one, wherever it stands.

        `is_free` says whether nothing that is stored has a text with this key.
        """
        taken: set[str] = set()
        for key, (text, longest, one_word) in sorted(self._unique.items()):
            for number in range(1, MOST_ALIKE):
                self._numbers[key] = number
                becomes = key_of(self.clean(text, longest, one_word=one_word))
                if becomes not in taken and is_free(becomes):
                    break
            taken.add(becomes)

    def clean_slug(self, slug: str, longest: int | None = None) -> str:
        """Return another slug for one that holds any of them: always the same one."""
        if self._slug_pattern.search(slug) is None:
            return slug
        if slug not in self._slugs:
            cleaned = self._slug_pattern.sub(SLUG_MARKER, slug)[: (longest or len(slug) + 100) - 4]
            taken, number, free = set(self._slugs.values()), 1, cleaned
            while free in taken or not self._is_free_slug(free):
                number += 1
                free = f"{cleaned}-{number}"
            self._slugs[slug] = free
        return self._slugs[slug]

    def clean_json(self, value: Any, structure: Collection[str] | None = ()) -> Any:
        """Return a JSON value with each of its texts cleaned, but for keys in `structure`.

        With None, but for every key.
        """
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, list):
            return [self.clean_json(each, structure) for each in value]
        if isinstance(value, dict):
            cleaned = {
                name
                if structure is None or name in structure
                else self.clean(name): self.clean_json(each, structure)
                for name, each in value.items()
            }
            return self.without_files(cleaned)
        return value

    def without_files(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a paper as JSON has them, without a file that is taken out."""
        file = values.get("file")
        if not (isinstance(file, str) and file in self.files):
            return values
        return values | {"file": "", "name": self.marker, "size": None}


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    longest_first = sorted(patterns, key=len, reverse=True)
    return re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)


def _seen(text: str) -> str:
    return _UNSEEN_PATTERN.sub("", text) if "\\u" in text or not text.isascii() else text


def _text_pattern(text: str) -> str:
    pattern = ""
    for index, piece in enumerate(_NUMBER.split(text)):
        if index % 2:
            pattern += _IN_NUMBER.join(re.findall(r"\d", piece))
        else:
            parts = re.findall(r"\s|\S+", piece)
            pattern += "".join(_BETWEEN if p.isspace() else _word_pattern(p) for p in parts)
    return _bounded(pattern)


def _bounded(pattern: str) -> str:
    # What begins or ends with a sign, such as a bracket, has no word around it.
    # Looked for first, because it fails sooner than what is before it.
    return rf"(?={pattern}){_BEFORE}(?:{pattern})(?!(?<={_ALNUM}){_ALNUM})"


def _word_pattern(word: str) -> str:
    written = {unicodedata.normalize(form, word) for form in ("NFC", "NFD")}
    forms = {*written, word, key_of(word), html.escape(word), quote(word)}
    forms |= {html.escape(word).replace("&#x27;", "&#39;"), json.dumps(word)[1:-1]}
    plain = ("".join(map(_shapes, form)) for form in forms if form)
    return f"(?:{'|'.join(sorted(set(plain), key=len, reverse=True))})"


def _shapes(character: str) -> str:
    """Return the pattern of a typed character: of an apostrophe and a dash, each of its shapes."""
    if character in APOSTROPHES:
        return f"[{re.escape(APOSTROPHES)}]"
    return _DASH if re.match(f"[{_DASHES}]", character) else re.escape(character)


def _whole_slug(text: str) -> str:
    """Return the slug that a text makes; '' where it is too little, or leaves letters out."""
    slug = slug_of(text)
    letters = sum(map(str.isalnum, slug))
    is_whole = letters >= max(LEAST_CHARACTERS, sum(map(str.isalnum, text)))
    return slug if is_whole else ""


def _numbered(marker: str, number: int) -> str:
    last = marker[-1]
    return marker if number == 1 else f"{marker[:-1]}{',' if ':' in marker else ''} {number}{last}"
