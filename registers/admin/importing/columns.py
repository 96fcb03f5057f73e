"""Which column of a spreadsheet is what: shown with its first rows, and chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import capfirst

from registers.admin.importing.check import begin_check
from registers.admin.importing.column_choices import (
    csv_options,
    digest_of,
    read_as_chosen,
    reading_options,
)
from registers.admin.importing.column_form import ColumnForm
from registers.admin.importing.pages import address, back, for_importers, page, progress_page
from registers.imports.mapping.layout import row_words, shown
from registers.imports.mapping.saved import save_mapping
from registers.imports.reading.read import Row, Sheet, Unreadable, letter
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.job_columns import Reading, read_first_rows
from registers.models import ImportJob, Organisation, Theme

MOST_OFFERED = 2_000
OTHER_HEADINGS = (
    "The headings are others now. Read what each column is taken for, then check the spreadsheet."
)


@for_importers
def columns_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show how the file is likely to be read, or keep what was chosen and check it."""
    job = ImportJob.objects.filter(pk=key).first()
    if job is None and request.method != "POST":
        raise Http404
    if job is None:
        messages.error(request, jobs.GONE)
        return redirect(address("list"))
    if job.is_applied:
        return back(request, job, ValidationError(jobs.APPLIED_ALREADY))
    try:
        if request.method == "POST":
            return _answer(request, job)
        return _page(request, job, ColumnForm(None, reading=read_first_rows(job)))
    except (ValidationError, Unreadable) as refusal:
        return back(request, job, refusal)


def _answer(request: HttpRequest, job: ImportJob) -> HttpResponseBase:
    reading, wrong = _reading(request, job)
    is_other = request.POST.get("headings_seen") != digest_of(reading.suggestion.headings)
    if wrong or is_other or "again" in request.POST:
        form = ColumnForm(None, reading=reading, sent=request.POST)
        asks = OTHER_HEADINGS if is_other and "again" not in request.POST else ""
        return _page(request, job, form, wrong or asks)
    form = ColumnForm(request.POST, reading=reading)
    if not form.is_valid():
        return _page(request, job, form)
    return _check(request, job, form)


def _reading(request: HttpRequest, job: ImportJob) -> tuple[Reading, str]:
    """Return how the file is read as was chosen, and why it is not where it cannot be."""
    asked, wrong = csv_options(request.POST), ""
    try:
        before = read_first_rows(job, **asked)
    except Unreadable as refusal:
        before, wrong = read_first_rows(job), str(refusal)
    options = reading_options(request.POST, before.before, before.sheets)
    return read_as_chosen(request.POST, before.sheets, options), wrong


def _check(request: HttpRequest, job: ImportJob, form: ColumnForm) -> HttpResponseBase:
    """Keep what was chosen, and begin to check the file with it."""
    mapping = form.chosen()
    try:
        held = jobs.choose_mapping(job, mapping, by=cast(User, request.user))
        work = begin_check(held)
    except ValidationError as refusal:
        return back(request, job, refusal)
    except jobs.NOT_READ as refusal:
        return _page(request, job, form, str(refusal))
    if mapping.name:
        save_mapping(mapping, by=cast(User, request.user), at=timezone.now())
    return progress_page(request, held, work, title="Checking the spreadsheet")


def _page(request: HttpRequest, job: ImportJob, form: ColumnForm, wrong: str = "") -> HttpResponse:
    """Show it; `wrong` says why the file is not read as was chosen."""
    organisations = Organisation.objects.order_by("name").values_list("name", flat=True)
    return page(
        request,
        "columns",
        title="Say which column is what",
        job=job,
        form=form,
        wrong=wrong,
        problems=_problems(form),
        questions=form.suggestion.questions,
        previews=previews(form),
        organisations=organisations[:MOST_OFFERED],
        themes=Theme.objects.values_list("name", flat=True),
    )


def _problems(form: ColumnForm) -> list[tuple[str, str]]:
    """Return the id of each box with something wrong, and the sentence."""
    return [
        (form[name].auto_id, str(sentence))
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]


ROWS = 8
BELOW = 4  # rows that are shown below the headings, where these stand further down
COLUMNS = 30
CELL = 60
SHEETS = 20  # that are shown with their rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """One sheet: its boxes, the row of headings `at` (0: none), and its first rows with cells.

    `more` is how many columns are not shown. It is open where something is said of it, or wrong.
    """

    sheet: Sheet
    at: int
    read: forms.BoundField
    row: forms.BoundField
    letters: Sequence[str]
    rows: Sequence[tuple[Row, Sequence[str]]]
    more: int
    hidden: str
    is_open: bool


def previews(form: ColumnForm) -> list[Preview]:
    """Return the sheets as they are shown on the page of their columns."""
    return [_preview(form, place, sheet) for place, sheet in enumerate(form.reading.sheets)]


def _preview(form: ColumnForm, place: int, sheet: Sheet) -> Preview:
    at, box = form.heading_rows.get(place, 0), form[f"sheet-{place}-row"]
    rows = _some(sheet.rows, at) if place < SHEETS else []
    width = max((len(row.values) for row in rows), default=0)
    shown_width = min(width, COLUMNS)
    return Preview(
        sheet=sheet,
        at=at,
        read=form[f"sheet-{place}-read"],
        row=box,
        letters=[letter(column) for column in range(shown_width)],
        rows=[(row, _cells(row, shown_width)) for row in rows],
        more=width - shown_width,
        hidden=_hidden([row.number for row in sheet.rows if row.hidden]),
        is_open=bool(box.errors or box.value()) or not form.suggestion.layouts,
    )


def _some(rows: Sequence[Row], number: int) -> Sequence[Row]:
    """Return the first rows, or those around the row with this number."""
    at = next((place for place, row in enumerate(rows) if row.number == number), 0)
    first = 0 if at + BELOW < ROWS else at + BELOW - ROWS
    return rows[first : first + ROWS]


def _cells(row: Row, width: int) -> list[str]:
    texts = [" ".join(shown(value).split()) for value in row.values[:width]]
    cut = [text if len(text) <= CELL else f"{text[:CELL]}…" for text in texts]
    return cut + [""] * (width - len(cut))


def _hidden(numbers: Sequence[int]) -> str:
    is_one = len(numbers) == 1
    return capfirst(f"{row_words(numbers)} {'is' if is_one else 'are'} hidden.") if numbers else ""
