"""The rows that were refused, as a workbook: in the file's own headings, with the reasons."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import chain, count

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from registers.exports.xlsx import FORMATS, HEADING, MAX_CELL_LENGTH, TEXT, TRUNCATED_NOTE
from registers.imports.mapping.kinds import REASON_HEADING
from registers.imports.reading.messages import CellError, Value
from registers.imports.spreadsheet.tables import Table
from registers.models.protocol_fields import Kind

THEME_HEADING = "Theme"
CUT = f"{TRUNCATED_NOTE}the file that was imported"
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
NAME_LENGTH, WIDTH = 31, 30
FIRST_YEAR = 1900  # a workbook has no earlier day
EXACT = 10**15  # a larger number loses digits in a spreadsheet program

# Why a row is refused, by its sheet (none of a CSV) and its number.
Reasons = Mapping[tuple[str, int], Sequence[str]]


def refused_workbook(tables: Sequence[Table], reasons: Reasons) -> bytes:
    """Return a workbook with the rows that have reasons, each sheet below its own headings.

    Rows that are joined into one protocol are all there. Nothing in it is a formula.
    """
    file = BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        writer = _Writer(book)
        for table in tables:
            rows = list(_rows(table, reasons))
            if rows:
                writer.add(table, rows)
    return file.getvalue()


def _rows(table: Table, reasons: Reasons) -> list[list[Value]]:
    """Return the rows: the reason first, then the theme where it stood above them, their cells."""
    found = []
    for row in table.rows:
        if why := reasons.get((table.sheet[:255], row.number)):
            first = [" ".join(why), table.themes.get(row.number)]
            found.append([*first, *row.values])
            found += [["", first[1], *each.values] for each in table.joined.get(row.number, ())]
    return found


class _Writer:
    """Writes sheets into a workbook, each under a name that it can have."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._text, self._heading = book.add_format(TEXT), book.add_format(HEADING)
        self._day = book.add_format(FORMATS[Kind.DAY])
        self._names = set[str]()

    def add(self, table: Table, rows: list[list[Value]]) -> None:
        """Add a sheet with the headings and the rows of a table."""
        headings: list[Value] = [REASON_HEADING, THEME_HEADING, *table.headings]
        # A file that came from here once has the column already.
        left_out = {at for at, text in enumerate(headings) if at and text == REASON_HEADING}
        left_out |= set() if any(table.themes.values()) else {1}
        width = max(map(len, (headings, *rows)))
        places = [at for at in (*range(1, width), 0) if at not in left_out]
        page = self._book.add_worksheet(self._name(table.sheet))
        page.set_column(0, len(places) - 1, WIDTH)
        for number, row in enumerate((headings, *rows)):
            form = self._text if number else self._heading
            for column, at in enumerate(places):
                if at < len(row):
                    self._write(page, number, column, row[at], form)

    def _name(self, wanted: str) -> str:
        base = NOT_IN_NAMES.sub(" ", wanted).strip() or "Rows"
        names = chain([base[:NAME_LENGTH]], (f"{base[: NAME_LENGTH - 4]} {n}" for n in count(2)))
        name = next(each for each in names if each.lower() not in self._names)
        self._names.add(name.lower())
        return name

    def _write(self, page: Worksheet, row: int, column: int, value: Value, form: Format) -> None:
        if isinstance(value, bool):
            page.write_boolean(row, column, value)
        elif isinstance(value, datetime.date) and value.year >= FIRST_YEAR:
            page.write_datetime(row, column, value, self._day)
        elif isinstance(value, int | float) and abs(value) < EXACT:
            page.write_number(row, column, value)
        elif value is not None:
            page.write_string(row, column, _text(value), form)


def _text(value: Value) -> str:
    text = value.shown if isinstance(value, CellError) else str(value)
    is_whole = len(text.encode("utf-16-le")) <= 2 * MAX_CELL_LENGTH
    return text if is_whole else text[: MAX_CELL_LENGTH // 2 - len(CUT)] + CUT
