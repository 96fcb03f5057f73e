"""The lines of a page under the themes that they stand under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from registers.models import Theme
from registers.search.rows import Row


@dataclass(frozen=True, kw_only=True)
class Group:
    """The lines of one theme that stand on one page. `count` is of all pages."""

    theme: Theme
    count: int
    continued: bool
    rows: list[Row]


def groups(
    rows: list[Row], *, themes: list[Theme], counts: Mapping[int, int], first: int
) -> list[Group]:
    """Return the lines of a page by theme.

    `themes` stand in the order of the list, `counts` has how many protocols of
    each theme, by key, all pages have, and `first` lines stand before this page.
    """
    made: list[Group] = []
    for key, lines in groupby(rows, lambda row: row.theme_id):
        theme = next(theme for theme in themes if theme.pk == key)
        before = sum(counts.get(other.pk, 0) for other in themes[: themes.index(theme)])
        made.append(
            Group(
                theme=theme,
                count=counts[theme.pk],
                continued=not made and before < first,
                rows=list(lines),
            )
        )
    return made
