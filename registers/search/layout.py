"""A layout of points and lines in the plane, and labels that are moved apart.

What is named together in many protocols stands near. The layout is stress majorization:
each step moves all points to where their distances fit better, and none makes it worse. So a
layout that starts from its own result stays where it is, which those by springs do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from registers.models.layout import Positions
from registers.search.index import IntArray

Points = NDArray[np.float64]  # a row is x and y

SEED = 1
MOST_STEPS = 3_000
STILL = 1e-4  # a step that moves no point further than this is the last
GOLDEN_ANGLE = np.pi * (3 - 5**0.5)
FLAT = 1e-6  # points that are no further apart stand on one line
MOST_PUSHES = 300


def lay_out(start: Points, lines: IntArray, numbers: IntArray) -> Points:
    """Return the points laid out, from where they start.

    A row of `lines` is two rows of `start`, and `numbers` says in how many protocols they are
    named together.
    """
    if not len(start):
        return start
    wanted = _distances(len(start), lines, numbers)
    weights = 1 / np.where(wanted > 0, wanted, 1) ** 2
    np.fill_diagonal(weights, 0)
    inverse = np.linalg.pinv(np.diag(weights.sum(1)) - weights)
    points = start - start.mean(0)
    for _ in range(MOST_STEPS):
        apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
        pulls = -weights * wanted / np.maximum(apart, 1e-9)
        np.fill_diagonal(pulls, 0)
        np.fill_diagonal(pulls, -pulls.sum(1))
        moved = inverse @ pulls @ points
        largest = np.abs(moved - points).max()
        points = moved
        if largest < STILL:
            break
    return points


def _distances(size: int, lines: IntArray, numbers: IntArray) -> Points:
    """Return the length of the shortest way between each two points; the more, the shorter."""
    wanted = np.full((size, size), np.inf)
    wanted[lines[:, 0], lines[:, 1]] = wanted[lines[:, 1], lines[:, 0]] = numbers**-0.5
    np.fill_diagonal(wanted, 0)
    for middle in range(size):
        wanted = np.minimum(wanted, wanted[:, [middle]] + wanted[[middle]])
    # What is not connected stands a little further away than all that is.
    wanted[np.isinf(wanted)] = wanted[np.isfinite(wanted)].max() + 1
    return wanted


def random_start(size: int) -> Points:
    """Return where points start that were never laid out: each time the same."""
    return np.random.default_rng(SEED).normal(size=(size, 2))


def placed(bodies: IntArray, lines: IntArray, numbers: IntArray, stored: Positions) -> Points:
    """Return where each of the bodies stands; one without a position, beside its neighbours."""
    points = np.zeros((len(bodies), 2))
    known = np.array([int(key) in stored for key in bodies], bool)
    points[known] = [stored[int(key)] for key in bodies[known]] or np.zeros((0, 2))
    for count, row in enumerate(np.flatnonzero(~known), start=1):
        near = np.concatenate([lines[lines[:, 0] == row][:, 1], lines[lines[:, 1] == row][:, 0]])
        weights = np.concatenate([numbers[lines[:, 0] == row], numbers[lines[:, 1] == row]])
        if known[near].any():
            points[row] = np.average(points[near[known[near]]], 0, weights[known[near]])
        elif known.any():
            points[row] = points[known].mean(0)
        away = 0.3 * count**0.5
        points[row] += away * np.array([np.cos(count * GOLDEN_ANGLE), np.sin(count * GOLDEN_ANGLE)])
        known[row] = True
    return points


def fitted(points: Points, width: float, height: float) -> Points:
    """Return the points stretched over a canvas; what stands on one line, in its middle.

    A crowd is loosened: each point stands halfway between its place and where it would be
    if all were equally far from the next.
    """
    low, high = points.min(0), points.max(0)
    span = high - low
    flat = span < FLAT
    places = np.where(flat, 0.5, (points - low) / np.where(flat, 1, span))
    fit: Points = (places + np.where(flat, 0.5, _even(points))) / 2 * (width, height)
    return fit


def _even(points: Points) -> Points:
    """Return the points in the same order in both directions, all equally far from the next."""
    even: Points = np.argsort(np.argsort(points, 0, kind="stable"), 0) / max(1, len(points) - 1)
    return even


def separated(middles: Points, sizes: Points, width: float, height: float) -> tuple[Points, float]:
    """Return the middles of boxes moved apart until none overlaps, and the canvas' height.

    The canvas becomes higher where they have no room, and what stands one below the other is
    loosened, so that at last each has a row of its own.
    """
    while True:
        moved = _pushed(middles, sizes, width, height)
        if moved is not None:
            return moved, height
        height *= 1.1
        middles = middles * (1, 0.5 * 1.1) + _even(middles) * (0, 0.5 * height)


def _pushed(middles: Points, sizes: Points, width: float, height: float) -> Points | None:
    """Return the middles moved apart, or None if there is no room for that.

    Each two that overlap are pushed apart in both directions, further in that where they
    overlap by less of their size. In one alone, wide names would be pushed up and down only,
    and need a higher canvas.
    """
    low, high = sizes / 2, np.array([width, height]) - sizes / 2
    ones, others = np.triu_indices(len(middles), 1)
    need = (sizes[ones] + sizes[others]) / 2
    for _ in range(MOST_PUSHES):
        middles = np.minimum(np.maximum(middles, low), high)
        apart = middles[others] - middles[ones]
        overlap = need - np.abs(apart)
        rows = np.flatnonzero((overlap[:, 0] > 0) & (overlap[:, 1] > 0))
        if not len(rows):
            return middles
        parts = overlap[rows] / need[rows]
        shares = parts[:, ::-1] / parts.sum(1, keepdims=True)
        pushes = 0.5 * (overlap[rows] + 0.5) * shares * np.where(apart[rows] < 0, -1, 1)
        np.subtract.at(middles, ones[rows], pushes)
        np.add.at(middles, others[rows], pushes)
    return None
