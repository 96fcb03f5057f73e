"""CSV: UTF-8, commas, a heading row. Safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from registers.finding.finding import Finding
from registers.formats.apostrophe import as_text
from registers.formats.columns import COLUMNS, Place

CONTENT_TYPE = "text/csv; charset=utf-8"


class _Line:
    """What csv.writer writes to: it keeps the one line last written."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def write(finding: Finding, place: Place) -> Iterator[bytes]:
    """Give the heading row and then a row for each protocol of `finding`, in UTF-8."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([column.name for column in COLUMNS])
    yield line.text.encode()
    for protocol in finding.every():
        writer.writerow([as_text(column.write(protocol, place)) for column in COLUMNS])
        yield line.text.encode()
