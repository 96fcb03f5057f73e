"""The organisations in one cell: where each name begins and ends, and which words are its note."""

from __future__ import annotations

import re
from dataclasses import dataclass

from registers.imports.spreadsheet.parting import Known, closed, part, with_notes

# Typed by hand, all three part the names. The register's own files part them by semicolons.
TYPED, OWN = ",;\n", ";\n"
# A list may end as a sentence does; these words end with a full stop of their own.
SHORTENED = re.compile(r"\b(?:ltd|inc|co|plc|dept|st|no|assoc|univ|[a-z])\.\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One organisation as it is written, and the note that stands in brackets after it."""

    written: str
    note: str = ""


def pieces(cell: str, *, own: bool, known: Known) -> list[Piece]:
    """Return the organisations that a cell names, in its order.

    `own` says that the register wrote it; `known` whether some words are a name.
    A comma within brackets parts nothing, and a bracket that is never closed is
    no bracket. Raises parting.TwoWays and parting.TooMany.
    """
    texts = part(cell, OWN if own else TYPED, known, odd_notes=own)
    if not own:
        last = len(texts) - 1
        texts = [
            _without_stop(text, known, is_last=at == last > 0) for at, text in enumerate(texts)
        ]
    return [_piece(text, known) for text in texts]


def _without_stop(text: str, known: Known, *, is_last: bool) -> str:
    """Return a name without the full stop that ends the list as a sentence."""
    bare = text.removesuffix(".").strip()
    if bare == text or not bare or known(text):
        return text
    return bare if known(bare) or (is_last and not SHORTENED.search(text)) else text


def _piece(text: str, known: Known) -> Piece:
    """Part the name from its note."""
    if known(text):
        return Piece(text)
    for name, opens in with_notes(text):
        if known(name):
            note = text[opens + 1 : -1].strip()
            return Piece(text) if known(note) and are_initials(note, name) else Piece(name, note)
    opens = closed(text).get(len(text) - 1, 0) if text.endswith(")") else 0
    name, note = text[:opens].strip(), text[opens + 1 : -1].strip()
    return Piece(name, note) if name and not are_initials(note, name) else Piece(text)


def are_initials(short: str, name: str) -> bool:
    """Say whether `short` is made of first letters of the words of `name`, in their order."""
    letters = [each for each in short if each.isalnum()]
    if len(letters) < 2 or not short.isupper():  # noqa: PLR2004 (one letter abbreviates nothing)
        return False
    initials = iter(word[0].upper() for word in re.findall(r"\w+", name))
    return all(letter in initials for letter in letters)
