"""Cells that merged cells cover are known, however large or many these are."""

from __future__ import annotations

import random
import tracemalloc

from registers.imports.reading.cell_names import cell_name
from registers.imports.spreadsheet.tables import Merged


def test_each_cell_is_known_as_if_all_had_been_written_down():
    chance = random.Random(7)
    for _ in range(200):
        ranges, covered = [], set()
        for _ in range(chance.randint(0, 6)):
            top, left = chance.randint(0, 12), chance.randint(0, 5)
            bottom, right = top + chance.randint(0, 6), left + chance.randint(0, 3)
            ranges.append(f"{cell_name(top, left)}:{cell_name(bottom, right)}")
            covered |= {
                (row + 1, column)
                for row in range(top, bottom + 1)
                for column in range(left, right + 1)
                if (row, column) != (top, left)
            }
        merged = Merged(ranges, range(1, 7))
        for row in range(25):
            for column in range(8):
                known = bool(merged.whole(row, column))
                assert known == ((row, column) in covered and 1 <= column <= 6)


def test_the_cell_that_covers_is_named():
    merged = Merged(["B3:C7", "AA1:AB2", "none", "A1:A99999"], [0, 1, 2, 27])
    assert [merged.whole(4, 1), merged.whole(3, 2), merged.whole(2, 27)] == ["B3", "B3", "AA1"]
    assert not any([merged.whole(3, 1), merged.whole(8, 1), merged.whole(5, 0)])


def test_large_ranges_take_little_memory():
    ranges = [f"A{at}:T{at + 499}" for at in range(1, 20_001)]
    tracemalloc.start()
    Merged(ranges, range(20))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * 2**20
