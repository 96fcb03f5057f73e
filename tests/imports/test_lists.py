"""Where the names in one cell begin and end."""

from __future__ import annotations

import time

import pytest

from registers.imports.spreadsheet.split_names import MOST_PIECES, Piece, TooMany, TwoWays, pieces
from registers.models.keys import key_of

KNOWN = {
    "A",
    "B",
    "A, B and C",
    "Semi; Colon",
    "Body (North)",
    "Body",
    "EPUT",
    "Essex Partnership University Trust",
    "Alone Ltd.",
    "Half (",
    "; Begun",
}
KEYS = {key_of(name) for name in KNOWN}

TYPED = {
    "nothing": ("", []),
    "signs alone": (" ,; \n, ", []),
    "commas": ("One, Two", ["One", "Two"]),
    "semicolons and lines": ("One;Two\nThree", ["One", "Two", "Three"]),
    "a comma in brackets": ("One (x, y), Two", [("One", "x, y"), "Two"]),
    "an open bracket": ("One (x, Two (y), Three", ["One (x", ("Two", "y"), "Three"]),
    "a bracket too many": ("One) x, Two", ["One) x", "Two"]),
    "brackets in brackets": ("One (x (y) z)", [("One", "x (y) z")]),
    "two brackets": ("One (x) (y)", [("One (x)", "y")]),
    "a bracket in the middle": ("One (x) - East", ["One (x) - East"]),
    "initials are no note": ("Community Services (CS)", ["Community Services (CS)"]),
    "other letters are": ("Barnardos (FGM)", [("Barnardos", "FGM")]),
    "one letter is": ("Barnardos (B)", [("Barnardos", "B")]),
    "known initials are no note": (
        "Essex Partnership University Trust (EPUT)",
        ["Essex Partnership University Trust (EPUT)"],
    ),
    "a known name with a note": ("Body (x, y)", [("Body", "x, y")]),
    "a known name with brackets": (
        "Body (North), Body (South)",
        ["Body (North)", ("Body", "South")],
    ),
    "a known name with brackets and a note": ("Body (North) (x)", [("Body (North)", "x")]),
    "a known name with commas": ("One, A, B and C, Two", ["One", "A, B and C", "Two"]),
    "the same with a note": ("A, B and C (x), Two", [("A, B and C", "x"), "Two"]),
    "known names beside each other": ("A (x), B (y), C", [("A", "x"), ("B", "y"), "C"]),
    "a known name with a semicolon": ("Semi; Colon; Two", ["Semi; Colon", "Two"]),
    "empty lines beside a known name": ("\nA\n\nBody\n", ["A", "Body"]),
    "a known name with many brackets": (f"Body (x{'(y)' * 20})", [("Body", f"x{'(y)' * 20}")]),
    "a list that ends as a sentence": ("One, Two.", ["One", "Two"]),
    "a name that is shortened": ("One, Two Ltd.", ["One", "Two Ltd."]),
    "a known name with a stop": ("One, Alone Ltd.", ["One", "Alone Ltd."]),
    "a known name without it": ("Body.", ["Body"]),
    "a stop after one name": ("One.", ["One."]),
}


def known(text: str) -> bool:
    return key_of(text) in KEYS


def as_pieces(expected) -> list[Piece]:
    return [Piece(*each) if isinstance(each, tuple) else Piece(each) for each in expected]


@pytest.mark.parametrize(("cell", "expected"), TYPED.values(), ids=TYPED)
def test_as_typed_by_hand(cell, expected):
    assert pieces(cell, own=False, known=known) == as_pieces(expected)


OWN = {
    "a comma parts nothing": ("One, Two; Three", ["One, Two", "Three"]),
    "a note with a sign": ("Body (x; y); A", [("Body", "x; y"), "A"]),
    "a note with half a bracket": ("Body (x) y; z); A", [("Body", "x) y; z"), "A"]),
    "a name with half a bracket": ("Half (; A (x)", ["Half (", ("A", "x")]),
    "a name that begins with a sign": ("; Begun; A", ["; Begun", "A"]),
    "a stop stays": ("One; Two.", ["One", "Two."]),
}


@pytest.mark.parametrize(("cell", "expected"), OWN.values(), ids=OWN)
def test_as_the_register_wrote_it(cell, expected):
    assert pieces(cell, own=True, known=known) == as_pieces(expected)


def test_what_can_be_read_in_two_ways_is_not_guessed():
    keys = KEYS | {"b and c"}
    with pytest.raises(TwoWays, match="A, B and C"):
        pieces("A, B and C", own=False, known=lambda text: key_of(text) in keys)


# Each takes well under a tenth of a second; without care it was seconds or minutes.
DEAR = {
    "nested": "(a," * (MOST_PIECES - 1) + ")" * MOST_PIECES,
    "brackets": ("(" * 12 + "a),") * (MOST_PIECES - 1),
    "known names with open notes": "Body (a," * (MOST_PIECES - 1) + ")",
    "long pieces": ("x" * 90 + "(y),") * (MOST_PIECES - 1),
    "one long piece": "a)," * 500 + "y" * 90_000 + "(),b)" * 400,
    "no signs": "y" * 100_000,
    "brackets alone": "(" * 50_000 + ")" * 50_000,
    "blanks": " " * 50_000 + "x" * 50_000,
}


@pytest.mark.parametrize("cell", DEAR.values(), ids=DEAR)
def test_a_cell_that_is_made_to_be_dear_takes_little_time(cell):
    started = time.process_time()
    assert pieces(cell, own=False, known=known)
    assert time.process_time() - started < 1


def test_more_pieces_than_any_protocol_has_are_not_parted():
    assert len(pieces("x," * (MOST_PIECES - 1), own=False, known=known)) == MOST_PIECES - 1
    with pytest.raises(TooMany):
        pieces("x," * MOST_PIECES, own=False, known=known)
