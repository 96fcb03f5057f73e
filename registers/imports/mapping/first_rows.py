"""The rows that tell how a file is to be read: kept, so that no page reads all of it again.

They are the first ones of each sheet, and of the others those that say something new of a
column: another form of a date, another short word. So the columns of a file of 50,000 rows are
shown at once, and asked about as if all of it was read.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from registers.imports.dates import MONTHS_OF_A_YEAR, order_of_text
from registers.imports.mapping.layout import HEADINGS_WITHIN
from registers.imports.mapping.suggest import LOOKED_AT
from registers.imports.reading.messages import pack, unpack
from registers.imports.reading.read import Row, Sheet, Value

FIRST = HEADINGS_WITHIN + LOOKED_AT
HIDDEN = 12  # hidden rows of a sheet
WORDS = 40  # different short words of a column
SHORT, LONGEST = 40, 240  # characters of a cell
CHARACTERS = 4_000_000  # of all sheets
IN_NUMBERS = re.compile(r"(?<!\d)\d{1,2}[/.\-\s]+\d{1,2}[/.\-\s]+\d{2,4}(?!\d)")


def take_first_rows(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Return the sheets with the rows that tell how they are to be read, long cells cut."""
    most = CHARACTERS // max(len(sheets), 1)
    return [_take(sheet, most) for sheet in sheets]


def pack_sheets(sheets: Sequence[Sheet]) -> str:
    """Return sheets as a text, to be kept."""
    return "".join(
        pack("sheet", [getattr(sheet, name) for name in ABOUT], [_plain(row) for row in sheet.rows])
        for sheet in sheets
    )


def unpack_sheets(text: str) -> list[Sheet]:
    """Return what `pack_sheets` was given."""
    sheets = []
    for line in filter(None, text.split("\n")):
        _, about, rows = unpack(line)
        taken = [Row(number, tuple(values), hidden) for number, hidden, *values in rows]
        sheets.append(Sheet(**dict(zip(ABOUT, about, strict=True)), rows=taken, merged=[]))
    return sheets


ABOUT = ("name", "hidden", "kind", "hidden_columns", "separator", "encoding", "left_out")


def _plain(row: Row) -> list[Any]:
    return [row.number, row.hidden, *row.values]


def _take(sheet: Sheet, most: int) -> Sheet:
    telling, rows, characters = _Telling(), [], 0
    for at, row in enumerate(sheet.rows):
        if telling.adds(row) or at < FIRST:
            values = tuple(_cut(value) for value in row.values)
            rows.append(replace(row, values=values))
            characters += sum(len(value) for value in values if isinstance(value, str))
            if characters > most:
                break
    return replace(sheet, rows=rows, merged=[])


def _cut(value: Value) -> Value:
    return f"{value[:LONGEST]} …" if isinstance(value, str) and len(value) > LONGEST else value


@dataclass(slots=True)
class _Telling:
    """What the rows of a sheet have said so far, column by column."""

    hidden: int = 0
    dates: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    words: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def adds(self, row: Row) -> bool:
        """Note what a row says, and return whether something of it is new."""
        is_new = row.hidden and self.hidden < HIDDEN
        self.hidden += row.hidden
        for at, value in enumerate(row.values):
            if isinstance(value, str) and len(value) <= SHORT:
                words = self.words[at]
                if value not in words and len(words) < WORDS:
                    words.add(value)
                    is_new = True
                is_new |= _adds(self.dates[at], _order(value))
            elif isinstance(value, datetime.date):
                is_new |= _adds(self.dates[at], str(value.day <= MONTHS_OF_A_YEAR))
        return is_new


def _adds(seen: set[str], kind: str) -> bool:
    """Note what is not seen yet, and return whether it is new."""
    if not kind or kind in seen:
        return False
    seen.add(kind)
    return True


@lru_cache(maxsize=10_000)
def _order(text: str) -> str:
    """Return what a text says of the order of day and month, or nothing."""
    return order_of_text(text) if IN_NUMBERS.search(text) else ""
