"""What the picture of who is named with whom shows: the pairs of the table as points and lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registers.models import Organisation, Protocol
from registers.search.index import Index, IntArray, Mask
from registers.search.pairs import Pairs

MOST_BODIES = 100  # of all organisations, those in the most protocols
MOST_AROUND = 60  # named with one organisation, as many as its page lists
MOST_LINES = 500
LINES_OF_MANY = 250  # where these are too few for all
SEVERAL = 0  # themes: no theme has this id


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Points and lines. `bodies` are ids, `protocols` in how many in force each is named itself.

    A row of `lines` is two rows of `bodies`; `numbers` is in how many both are named, and
    `themes` the id of the theme of these or SEVERAL. `whole` are all the pairs, of which these
    may be a part.
    """

    bodies: IntArray
    protocols: IntArray
    lines: IntArray
    numbers: IntArray
    themes: IntArray
    whole: Pairs


def drawing_of_all(index: Index, pairs: Pairs) -> Drawing:
    """Return the MOST_BODIES organisations in the most protocols, and their first pairs."""
    totals = index.count_by_organisation(index.in_status(Protocol.Status.PUBLISHED))
    both = np.concatenate([pairs.organisation, pairs.other])
    bodies, first = np.unique(both, return_index=True)
    bodies = bodies[np.lexsort((first, -totals[bodies]))][:MOST_BODIES]
    inside = np.isin(pairs.organisation, bodies) & np.isin(pairs.other, bodies)
    return _drawing(index, pairs, bodies, _most(pairs, np.flatnonzero(inside)))


def drawing_around(index: Index, pairs: Pairs, organisation: Organisation) -> Drawing:
    """Return one organisation, the first point, and those it is named with in the most."""
    bodies = np.concatenate([[organisation.pk], pairs.other[:MOST_AROUND]])
    return _drawing(index, pairs, bodies, np.arange(len(bodies) - 1))


def _most(pairs: Pairs, rows: IntArray) -> IntArray:
    """Return all rows, or LINES_OF_MANY: the first of each organisation, then the first."""
    if len(rows) <= MOST_LINES:
        return rows
    both = np.stack([pairs.organisation[rows], pairs.other[rows]], 1).ravel()
    firsts = np.unique(both, return_index=True)[1] // 2
    chosen = np.zeros(len(rows), bool)
    chosen[firsts] = True
    others = np.flatnonzero(~chosen)[: LINES_OF_MANY - np.count_nonzero(chosen)]
    chosen[others] = True
    return rows[chosen]


def _drawing(index: Index, pairs: Pairs, bodies: IntArray, rows: IntArray) -> Drawing:
    current = index.in_status(Protocol.Status.PUBLISHED)
    places = np.zeros(int(bodies.max(initial=0)) + 1, np.int64)
    places[bodies] = np.arange(len(bodies))
    ends = np.stack([pairs.organisation[rows], pairs.other[rows]], 1)
    totals = index.count_by_organisation(current)
    totals = np.append(totals, np.zeros(max(0, len(places) - len(totals)), np.int64))
    return Drawing(
        bodies=bodies,
        protocols=totals[bodies],
        lines=places[ends],
        numbers=pairs.protocols[rows],
        themes=_themes(index, current, np.take_along_axis(ends, np.argsort(totals[ends], 1), 1)),
        whole=pairs,
    )


def _themes(index: Index, current: Mask, pairs: IntArray) -> IntArray:
    """Return the theme of the protocols in force that name both, by pair, or SEVERAL.

    The second of each pair should be the one in more protocols: those of the first are tried.
    """
    themes = np.zeros(len(pairs), np.int64)
    for organisation in np.unique(pairs[:, 1]):
        mask = index.of_organisations([int(organisation)]) & current
        for row in np.flatnonzero(pairs[:, 1] == organisation):
            positions = index.positions_of(int(pairs[row, 0]))
            found = index.theme[positions[mask[positions]]]
            themes[row] = found[0] if (found == found[0]).all() else SEVERAL
    return themes
