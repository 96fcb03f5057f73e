"""The picture of who is named with whom: where its points, lines and words stand, in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from registers.models import Layout, Name, Organisation
from registers.models.addresses import address
from registers.search.index import Index, IntArray
from registers.search.layout import Points, fitted, placed, separated
from registers.search.pairs import Pairs, pairs_around
from registers.search.picture import (
    SEVERAL,
    Drawing,
    drawing_around,
    drawing_of_all,
)

WIDTH, RECORD_WIDTH = 1160, 804  # of the column that it stands in, at a width of 1280
STYLES = 6  # each with a dash and a colour of its own: the sixth theme and more share the last
LETTER, LINE_HEIGHT, LONGEST_LINE, MOST_WORD_LINES = 14, 16, 22, 2
NARROW, WIDE = set("iljtfrI.,:;'’-()| "), set("mwMWABCDEGHKNOPQRSUVXYZ&")
SMALLEST, LARGEST = 3, 16  # radius of a point
WIDEST = 8  # line
ROOM = 1.9  # times what points with their names cover
GAP = 4  # between a point and its name, and around both


@dataclass(frozen=True, kw_only=True)
class Point:
    """An organisation: `protocols` in force name it itself. `words` are its name or part of it."""

    organisation: Organisation
    protocols: int
    x: int
    y: int
    radius: int
    words: list[str]

    @property
    def word_lines(self) -> list[tuple[int, str]]:
        """The lines of its name, each with the height that it stands on."""
        first = self.y + self.radius + GAP + LETTER - 2
        return [(first + row * LINE_HEIGHT, text) for row, text in enumerate(self.words)]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the point with its name."""
        width, height = size_of(self.words, self.radius)
        top = self.y - self.radius
        return self.x - width / 2, top, self.x + width / 2, top + height


@dataclass(frozen=True, kw_only=True)
class Line:
    """Two points that are named together in `protocols`, all of one `theme` or of several: None."""

    one: Point
    other: Point
    protocols: int
    theme: Any
    style: int
    width: float
    faint: bool

    def get_absolute_url(self) -> str:
        """Return the page of what the two are named in together."""
        slugs = sorted([self.one.organisation.slug, self.other.organisation.slug])
        return address("together", *slugs)

    @property
    def title(self) -> str:
        """What the line says."""
        protocols = "1 protocol" if self.protocols == 1 else f"{self.protocols} protocols"
        theme = self.theme or "more than one theme"
        return f"{self.one.organisation} and {self.other.organisation}: {protocols}, {theme}"

    @property
    def path(self) -> str:
        """The line, as SVG has it."""
        return f"M{self.one.x} {self.one.y}L{self.other.x} {self.other.y}"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Points and lines on a canvas, and the facts that a sentence says of them."""

    points: list[Point]
    lines: list[Line]
    width: int
    height: int
    drawing: Drawing
    index: Index
    around: Organisation | None

    @property
    def is_whole(self) -> bool:
        """Whether each pair of the table is drawn."""
        return self.drawing.whole.complete and len(self.lines) == len(self.drawing.whole)

    @property
    def has_faint(self) -> bool:
        """Whether lines of a single protocol are drawn faintly."""
        return self.lines[0].faint

    @cached_property
    def legend(self) -> list[tuple[int, str]]:
        """Each style that a line has, in the order of themes, and what it means."""
        themes = {line.style: line.theme for line in self.lines if not line.faint}
        shared = len(self.index.themes) > STYLES
        words = {
            style: "Another theme" if style == STYLES and shared else str(theme)
            for style, theme in sorted(themes.items())
            if style
        }
        return [*words.items(), *([(0, "More than one theme")] if 0 in themes else [])]

    @cached_property
    def most(self) -> dict[str, Any]:
        """The organisation that is named with the most others, and with how many.

        `more` is how many organisations are named with as many. Where not all pairs are
        counted, this is of the organisation in the most protocols.
        """
        pairs, points = self.drawing.whole, self.points
        if not pairs.complete:
            mask = self.index.of_organisations([points[0].organisation.pk])
            mask &= self.index.in_status("published")
            others = int(np.count_nonzero(self.index.count_by_organisation(mask))) - 1
            return {"organisation": points[0].organisation, "more": 0, "others": others}
        counts = np.bincount(np.concatenate([pairs.organisation, pairs.other]))
        keys = np.flatnonzero(counts == counts.max())
        first = next(p.organisation for p in points if p.organisation.pk in keys)
        return {"organisation": first, "more": len(keys) - 1, "others": int(counts.max())}


def picture_of(
    index: Index, pairs: Pairs, around: Organisation | None, *, width: int = WIDTH
) -> Picture | None:
    """Return the picture of the pairs of all organisations, or of one; None without a pair."""
    drawing = drawing_around(index, pairs, around) if around else drawing_of_all(index, pairs)
    organisations, acronyms = named(drawing.bodies)
    # One that was merged in the meantime has no page to lead to.
    if not len(drawing.lines) or len(organisations) < len(drawing.bodies):
        return None
    words = [
        words_of(organisations[int(key)].name, acronyms.get(int(key), "")) for key in drawing.bodies
    ]
    most = int(drawing.protocols.max())
    radii = [radius_of(int(number), most) for number in drawing.protocols]
    middles, height = positions(drawing, words, radii, width)
    points = [
        Point(
            organisation=organisations[int(key)],
            protocols=int(number),
            x=round(x),
            y=round(y - size_of(text, radius)[1] / 2 + radius),
            radius=radius,
            words=text,
        )
        for key, number, (x, y), text, radius in zip(
            drawing.bodies, drawing.protocols, middles, words, radii, strict=True
        )
    ]
    return Picture(
        points=points,
        lines=lines_of(drawing, points, index, thin_out=around is None),
        width=width,
        height=round(height),
        drawing=drawing,
        index=index,
        around=around,
    )


def picture_around(index: Index, organisation: Organisation) -> Picture | None:
    """Return the picture around one organisation for its page, where it is beside others."""
    # Where two are in as many protocols, either is as good: their names are not read for that.
    ranks = np.zeros(len(index.count_by_organisation(index.public)), np.int64)
    pairs = pairs_around(index, organisation, ranks)
    return picture_of(index, pairs, organisation, width=RECORD_WIDTH)


def positions(
    drawing: Drawing, words: list[list[str]], radii: list[int], width: int
) -> tuple[Points, float]:
    """Return the middles of points with their names, none over another, and the height."""
    sizes = np.array([size_of(*each) for each in zip(words, radii, strict=True)])
    sizes += 2 * GAP
    points = placed(drawing.bodies, drawing.lines, drawing.numbers, Layout.stored())
    return _separated(points.tobytes(), sizes.tobytes(), width)


@lru_cache(128)
def _separated(points: bytes, sizes: bytes, width: int) -> tuple[Points, float]:
    """Return what `positions` does. Remembered: few edits move a point or change a name."""
    boxes = np.frombuffer(sizes).reshape(-1, 2)
    height = max(240.0, ROOM * float(boxes.prod(1).sum()) / width)
    fit = fitted(np.frombuffer(points).reshape(-1, 2), width, height)
    return separated(fit, boxes, width, height)


def lines_of(drawing: Drawing, points: list[Point], index: Index, *, thin_out: bool) -> list[Line]:
    """Return the lines, the thin ones first, so that they are under the thick ones.

    `thin_out` makes lines of a single protocol faint where others are of more: one protocol of
    27 organisations makes 351 lines, which would hide all others.
    """
    themes = {theme.pk: theme for theme in index.themes}
    styles = {key: min(row, STYLES) for row, key in enumerate(themes, start=1)} | {SEVERAL: 0}
    least, most = int(drawing.numbers.min()), int(drawing.numbers.max())
    lines = [
        Line(
            one=points[one],
            other=points[other],
            protocols=int(number),
            theme=themes.get(theme),
            style=styles.get(theme, 0),
            width=width_of(int(number), least, most),
            faint=thin_out and number == 1 < most,
        )
        for (one, other), number, theme in zip(
            drawing.lines, drawing.numbers, drawing.themes.tolist(), strict=True
        )
    ]
    return sorted(lines, key=lambda line: line.protocols)


def width_of(protocols: int, least: int, most: int) -> float:
    """Return the width of a line, which grows more slowly than the number, from 1.2 to WIDEST."""
    slow = math.log(WIDEST - 0.2) / math.log(most / least) if most > least else 1
    return round(0.2 + math.pow(protocols / least, min(0.8, slow)), 1)


def radius_of(protocols: int, most: int) -> int:
    """Return the radius of a point, so that its area grows with the number."""
    return round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(protocols / most))


def named(keys: IntArray) -> tuple[dict[int, Organisation], dict[int, str]]:
    """Return organisations, and the acronyms of those that have one, by id: one query."""
    kinds = [Name.Kind.OFFICIAL, Name.Kind.ACRONYM]
    names = Name.objects.filter(organisation__in=keys.tolist(), kind__in=kinds)
    organisations: dict[int, Organisation] = {}
    acronyms: dict[int, str] = {}
    for name in names.select_related("organisation").order_by("pk"):
        organisations[name.organisation_id] = name.organisation
        if name.kind == Name.Kind.ACRONYM:
            acronyms.setdefault(name.organisation_id, name.text)
    return organisations, acronyms


def words_of(name: str, acronym: str) -> list[str]:
    """Return a name in two short lines; else the acronym, else as much as there is room for."""
    lines = [""]
    for word in name.split():
        if len(lines[-1]) + len(word) < LONGEST_LINE or not lines[-1]:
            lines[-1] = f"{lines[-1]} {word}".strip()
        else:
            lines.append(word)
    if len(lines) <= MOST_WORD_LINES and max(map(len, lines)) <= LONGEST_LINE:
        return lines
    if acronym and len(acronym) <= LONGEST_LINE:
        return [acronym]
    lines = [line[:LONGEST_LINE] for line in lines[:MOST_WORD_LINES]]
    return [*lines[:-1], lines[-1].rstrip(" ,") + "…"]


def size_of(words: list[str], radius: int) -> tuple[float, float]:
    """Return the width and height of a point with its name, rather too large than too small."""
    width = max(sum(map(_letter_width, line)) for line in words)
    return max(width, 2.0 * radius), 2 * radius + GAP + LINE_HEIGHT * len(words)


def _letter_width(letter: str) -> float:
    return LETTER * (0.36 if letter in NARROW else 0.8 if letter in WIDE else 0.57)
