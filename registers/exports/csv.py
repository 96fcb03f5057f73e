"""CSV: UTF-8, commas, a heading row. Safe to open in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.plain_text import FORMULA_STARTS, escape_formula, plain
from registers.search.results import Results

CONTENT_TYPE = "text/csv; charset=utf-8"


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the heading row and a row for each protocol of `results`, in UTF-8."""
    yield from csv_rows([column.name for column in COLUMNS], _rows(results, context))


def csv_rows(heading: list[str], rows: Iterable[list[str]]) -> Iterator[bytes]:
    """Yield the heading row and the rows of any table, in UTF-8 and without formulas."""
    for row in chain([heading], rows):
        # Most cells of a record are empty.
        cells = ",".join([_cell(value) if value else "" for value in row])
        yield f"{cells}\r\n".encode()


def _cell(value: str) -> str:
    """Return a cell as csv.writer has it, which takes three times as long."""
    if not value.isprintable():
        value = plain(value)
    if value[:1] in FORMULA_STARTS:
        value = escape_formula(value)
    if '"' in value or "," in value or "\n" in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def _rows(results: Results, context: ExportContext) -> Iterator[list[str]]:
    context = replace(context, through=results.through)
    for protocol in results.iterator():
        yield [column.write(protocol, context) for column in COLUMNS]
