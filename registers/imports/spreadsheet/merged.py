"""Which cells of a table a merged cell covers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from registers.imports.reading.cell_names import column

LARGEST = 10_000  # cells
RANGE = re.compile(r"([A-Z]{1,3})(\d{1,8}):([A-Z]{1,3})(\d{1,8})")


@dataclass(slots=True)
class _Spans:
    """Rows of one column that merged cells cover: none twice, from the top to the bottom."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    wholes: list[str] = field(default_factory=list)

    def add(self, first: int, last: int, whole: str) -> None:
        """Add rows, of which none begins before those that were added last."""
        first = max(first, self.lasts[-1] + 1) if self.lasts else first
        if first <= last:
            self.firsts.append(first)
            self.lasts.append(last)
            self.wholes.append(whole)


class Merged:
    """The merged cells of a sheet, in the columns that are read.

    Only where they begin and end is kept: ranges of empty cells may be without end.
    A merged cell that is larger than any table says nothing: it is left out.
    """

    def __init__(self, ranges: Iterable[str], columns: Iterable[int]) -> None:
        areas = [area for each in ranges if (area := _area(each))]
        self._spans: dict[int, _Spans] = {}
        for at in columns:
            spans = _Spans()
            # The cell that the others are merged with keeps its text.
            covered = (
                (top + (at == left), bottom, whole)
                for left, top, right, bottom, whole in areas
                if left <= at <= right
            )
            for each in sorted(covered):
                spans.add(*each)
            if spans.firsts:
                self._spans[at] = spans

    def whole(self, row: int, at: int) -> str:
        """Return the name of the cell with which this one is merged, or nothing."""
        if (spans := self._spans.get(at)) is None:
            return ""
        found = bisect_right(spans.firsts, row) - 1
        return spans.wholes[found] if found >= 0 and row <= spans.lasts[found] else ""


def _area(written: str) -> tuple[int, int, int, int, str] | None:
    """Return the first column and row of a range, the last ones, and the name of its first cell."""
    if not (found := RANGE.fullmatch(written)):
        return None
    left, right, top, bottom = column(found[1]), column(found[3]), int(found[2]), int(found[4])
    if (right - left + 1) * (bottom - top + 1) > LARGEST:
        return None
    return left, top, right, bottom, f"{found[1]}{top}"
