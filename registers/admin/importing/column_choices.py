"""What was chosen on the page of the columns, read from what was sent: nothing of it is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from registers.imports.mapping.kinds import heading_key
from registers.imports.mapping.mapping import (
    DAY_ORDERS,
    STATUSES,
    THEMES_FROM,
    ColumnMapping,
    SheetOptions,
)
from registers.imports.mapping.suggest import suggest
from registers.imports.reading.csv import ENCODINGS, SEPARATORS
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.job_columns import Reading

MOST_ROWS = 1_000_000
SEPARATOR_NAMES = {name: mark for mark, name in SEPARATORS.items()}
Data = Mapping[str, Any]


def mark_of(text: str) -> str:
    """Return a short text by which a heading, or a word of a status, is known again."""
    return hashlib.sha256(heading_key(text).encode()).hexdigest()[:12]


def digest_of(headings: Sequence[str]) -> str:
    """Return a short text that differs where the headings do."""
    return mark_of("\n".join(headings))


def csv_options(data: Data) -> dict[str, str]:
    """Return the separator and the encoding that were chosen; '' for one that is found out."""
    encoding = str(data.get("encoding", ""))
    return {
        "separator": SEPARATOR_NAMES.get(str(data.get("separator", "")), ""),
        "encoding": encoding if encoding in ENCODINGS else "",
    }


def reading_options(data: Data, before: ColumnMapping, sheets: Sequence[Sheet]) -> ColumnMapping:
    """Return `before` with how the rows of the sheets are found, as was chosen."""
    chosen = dict(before.sheets)
    for place, sheet in enumerate(sheets):
        options = _sheet_options(data, place, usual=before.row_kind.reads(sheet))
        chosen.pop(sheet.name, None)
        if options != SheetOptions():
            chosen[sheet.name] = options
    return replace(before, hidden_rows="hidden_rows" in data, sheets=chosen)


def _sheet_options(data: Data, place: int, *, usual: bool) -> SheetOptions:
    is_read, row = f"sheet-{place}-read" in data, str(data.get(f"sheet-{place}-row", ""))
    is_shown = f"sheet-{place}-shown" in data
    return SheetOptions(
        read=is_read if is_shown and is_read != usual else None,
        heading_row=int(row) if row.isdecimal() and int(row) <= MOST_ROWS else 0,
    )


def read_as_chosen(data: Data, sheets: Sequence[Sheet], options: ColumnMapping) -> Reading:
    """Return how the sheets are to be read, as was chosen on the form; the rest is suggested."""
    headings = suggest(sheets, options).headings
    uses = {
        heading: use
        for heading in headings
        if (use := str(data.get(f"use-{mark_of(heading)}", ""))) in options.row_kind.uses
    }
    chosen = replace(
        options,
        columns=options.columns | uses,
        day_orders=options.day_orders | dict(_orders(data, headings)),
        defaults=_defaults(data, options),
        match_titles="match_titles" in data,
        withdrawn_on_review="withdrawn_on_review" in data,
        name=" ".join(str(data.get("name", "")).split()),
    )
    suggestion = suggest(sheets, chosen)
    mapping = suggestion.mapping
    mapping.columns |= uses  # also where a column for the titles is looked for
    theme_from = str(data.get("theme_from", ""))
    mapping.theme_from = theme_from if theme_from in THEMES_FROM else options.theme_from
    mapping.statuses = mapping.statuses | {
        word: status
        for word in suggestion.status_words
        if (status := str(data.get(f"status-{mark_of(word)}", ""))) in STATUSES
    }
    return Reading(list(sheets), options, suggestion)


def _orders(data: Data, headings: Sequence[str]) -> Iterator[tuple[str, str]]:
    for heading in headings:
        order = str(data.get(f"order-{mark_of(heading)}", ""))
        if order in DAY_ORDERS:
            yield heading, order


def _defaults(data: Data, before: ColumnMapping) -> dict[str, str]:
    given = dict(before.defaults)
    for column in before.row_kind.defaults:
        if (text := data.get(f"given-{column}")) is not None:
            given.pop(column, None)
            if text.strip():
                given[column] = text.strip()
    return given
