"""CSV: UTF-8, commas, a heading row. Safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.plain_text import escape_formula, plain
from registers.search.results import Results

CONTENT_TYPE = "text/csv; charset=utf-8"


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the heading row and a row for each protocol of `results`, in UTF-8."""
    yield from csv_rows([column.name for column in COLUMNS], _rows(results, context))


def csv_rows(heading: list[str], rows: Iterable[list[str]]) -> Iterator[bytes]:
    """Yield the heading row and the rows of any table, in UTF-8 and without formulas."""
    buffer = _LineBuffer()
    writer = csv.writer(buffer)
    for row in chain([heading], rows):
        writer.writerow([escape_formula(plain(value)) for value in row])
        yield buffer.text.encode()


def _rows(results: Results, context: ExportContext) -> Iterator[list[str]]:
    context = replace(context, through=results.through)
    for protocol in results.iterator():
        yield [column.write(protocol, context) for column in COLUMNS]


class _LineBuffer:
    """The file that csv.writer writes to: it holds the last line written."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text
