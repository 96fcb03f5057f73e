"""Which column is what in the file of an import: suggested, from as few of its rows as will do."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial

from registers.imports.mapping.first_rows import pack_sheets, take_first_rows, unpack_sheets
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.mapping.saved import find_saved, read_as_saved
from registers.imports.mapping.suggest import Suggestion, suggest
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.jobs import choose_mapping, mapping_of, sheets_of
from registers.imports.spreadsheet.tables import NotATable
from registers.models import ImportJob


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
