"""Likely duplicates: what is suggested and what is not, proved by comparing every two names."""

from __future__ import annotations

from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registers import changes
from registers.models import Apart, Organisation, Succession
from registers.search.duplicates import ComparedName, find_duplicates, likely_duplicates
from registers.search.text.words import STOP_WORDS, words_of
from tests.models.making import a_name, saved

LEGAL = {"ltd", "limited", "plc", "llp", "cic"}
COUNCILS = {"county", "district", "borough", "city", "town", "parish", "unitary"}


def one_slip(one: str, other: str) -> bool:
    """Whether a letter more, less, another, or two changed about make the one the other."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cuts = [(one[:place], one[place:]) for place in range(len(one) + 1)]
    return other != one and other in {
        *(a + b[1:] for a, b in cuts if b),
        *(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
        *(a + letter + b[1:] for a, b in cuts if b for letter in letters),
        *(a + letter + b for a, b in cuts for letter in letters),
    }


def telling(text: str) -> list[str]:
    words = [w for w in words_of(text) if w.plain not in STOP_WORDS | LEGAL]
    bare = [w for w in words if w.plain not in {"nhs", "foundation", "trust"}]
    words = bare if len(bare) > 1 else words
    if "council" in [w.plain for w in words_of(text)]:
        words = [w for w in words if w.plain not in COUNCILS]
    return sorted(w.stem for w in words)


def alike(one: ComparedName, other: ComparedName) -> bool:
    """Compare two names, slowly and plainly."""
    first, second = ([w.plain for w in words_of(each.text)] for each in (one, other))
    if "acronym" not in {one.kind, other.kind}:
        kinds = [set(w) & COUNCILS if "council" in w else set() for w in (first, second)]
        same = telling(one.text) and telling(one.text) == telling(other.text)
        if same and (kinds[0] <= kinds[1] or kinds[1] <= kinds[0]):
            return True
        if "".join(first) == "".join(second) and len("".join(first)) >= 6:
            return True
        differ = [(a, b) for a, b in zip(first, second, strict=False) if a != b]
        if len(first) == len(second) and len(differ) == 1:
            a, b = differ[0]
            fewest = 6 if len(first) == 1 else 5
            long = min(len(a), len(b)) >= fewest and a[0] == b[0] and (a + b).isalpha()
            if long and one_slip(a, b):
                return True
    return initials_of(one, second) or initials_of(other, first)


def initials_of(short: ComparedName, words: list[str]) -> bool:
    text = short.text
    looks_so = text.isalpha() and 3 <= len(text) <= 8
    if not looks_so or sum(c.isupper() for c in text) * 2 <= len(text) or short.kind != "official":
        return False
    for little, trust, legal in product(
        (set(), STOP_WORDS),
        (set(), {"nhs"}, {"nhs", "foundation"}, {"nhs", "foundation", "trust"}),
        (set(), LEGAL),
    ):
        left = [word[0] for word in words if word not in little | trust | legal]
        if len(words) > 1 and "".join(left) == text.lower():
            return True
    return False


def slowly(names: list[ComparedName]) -> set[tuple[int, int]]:
    return {
        (min(one.organisation, other.organisation), max(one.organisation, other.organisation))
        for one, other in combinations(names, 2)
        if one.organisation != other.organisation
        and one.is_group == other.is_group
        and alike(one, other)
    }


WORDS = (
    *("essex", "esex", "essexx", "sussex", "kent", "council", "county", "district", "borough"),
    *("trust", "nhs", "foundation", "the", "of", "and", "ltd", "limited", "hospital", "hospitals"),
    *("university", "univeristy", "partnership", "fire", "line", "fireline", "care", "cares"),
    *("thurrock", "thurock", "turrock", "EPUT", "ECC", "DfE", "EC", "16", "west"),
)


def called(texts: list[list[str]], seed: int) -> list[ComparedName]:
    random = Random(seed)
    return [
        ComparedName(
            random.randrange(len(texts)),
            random.random() < 0.1,
            " ".join(words),
            random.choice(("official", "alias", "acronym", "former")),
        )
        for words in texts
    ]


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5), min_size=2, max_size=25),
    st.integers(0, 1000),
)
def test_the_same_pairs_as_by_comparing_every_two(texts, seed):
    names = called(texts, seed)
    assert {(each.one, each.other) for each in find_duplicates(names)} == slowly(names)


def reason(one: str, other: str, **how) -> str:
    names = [ComparedName(1, False, one, "official"), ComparedName(2, False, other, "official")]
    assert bool(find_duplicates(names)) == bool(slowly(names))
    return (
        find_duplicates(names, **how)[0].reason.split(" ", 2)[1]
        if find_duplicates(names, **how)
        else ""
    )


LIKELY = {
    "another order": ("University of Essex", "Essex University", "same"),
    "The": ("The Children's Society", "Children's Society", "same"),
    "Ltd": ("Essex Cares Ltd", "Essex Cares", "same"),
    "a trust": ("Southend Hospital NHS Foundation Trust", "Southend Hospital", "same"),
    "less of a council": ("Essex County Council", "Essex Council", "same"),
    "more than one": ("Mid Essex Hospital Service", "Mid Essex Hospitals Services", "same"),
    "and": ("Work & Pensions Office", "Work and Pensions Office", "same"),
    "initials without NHS": (
        "EPUT",
        "Essex Partnership University NHS Foundation Trust",
        "is",
    ),
    "initials with a small letter": ("DfE", "Department for Education", "is"),
    "a letter less": ("Barnardos", "Barnados", "differ"),
    "letters changed about": ("Thurrock Borough", "Thurrokc Borough", "differ"),
    "parted otherwise": ("Fire Line", "Fireline", "same"),
}
UNLIKELY = {
    "two kinds of council": ("Essex County Council", "Essex District Council"),
    "two counties": ("Essex County Council", "Sussex County Council"),
    "east and west": ("West Essex CCG", "East Essex CCG"),
    "another number": ("Post 16 Board", "Post 18 Board"),
    "a trust and a place": ("Essex Trust", "Essex"),
    "a short word": ("Kent Police", "Kant Police"),
    "another first letter": ("Harlow College", "Barlow College"),
    "a word more": ("University of Essex", "University of West Essex"),
}


@pytest.mark.parametrize(("one", "other", "why"), LIKELY.values(), ids=LIKELY)
def test_what_is_suggested(one, other, why):
    assert reason(one, other) == why
    assert reason(other, one) == why


@pytest.mark.parametrize(("one", "other"), UNLIKELY.values(), ids=UNLIKELY)
def test_what_is_not(one, other):
    assert reason(one, other) == ""


def test_what_is_known_to_differ_and_what_cannot_be_one():
    assert reason("Essex Cares", "Essex Cares Ltd", different=[(1, 2)]) == ""
    group = [
        ComparedName(1, False, "Essex Cares", "alias"),
        ComparedName(2, True, "Essex Cares Ltd", "alias"),
    ]
    assert find_duplicates(group) == []
    twice = [
        ComparedName(1, False, "Essex Cares", "alias"),
        ComparedName(1, False, "Essex Cares Ltd", "alias"),
    ]
    assert find_duplicates(twice) == []


def test_the_register_itself(real_register):
    """Nothing stands in the real register that an officer would be told of in vain."""
    assert likely_duplicates() == []


@pytest.mark.both_databases
def test_what_is_added_is_suggested_until_it_is_said_to_differ(real_register):
    cares = Organisation.objects.named("Essex Cares Ltd").get()
    other = saved(Organisation(name="Essex Cares"))
    (found,) = likely_duplicates()
    assert {found.one, found.other} == {cares.pk, other.pk}
    assert found.names == ("Essex Cares Ltd", "Essex Cares")
    changes.mark_not_duplicate(other, cares)
    assert likely_duplicates() == []
    changes.unmark_not_duplicate(Apart.objects.get())
    assert len(likely_duplicates()) == 1
    saved(cares, Succession(organisation=cares, successor=other))
    assert likely_duplicates() == []


def test_by_any_name_once(real_register):
    other = saved(Organisation(name="Cares of Essex"))
    saved(a_name("Cares of Essex", "ECL (Essex Cares)"))
    assert [each.other for each in likely_duplicates()] == [other.pk]
