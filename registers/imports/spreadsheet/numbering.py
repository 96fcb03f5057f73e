"""Which protocol each row is about: by its reference, or a new one under the next free number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from registers.formats.cells import reference_and_title, reference_of
from registers.imports.spreadsheet.reading import Tables
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.stored import Stored
from registers.models.words import key_of

REFERENCE_AND_TITLE = ("reference", "title")


@dataclass(slots=True)
class Entry:
    """A row with what names its protocol: its reference, or none yet, and its title."""

    row: RowOf
    reference: str
    title: str
    is_given: bool


def entries_of(tables: Tables, stored: Stored) -> Iterator[Entry]:
    """Give every row with its reference; those that have none get the next free ones."""
    entries = [_entry(RowOf(table, row), stored) for table in tables.tables for row in table.rows]
    _refuse_twice(entries)
    free = stored.free(entry.reference for entry in entries if entry.reference)
    for entry in entries:
        if not entry.is_given and not entry.row.problems:
            _give_reference(entry, next(free, ""), stored)
    yield from entries


def _entry(row: RowOf, stored: Stored) -> Entry:
    """Return a row with the reference in its own cell, or at the front of its title."""
    reference = row.read("reference", reference_of) or ""
    title = row.text("title")
    if title and not reference and not row.problems:
        found = row.read("title", lambda _: reference_and_title(title))
        reference, title = found or ("", title)
    if not title and not reference and not row.problems:
        filled = [name for name in row.table.columns if row.value(name) is not None]
        row.refuse(
            filled[0] if filled else "title",
            f"Nothing is written but: {', '.join(filled)}. The row has no title and no reference."
            if filled
            else "Nothing stands under the headings that this register knows.",
            "Write its title, or delete the row.",
        )
    is_given = bool(reference)
    if reference and not row.problems:
        there = stored.reference(reference)
        gap = stored.gap(reference)
        if there is None and not int(reference):
            row.refuse(*_at_reference(row), "0000 is not a reference.", "Begin with 0001.")
        elif there is None and gap is not None:
            row.refuse(
                *_at_reference(row),
                f"The number book says of {gap.pk}: {gap.get_fate_display().lower()}.",
                "Take that back there first, or use another number.",
            )
        reference = there or reference
    return Entry(row, reference, title, is_given)


def _at_reference(row: RowOf) -> tuple[str]:
    return (next((name for name in REFERENCE_AND_TITLE if row.has(name)), "title"),)


def _refuse_twice(entries: list[Entry]) -> None:
    """Refuse every row whose reference, or whose title where it has none, stands twice."""
    same: dict[tuple[bool, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.is_given:
            same[True, str(int(entry.reference))].append(entry)
        elif entry.title:
            same[False, key_of(entry.title)].append(entry)
    for (is_given, _), alike in same.items():
        for entry in alike if len(alike) > 1 else ():
            others = "; ".join(
                f"sheet '{each.row.table.sheet}', row {each.row.number}"
                if each.row.table.sheet
                else f"row {each.row.number}"
                for each in alike[:4]
                if each is not entry
            )
            if is_given:
                (column,) = _at_reference(entry.row)
                entry.row.refuse(
                    column,
                    f"The reference {entry.reference} stands more than once: also in {others}.",
                    "Leave one of them, or give the other its own number.",
                )
            else:
                entry.row.refuse(
                    "title",
                    f"This title stands more than once without a reference: also in {others}.",
                    "Write the reference in front of each, such as 0012.",
                )


def _give_reference(entry: Entry, free: str, stored: Stored) -> None:
    """Give a row the next free reference, unless it may be a protocol that is there."""
    there = stored.with_title(entry.title)
    if there:
        entry.row.refuse(
            "title",
            f"Protocol {there} has this very title, and the row has no reference.",
            f"Write {there} in front of the title if it is the same protocol; another number if"
            " it is not.",
        )
    elif not free:
        entry.row.refuse("title", "There is no free reference left.", "Write one yourself.")
    else:
        entry.reference = free
