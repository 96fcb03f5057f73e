"""Rows that name a theme alone, above the protocols of that theme.

A protocol with nothing but a title looks the same. So what else the sheet shows decides, and
where nothing does, a person is told or asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from django.utils.text import capfirst

from registers.imports.cells import front_of_title
from registers.imports.mapping.layout import Layout, merged_area, row_words, shown
from registers.imports.mapping.mapping import ColumnMapping
from registers.models import Theme
from registers.models.keys import key_of
from registers.models.references import is_reference

MOST_NAMED = 5
TOLD = (
    "{where}{rows} one name alone, and {were} read as {themes}: {names}. If one is a protocol with"
    " nothing but a title, write its purpose or its reference in its row too."
)


@dataclass(slots=True)
class Bands:
    """The themes that rows name alone, by the numbers of these rows.

    `told` are those that could be protocols with nothing but a title, and are likely none.
    `doubts` are the numbers of rows that can be either.
    """

    themes: dict[int, str] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    doubts: set[int] = field(default_factory=set)

    def sentences(self, where: str) -> Iterator[str]:
        """Say which rows are taken for themes that may be none; `where` begins the sentence."""
        if not self.told:
            return
        names = [f"‘{self.themes[each]}’" for each in self.told]
        more = [f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
        several = len(names) > 1
        text = TOLD.format(
            where=where,
            rows=f"{row_words(self.told)} {'hold' if several else 'holds'}",
            were="were" if several else "was",
            themes="themes" if several else "a theme",
            names=", ".join([*names[:MOST_NAMED], *more]),
        )
        yield capfirst(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lone:
    """A row with words in one cell alone. `leads` says that a row with more stands below it."""

    number: int
    place: int
    text: str
    leads: bool


def find_bands(layout: Layout, mapping: ColumnMapping) -> Bands:
    """Return which rows name a theme.

    A row does that names a theme of the register, is merged with its neighbours, or stands in
    another column than the titles. Where such rows show how the themes of a sheet look, a lone
    title that looks otherwise is a protocol. Else it is a theme where a row with more stands below.
    """
    known = set(Theme.objects.values_list("key", flat=True))
    uses = [mapping.use_of(heading) for heading in layout.headings]
    merged = _merged_rows(layout)
    bands, titles, is_marked = Bands(), list[_Lone](), False
    for lone in _lone_rows(layout):
        use, is_merged = uses[lone.place], lone.number in merged
        is_title = use == "title" and not is_merged
        if is_title and not known.intersection(_keys(lone.text)):
            titles += [] if front_of_title(lone.text) else [lone]
            continue
        is_row = use == "reference" and is_reference(lone.text)
        if is_title or is_merged or (lone.leads and not is_row):
            bands.themes[lone.number] = lone.text
            is_marked |= not is_title
    for lone in () if is_marked else titles:
        if lone.leads:
            bands.themes[lone.number] = lone.text
            bands.told.append(lone.number)
        else:
            bands.doubts.add(lone.number)
    return bands


def _lone_rows(layout: Layout) -> Iterator[_Lone]:
    for row, below in zip_longest(layout.rows, layout.rows[1:]):
        filled = [at for at, value in enumerate(row.values) if value is not None]
        if len(filled) == 1 and isinstance(row.values[filled[0]], str):
            leads = below is not None and len(below.values) - below.values.count(None) > 1
            text = shown(row.values[filled[0]])
            yield _Lone(number=row.number, place=filled[0], text=text, leads=leads)


def _keys(text: str) -> list[str]:
    """Return the keys of the theme that is named, without a count in brackets, as on the page."""
    return [key_of(text), key_of(text.rpartition(" (")[0])]


def _merged_rows(layout: Layout) -> set[int]:
    """Return the numbers of rows with cells that are merged with their neighbours."""
    areas = filter(None, map(merged_area, layout.sheet.merged))
    return {top for left, top, right, bottom, _ in areas if top == bottom and left < right}
