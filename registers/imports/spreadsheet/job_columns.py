"""Which column is what in the file of an import: suggested, from as few of its rows as will do.

They are the first ones of each sheet, and of the others those that say something new of a
column: another form of a date, another short word. They are kept, so that the columns of a
file of 50,000 rows are shown at once, and asked about as if all of it was read.
"""

from __future__ import annotations

import datetime
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

from registers.imports.dates import MONTHS_OF_A_YEAR, order_of_text
from registers.imports.mapping.layout import HEADINGS_WITHIN
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.mapping.saved import find_saved, read_as_saved
from registers.imports.mapping.suggest import LOOKED_AT, Suggestion, suggest
from registers.imports.reading.messages import pack, unpack
from registers.imports.reading.read import Row, Sheet, Value
from registers.imports.spreadsheet.jobs import choose_mapping, mapping_of, sheets_of
from registers.imports.spreadsheet.tables import NotATable
from registers.models import ImportJob

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


@dataclass(frozen=True, slots=True)
class Reading:
    """How the file of an import is likely to be read, from its first rows or from all.

    `before` is the mapping that was chosen for it, or a saved one that knows its headings.
    """

    sheets: list[Sheet]
    before: ColumnMapping
    suggestion: Suggestion


def read_new(job: ImportJob) -> Reading:
    """Read a file that was just uploaded. Where nothing is to be asked, keep how it is read.

    Else keep the rows that tell how it is to be read. Raises Unreadable, or NotATable for a file
    with nothing in it.
    """
    sheets, before = read_as_saved(partial(sheets_of, job), job.kind)
    if not sheets:
        raise NotATable(before.row_kind.no_headings)
    reading = Reading(sheets, before, suggest(sheets, before))
    if reading.suggestion.questions:
        _keep_first_rows(job, take_first_rows(sheets), reading.before)
    elif before.name:
        choose_mapping(job, before)
        job.mapping = before.to_plain()
    return reading


def read_first_rows(
    job: ImportJob, *, separator: str | None = None, encoding: str | None = None
) -> Reading:
    """Return how the file of an import is likely to be read, or as was chosen for it.

    A CSV is read with this separator and encoding, where they are given. Raises Unreadable, and
    ValidationError where the import is gone.
    """

    def as_asked(mapping: ColumnMapping) -> ColumnMapping:
        return replace(
            mapping,
            separator=mapping.separator if separator is None else separator,
            encoding=mapping.encoding if encoding is None else encoding,
        )

    before = as_asked(mapping_of(job))
    sheets = _first_rows(job, before)
    if not job.mapping and (saved := find_saved(sheets, job.kind)):
        before = as_asked(saved)
        sheets = _first_rows(job, before)
    return Reading(sheets, before, suggest(sheets, before))


def _first_rows(job: ImportJob, mapping: ColumnMapping) -> list[Sheet]:
    """Return the first rows of a file. They are kept, for one separator and encoding at a time."""
    stored = ImportJob.objects.filter(pk=job.pk).values_list("first_rows", flat=True).first()
    wanted, _, text = (stored or "").partition("\n")
    if text and wanted == _how(mapping):
        return unpack_sheets(text)
    sheets = take_first_rows(sheets_of(job, mapping))
    _keep_first_rows(job, sheets, mapping)
    return sheets


def _keep_first_rows(job: ImportJob, sheets: list[Sheet], mapping: ColumnMapping) -> None:
    text = f"{_how(mapping)}\n{pack_sheets(sheets)}"
    ImportJob.objects.filter(pk=job.pk).update(first_rows=text)


def _how(mapping: ColumnMapping) -> str:
    return json.dumps([mapping.separator, mapping.encoding])
