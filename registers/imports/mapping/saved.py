"""Mappings that are kept by a name, and found again by the headings of a file."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace

from django.contrib.auth.models import User

from registers.imports.mapping.layout import HEADINGS_WITHIN, Layout, headings_of
from registers.imports.mapping.mapping import ColumnMapping, MappingError, missing_columns
from registers.imports.mapping.suggest import lay_out
from registers.imports.reading.read import Sheet, Unreadable
from registers.models import ImportMapping

LONGEST_NAME = 100
MOST_TRIED = 100
# Of the headings of a file, so many are known to a mapping that is likely to be meant.
LIKELY = 0.5


def save_mapping(
    mapping: ColumnMapping, *, by: User | None, at: datetime.datetime
) -> ImportMapping:
    """Keep a mapping by its name, in place of one of that name, and return it.

    Raises MappingError for a name that is empty or too long.
    """
    name = " ".join(mapping.name.split())
    refuse_mapping_name(name)
    text = replace(mapping, name=name).to_json()
    saved, _ = ImportMapping.objects.update_or_create(
        name=name, defaults={"text": text, "saved_at": at, "saved_by": by, "used_at": at}
    )
    return saved


def refuse_mapping_name(name: str) -> None:
    """Raise MappingError for a name that is empty or too long."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise MappingError(f"Give the mapping a name of 1 to {LONGEST_NAME} characters.")


def read_saved(name: str) -> ColumnMapping:
    """Return the mapping that is kept by a name. Raises MappingError where there is none."""
    saved = ImportMapping.objects.filter(name=name).first()
    if saved is None:
        names = ", ".join(ImportMapping.objects.values_list("name", flat=True)[:10])
        raise MappingError(
            f"No mapping is called '{name}'. There {'are: ' + names if names else 'is none'}."
        )
    return ColumnMapping.from_json(saved.text)


def read_as_saved(
    read: Callable[[ColumnMapping], list[Sheet]], kind: str
) -> tuple[list[Sheet], ColumnMapping]:
    """Return a file as the saved mapping reads it that knows its headings, and that mapping.

    Where there is none, it has no name. `read` returns the sheets as a mapping says. Raises what
    it raises of any file.
    """
    none = ColumnMapping(kind=kind)
    sheets = read(none)
    saved = find_saved(sheets, kind) or none
    if saved.separator or saved.encoding:
        try:
            return read(saved), saved
        except Unreadable:
            return sheets, replace(saved, separator="", encoding="")
    return sheets, saved


def find_saved(sheets: Sequence[Sheet], kind: str) -> ColumnMapping | None:
    """Return the mapping of a kind that was used for these headings, or is likely meant.

    It is the one that knows the most of the headings, half of them at least; of two the one
    that was used last.
    """
    first_rows = [replace(sheet, rows=sheet.rows[:HEADINGS_WITHIN]) for sheet in sheets]
    best, most = None, LIKELY
    for saved in ImportMapping.objects.all()[:MOST_TRIED]:
        try:
            mapping = ColumnMapping.from_json(saved.text)
        except MappingError:
            continue  # of words that were taken out of it, or of another version
        if mapping.kind != kind:
            continue
        share = _share_known(mapping, lay_out(first_rows, mapping)[0])
        if share > most or (best is None and share == most):
            best, most = mapping, share
    return best


def _share_known(mapping: ColumnMapping, layouts: Sequence[Layout]) -> float:
    """Return which share of the headings, and of the columns it reads, a mapping shares."""
    headings = headings_of(layouts)
    known = [heading for heading in headings if mapping.use_of(heading) is not None]
    gone = missing_columns(mapping, headings)
    return len(known) / (len(headings) + len(gone)) if headings else 0
