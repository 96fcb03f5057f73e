"""Where the names in one cell begin and end."""

from __future__ import annotations

import contextlib
import random
import time
from typing import Any

import pytest

from registers.imports.spreadsheet.matching import begun_names
from registers.imports.spreadsheet.split_names import (
    MOST_PIECES,
    NameList,
    Piece,
    TooMany,
    TwoWays,
    pieces,
    split_names,
)
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
    "1. Division",
    "Fire and Rescue",
}
KEYS = {key_of(name) for name in KNOWN}

EPUT, VALE = "Essex Partnership University Trust", "Vale University NHS Trust"
NORTH = "Vale University of the"
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
    "bullets": ("• One\n• Two", ["One", "Two"]),
    "bullets in a line": ("• One • Two (x) •", ["One", ("Two", "x")]),
    "bullets of Word": ("\uf0b7\tOne\n\uf0b7\tTwo", ["One", "Two"]),
    "hyphens": ("- One\n- Two", ["One", "Two"]),
    "dashes and stars": ("– One\n*  Two", ["One", "Two"]),
    "numbers": ("1. One\n2. Two\n10.Three", ["One", "Two", "Three"]),
    "numbers in brackets": ("(1) One\n2) Two", ["One", "Two"]),
    "letters": ("(a) One\nb) Two\nc. Three", ["One", "Two", "Three"]),
    "Roman numbers": ("i) One\n(ii) Two\niii. Three", ["One", "Two", "Three"]),
    "a mark before a number": ("• 1. One", ["One"]),
    "a number that is no mark": (
        "3.5 Trust; 1st Base; 15billion",
        ["3.5 Trust", "1st Base", "15billion"],
    ),
    "initials that are no mark": ("A. Smith Trust", ["A. Smith Trust"]),
    "a known name that begins as a mark does": ("1. Division\n2. B", ["1. Division", "B"]),
    "a marked name with commas": ("1. A, B and C\n2. Two", ["A, B and C", "Two"]),
    "a quoted name": ('"Smith, Jones and Co"', ["Smith, Jones and Co"]),
    "quoted where a comma is inside": (
        'One,"Smith, Jones; Co",Two, "Say ""yes"", please"',
        ["One", "Smith, Jones; Co", "Two", 'Say "yes", please'],
    ),
    "quotes of Word": ("“Smith, Jones” (x), Two", [("Smith, Jones", "x"), "Two"]),
    "quotes within a name": ('The "Good, Bad" Trust', ['The "Good', 'Bad" Trust']),
    "a number before quotes": ('1. "Smith, Jones"', ["Smith, Jones"]),
    "a list of SharePoint": ("One;#12;#Smith, Jones;#13", ["One", "Smith, Jones"]),
    "two columns of SharePoint": ("One;#12;#Two;#13\nThree;#14", ["One", "Two", "Three"]),
    "choices of SharePoint": (";#One;#Two (x);#", ["One", ("Two", "x")]),
    "none": ("None", []),
    "not applicable": ("n/a", []),
    "a hyphen alone": ("-", []),
    "none in a list": ("One, N/A, -", ["One"]),
    "known names and a word": ("A and B", ["A", "B"]),
    "known names and signs": ("A & B / EPUT|Body", ["A", "B", "EPUT", "Body"]),
    "known names with notes and a word": ("A (x) and Body (y)", [("A", "x"), ("Body", "y")]),
    "a known name with a word": ("Fire and Rescue & A", ["Fire and Rescue", "A"]),
    "a known name with a word in its note": ("A (x and B)", [("A", "x and B")]),
    "half that is known": ("A and One; B / One", ["A and One", "B / One"]),
    "a list that ends with a word": ("A, B, and Body", ["A", "B", "Body"]),
    "a known name in two lines": ("One\nEssex Partnership\nUniversity Trust", ["One", EPUT]),
    "a name in two lines": ("One\nVale University\nNHS Trust, Two", ["One", f"{VALE}", "Two"]),
    "a name in three lines": ("Vale University\nof the\nNorth East", [f"{NORTH}", "North East"]),
    "a kind of body below a place": ("Southvale\nCouncil (x)", [("Southvale Council", "x")]),
    "kinds of bodies in short": (
        "Vale Police\nCouncil\nCounty Council\nTrust\nservices",
        ["Vale Police", "Council", "County Council", "Trust", "services"],
    ),
    "a known name above or below": (
        "A\nNHS Trust\nEPUT\nof Two",
        ["A", "NHS Trust", "EPUT", "of Two"],
    ),
    "a list in small letters": ("one\ntwo\nThree\nand four", ["one", "two", "Three", "four"]),
    "other signs between lines": ("One;\nNHS Trust\n\nof Two", ["One", "NHS Trust", "of Two"]),
    "nothing below": ("One\nnone", ["One"]),
    "characters that nobody sees": ("\u200bOne\u200b, T\u00adwo", ["One", "Two"]),
    "dashes stay as published": ("NHS \u2013 East", ["NHS \u2013 East"]),
}

MORE = {
    "etc": ("One, Two, etc.", ["One", "Two"]),
    "etc without a comma": ("One, Two etc", ["One", "Two"]),
    "et al": ("One et al.", ["One"]),
    "and others": ("One, Two and others", ["One", "Two"]),
    "others below": ("One\nothers", ["One"]),
    "and others after a comma": ("One, and others.", ["One"]),
    "other partners": ("A and B & other local partners", ["A", "B"]),
    "and more": ("One and many more", ["One"]),
    "in brackets": ("One (and others)", ["One"]),
    "dots": ("One, Two, …", ["One", "Two"]),
}
NO_MORE = (
    "Significant Others Trust",
    "Mothers and Others Club",
    "Fetch etc Ltd",
    "None",
    "One. Two",
)


def known(text: str) -> bool:
    return key_of(text) in KEYS


def as_pieces(expected) -> list[Piece]:
    return [Piece(*each) if isinstance(each, tuple) else Piece(each) for each in expected]


@pytest.mark.parametrize(("cell", "expected"), TYPED.values(), ids=TYPED)
def test_as_typed_by_hand(cell, expected):
    assert pieces(cell, own=False, known=known) == as_pieces(expected)


@pytest.mark.parametrize(("cell", "expected"), MORE.values(), ids=MORE)
def test_words_that_say_that_others_take_part_too(cell, expected):
    found = split_names(cell, own=False, known=known)
    assert (found.pieces, found.has_more) == (as_pieces(expected), True)


@pytest.mark.parametrize("cell", NO_MORE)
def test_a_list_that_is_whole(cell):
    assert not split_names(cell, own=False, known=known).has_more


OWN = {
    "marks stay": ("1. One; - Two; None", ["1. One", "- Two", "None"]),
    "words part nothing": ("A and B; One etc.", ["A and B", "One etc."]),
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


def test_names_that_may_go_on_are_all_that_is_tried():
    """The same is found where more pieces are tried only after what begins a name."""
    words = ("A", "Foo", " ", ", ", ",", ";", "\n", " and ", "and", "1. ", "(", ")", "“", "”", "/")
    chance, found = random.Random(5), 0
    for _ in range(400):
        names = ["".join(chance.choices(words, k=5)).strip() for _ in range(4)]
        keys = {key_of(name) for name in names} - {""}
        begun = set[str]().union(*map(begun_names, keys))
        cell = "".join(chance.choices((*names, *words), k=6))
        for own in (True, False):
            several = [
                read_in_one_way(cell, own=own, known=lambda text: key_of(text) in keys, **more)  # noqa: B023 (called at once)
                for more in ({}, {"begins": lambda text: key_of(text) in begun})  # noqa: B023
            ]
            assert several[0] == several[1], (cell, names)
            found += several[0] is not None
    assert found > 400


def read_in_one_way(cell: str, **how: Any) -> NameList | None:
    with contextlib.suppress(TwoWays):
        return split_names(cell, **how)
    return None


@pytest.mark.parametrize("own", [True, False])
def test_words_that_are_chosen_to_be_several_are_parted(own):
    found = split_names(
        "One and Two / Three (x); Four and Five",
        own=own,
        known=known,
        are_several=lambda text: text.startswith("One"),
    )
    assert found.pieces == as_pieces(["One", "Two", ("Three", "x"), "Four and Five"])


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
    "lines of blanks": ("x\n" + " " * 90) * 900 + "x",
    "quotes": ',"' * 900 + "x" * 90_000,
    "others": "and others " * 9_000 + "x",
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
