"""Which sheets of a file hold protocols, which of their columns are which, and merged cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from registers.exports.columns import COMPUTED_COLUMNS, find_column
from registers.exports.workbook import ABOUT
from registers.imports.cells import Refused, text_of
from registers.imports.reading.cell_names import column
from registers.imports.reading.read import Row, Sheet, Value, letter

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


# Titles and notes may stand above the headings, but not many.
HEADINGS_WITHIN = 25
NO_HEADINGS = (
    "No row of headings was found in this file. One row must name the columns: 'Title' or"
    " 'reference' is one of them, such as: Theme, Title, Purpose, Lead Organisation, Other"
    " Organisations Involved, Review date."
)
ONLY_HEADINGS = "This file has headings and no rows below them. There is nothing to import."


class NotATable(ValueError):  # noqa: N818 (a sentence for a person)
    """Nothing in the file can be imported. Its sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose columns are known: their places by their published names.

    `own` are the columns that are headed exactly as the register heads them in
    its own files. `merged` knows the cells that a merged cell covers.
    """

    sheet: str
    columns: dict[str, int]
    own: frozenset[str]
    rows: list[Row]
    merged: Merged

    def letter(self, column: str) -> str:
        """Return the letter of a column; nothing where the file has none such."""
        return letter(self.columns[column]) if column in self.columns else ""


@dataclass(slots=True)
class Tables:
    """All tables of a file, and sentences about what was left out of it."""

    tables: list[Table] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(len(table.rows) for table in self.tables)


def read_tables(sheets: list[Sheet]) -> Tables:
    """Return the sheets that hold protocols. Raises NotATable when none does."""
    found = Tables()
    for sheet in sheets:
        if sheet.hidden:
            found.said.append(f"The sheet '{sheet.name}' is hidden, so it was left out.")
            continue
        if sheet.left_out:
            found.said.append(sheet.left_out)
            continue
        table = _table(sheet, found.said)
        if table is None and sheet.name != ABOUT:
            found.said.append(f"The sheet '{sheet.name}' has no headings, so it was left out.")
        elif table:
            found.tables.append(table)
    if not found.tables:
        raise NotATable(NO_HEADINGS)
    if not found.rows:
        raise NotATable(ONLY_HEADINGS)
    return found


def _table(sheet: Sheet, said: list[str]) -> Table | None:
    """Return the table in a sheet, or None where no row names columns."""
    for index, row in enumerate(sheet.rows[:HEADINGS_WITHIN]):
        headings = [_heading(value) for value in row.values]
        names = [find_column(heading) for heading in headings]
        if not {"title", "reference"} & set(names) or len(set(names) - {None}) < min(
            2, len(list(filter(None, headings)))
        ):
            continue
        in_sheet = f"Sheet '{sheet.name}': " if sheet.kind == "workbook" else ""
        for name, times in Counter(filter(None, names)).items():
            if times > 1:
                which = " and ".join(letter(i) for i, each in enumerate(names) if each == name)
                raise NotATable(
                    f"{in_sheet}the columns {which} are both headed {name}. Take one of them out."
                )
        said += _left_out(headings, names, in_sheet)
        columns = {name: place for place, name in enumerate(names) if name}
        return Table(
            sheet=sheet.name if sheet.kind == "workbook" else "",
            columns=columns,
            own=frozenset(n for n, at in columns.items() if headings[at] == n),
            rows=sheet.rows[index + 1 :],
            merged=Merged(sheet.merged, columns.values()),
        )
    return None


def _heading(value: Value) -> str:
    try:
        return text_of(value)
    except Refused:
        return ""


def _left_out(headings: list[str], names: list[str | None], in_sheet: str) -> list[str]:
    """Return sentences about columns that are not read."""
    said = [
        f"{in_sheet}column {letter(at)}, '{heading[:100]}', is not one that this register knows,"
        " so it was left out."
        for at, (heading, name) in enumerate(zip(headings, names, strict=True))
        if heading and name is None
    ]
    worked_out = [name for name in COMPUTED_COLUMNS if name in names]
    if worked_out:
        said.append(
            f"{in_sheet}{', '.join(worked_out)}: the register works this out by itself, so it"
            " was not read."
        )
    return said
