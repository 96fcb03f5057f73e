"""Values exchanged in a long array, against a list that is written anew."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from registers.search import exchange
from registers.search.exchange import Exchange


def exchanged_slowly(
    old: list[int], gone: list[int], places: list[int], new: list[int]
) -> list[int]:
    made = []
    for place in range(len(old) + 1):
        made += [value for value, at in zip(new, places, strict=True) if at == place]
        if place < len(old) and place not in gone:
            made.append(old[place])
    return made


@pytest.mark.parametrize("few", [0, 1_000], ids=["by a mask", "by parts"])
@pytest.mark.parametrize("seed", range(40))
def test_it_is_as_a_list_written_anew(seed, few, monkeypatch):
    monkeypatch.setattr(exchange, "FEW", few)
    random = Random(seed)
    old = [random.randint(0, 99) for _ in range(random.randint(1, 12))]
    gone = sorted(random.sample(range(len(old)), random.randint(0, len(old))))
    new = [random.randint(100, 199) for _ in range(random.randint(0, 6))]
    places = sorted(random.randint(0, len(old)) for _ in new)
    made = Exchange(gone=np.array(gone, np.int64), places=np.array(places, np.int64)).made(
        np.array(old, np.int32), np.array(new, np.int64)
    )
    assert made.dtype == np.int32
    assert made.tolist() == exchanged_slowly(old, gone, places, new)


def test_an_empty_array_becomes_the_new_values():
    nothing = np.zeros(0, np.int64)
    made = Exchange(gone=nothing, places=np.zeros(2, np.int64)).made(
        np.zeros(0, np.int32), np.array([3, 1])
    )
    assert made.tolist() == [3, 1]
