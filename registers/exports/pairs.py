"""The published columns of pairs of organisations, for CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from registers.exports.columns import ExportContext
from registers.exports.csv import csv_rows
from registers.exports.facts import named
from registers.search.pairs import PairRow

# By their names, what they mean.
COLUMNS = {
    "organisation": "The official name of the first organisation.",
    "organisation_slug": "The end of its web address.",
    "with": "The official name of the organisation that it is named with.",
    "with_slug": "The end of its web address.",
    "protocols": "How many protocols in force name both, each in its own name.",
    "url": "The web address of what they are named in together.",
}


def as_csv(pairs: Iterable[PairRow], context: ExportContext) -> Iterator[bytes]:
    """Yield the heading row and a row for each pair, in UTF-8."""
    rows = (
        [
            pair.organisation.name,
            pair.organisation.slug,
            pair.other.name,
            pair.other.slug,
            str(pair.protocols),
            f"{context.site}{pair.get_absolute_url()}",
        ]
        for pair in pairs
    )
    yield from csv_rows(list(COLUMNS), rows)


def record(pair: PairRow, context: ExportContext) -> dict[str, Any]:
    """Return one pair for JSON."""
    return {
        "organisation": named(pair.organisation),
        "with": named(pair.other),
        "protocols": pair.protocols,
        "url": f"{context.site}{pair.get_absolute_url()}",
    }
