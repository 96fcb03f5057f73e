"""Lays out the picture of who is named with whom, and stores where its organisations stand."""

from __future__ import annotations

import numpy as np

from registers.changes.transaction import update_search_and_version
from registers.models import Layout
from registers.models.layout import Positions
from registers.search.index import current_index
from registers.search.layout import lay_out, placed, random_start
from registers.search.pairs import name_ranks, pairs_of_all
from registers.search.picture import drawing_of_all

SMALLEST_MOVE = 0.01  # less is not stored: the distance of two named together once is 1


def lay_out_picture() -> tuple[int, int]:
    """Lay out the picture of all from where it stands, and store it.

    Returns how many organisations it has and how many of them moved. Where one did, the
    register's version moves with them, for pages are cached by it.
    """
    index = current_index()
    drawing = drawing_of_all(index, pairs_of_all(index, name_ranks(index)))
    stored = Layout.stored()
    start = (
        placed(drawing.bodies, drawing.lines, drawing.numbers, stored)
        if stored
        else random_start(len(drawing.bodies))
    )
    points = lay_out(start, drawing.lines, drawing.numbers)
    positions: Positions = {
        int(key): (round(x, 3), round(y, 3))
        for key, (x, y) in zip(drawing.bodies, points.tolist(), strict=True)
    }
    moved = sum(_has_moved(stored.get(key), position) for key, position in positions.items())
    if moved or len(positions) != len(stored):
        with update_search_and_version():
            Layout.store(positions)
    return len(positions), moved


def _has_moved(before: tuple[float, float] | None, now: tuple[float, float]) -> bool:
    return before is None or bool(np.abs(np.subtract(before, now)).max() > SMALLEST_MOVE)
