"""CSV: UTF-8, commas, a heading row. Safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from registers.exports.columns import COLUMNS, Place
from registers.exports.plain_text import as_text, plain
from registers.search.results import Results

CONTENT_TYPE = "text/csv; charset=utf-8"


def write(results: Results, place: Place) -> Iterator[bytes]:
    """Give the heading row and then a row for each protocol of `results`, in UTF-8."""
    yield from lines([column.name for column in COLUMNS], _rows(results, place))


def lines(heading: list[str], rows: Iterable[list[str]]) -> Iterator[bytes]:
    """Give any table's heading row and then its rows, in UTF-8, each safe to open."""
    line = _Line()
    writer = csv.writer(line)
    for row in chain([heading], rows):
        writer.writerow([as_text(plain(value)) for value in row])
        yield line.text.encode()


def _rows(results: Results, place: Place) -> Iterator[list[str]]:
    for protocol in results.iterator():
        yield [column.write(protocol, place) for column in COLUMNS]


class _Line:
    """What csv.writer writes to: it keeps the one line last written."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text
