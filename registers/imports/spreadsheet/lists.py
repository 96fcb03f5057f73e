"""The organisations in one cell: where each name begins and ends, and which words are its note.

Names hold commas, semicolons and brackets themselves. So what is known as a name
is taken whole first, and only the rest is parted at the signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# Typed by hand, all three part the names. The register's own files part them by semicolons.
TYPED, OWN = ",;\n", ";\n"
# So many pieces at most are tried as one name that holds the signs itself.
LONGEST_NAME = 12
# So many brackets at most are tried as the one with which a note begins.
MOST_BRACKETS = 12
# A list may end as a sentence does; these words end with a full stop of their own.
SHORTENED = re.compile(r"\b(?:ltd|inc|co|plc|dept|st|no|assoc|univ|[a-z])\.\Z", re.IGNORECASE)


class TwoWays(Exception):  # noqa: N818 (no fault of the code)
    """The words can be read as one name or as several, and all of these are known."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One organisation as it is written, and the note that stands in brackets after it."""

    written: str
    note: str = ""


def pieces(cell: str, *, own: bool, known: Callable[[str], bool]) -> list[Piece]:
    """Return the organisations that a cell names, in its order.

    `own` says that the register wrote it; `known` whether some words are a name.
    A comma within brackets parts nothing, and a bracket that is never closed is
    no bracket. Raises TwoWays.
    """
    spans = _spans(cell, OWN if own else TYPED)
    found = []
    at = 0
    while at < len(spans):
        length = _known_length(cell, spans[at : at + LONGEST_NAME], known, own=own)
        text = cell[spans[at][0] : spans[at + length - 1][1]].strip()
        at += length
        if text:
            is_last = at == len(spans) > 1
            found.append(
                _piece(text if own else _without_stop(text, known, is_last=is_last), known)
            )
    return found


def _spans(cell: str, signs: str) -> list[tuple[int, int]]:
    """Return where each piece begins and ends that signs outside of brackets part."""
    closed = _closed(cell)
    spans, start, depth = [], 0, 0
    for at, sign in enumerate(cell):
        if at in closed:
            depth += 1 if sign == "(" else -1
        elif sign in signs and not depth:
            spans.append((start, at))
            start = at + 1
    return [*spans, (start, len(cell))]


def _closed(cell: str) -> dict[int, int]:
    """Return where each bracket stands that is closed, with its other half's place."""
    opened: list[int] = []
    halves: dict[int, int] = {}
    for at, sign in enumerate(cell):
        if sign == "(":
            opened.append(at)
        elif sign == ")" and opened:
            other = opened.pop()
            halves |= {at: other, other: at}
    return halves


def _known_length(
    cell: str, spans: list[tuple[int, int]], known: Callable[[str], bool], *, own: bool
) -> int:
    """Return how many pieces, from the first, are one name that is known; 1 where none is."""
    start, first_end = spans[0]
    first = cell[start:first_end].strip()
    for length in range(len(spans), 1, -1):
        text = cell[start : spans[length - 1][1]].strip()
        # The name holds the sign, or, where a note holds half a bracket, the note does.
        shortest = 0 if own and not _is_known(first, known) else len(first)
        if not _is_known(text, known, longer_than=shortest):
            continue
        if all(_is_known(cell[one:other].strip(), known) for one, other in spans[:length]):
            raise TwoWays(text)
        return length
    return 1


def _is_known(text: str, known: Callable[[str], bool], *, longer_than: int = 0) -> bool:
    """Say whether the words are a name, or one that is so long with a note behind it."""
    return known(text) or any(
        len(name) > longer_than and known(name) for name, _ in _with_notes(text)
    )


def _with_notes(text: str) -> list[tuple[str, str]]:
    """Return every way to take what stands in brackets at the end as a note, the shortest first."""
    if not text.endswith(")"):
        return []
    starts = [at for at, sign in enumerate(text) if sign == "("][-MOST_BRACKETS:][::-1]
    ways = [(text[:start].strip(), text[start + 1 : -1].strip()) for start in starts]
    return [(name, note) for name, note in ways if name]


def _without_stop(text: str, known: Callable[[str], bool], *, is_last: bool) -> str:
    """Return a name without the full stop that ends the list as a sentence."""
    bare = text.removesuffix(".").strip()
    if bare == text or not bare or known(text):
        return text
    return bare if known(bare) or (is_last and not SHORTENED.search(text)) else text


def _piece(text: str, known: Callable[[str], bool]) -> Piece:
    """Part the name from its note."""
    if known(text):
        return Piece(text)
    for name, note in _with_notes(text):
        if known(name):
            return Piece(text) if known(note) and are_initials(note, name) else Piece(name, note)
    start = _closed(text).get(len(text) - 1) if text.endswith(")") else None
    name, note = text[:start].strip(), text[start:][1:-1].strip()
    if not start or not name or are_initials(note, name):
        return Piece(text)
    return Piece(name, note)


def are_initials(short: str, name: str) -> bool:
    """Say whether `short` is made of first letters of the words of `name`, in their order."""
    letters = [each for each in short if each.isalnum()]
    if len(letters) < 2 or not short.isupper():  # noqa: PLR2004 (one letter abbreviates nothing)
        return False
    initials = iter(word[0].upper() for word in re.findall(r"\w+", name))
    return all(letter in initials for letter in letters)
