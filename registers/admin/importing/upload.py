"""The imports and the saved mappings, and the pages on which a file is uploaded."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from registers.admin.importing.check import begin_check
from registers.admin.importing.findings import became
from registers.admin.importing.pages import (
    A_PAGE,
    address,
    download,
    for_importers,
    page,
    progress_page,
)
from registers.exports.columns import COLUMNS, COMPUTED_COLUMNS, PAGE_HEADINGS
from registers.exports.xlsx import CONTENT_TYPE
from registers.imports.mapping.kinds import ORGANISATION_COLUMNS
from registers.imports.organisations.workbook import all_organisations, template
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.job_columns import read_new
from registers.imports.spreadsheet.plan import Work
from registers.models import ImportJob, ImportMapping
from registers.models.references import example

MEGABYTE = 1024 * 1024
LARGEST = 48 * MEGABYTE  # a CSV of 50,000 protocols; public/upload_limit.py takes no more than 50
ENDINGS = (".xlsx", ".xls", ".ods", ".csv")
TOO_LARGE = (
    "This file has {size} MB, and 48 MB is the most that is taken. Copy the rows that you need"
    " into a smaller spreadsheet, or divide it."
)
TODAY, BEFORE = "today", "before"
# One row of the page's own columns, as somebody would type it.
EXAMPLE = {
    "theme": "Children and families",
    "title": f"{example()} - Attendance at school",
    "purpose": "To improve outcomes for children, young people and their families.",
    "lead_organisation": "Riverside County Council",
    "other_organisations": "Harbour Trust, Riverside University (Temp workers)",
    "review_date": "Jun-2022",
}


class FileForm(forms.Form):
    """A file that is small enough to be read: of organisations, or of another kind."""

    kind = ImportJob.Kind.ORGANISATIONS
    file = forms.FileField(
        label="Spreadsheet",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        help_text="XLSX, XLS or ODS of 20 MB at most, or CSV of 48 MB at most.",
        error_messages={
            "required": "Choose a file.",
            "empty": "This file is empty: it has no bytes at all. Choose another.",
            "invalid": "The file did not arrive. Choose it again.",
        },
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            size = f"{file.size / MEGABYTE:.1f}".removesuffix(".0")
            raise ValidationError(TOO_LARGE.format(size=size))
        return file


class UploadForm(FileForm):
    """A file of protocols, and whether what is new in it was published before."""

    kind = ImportJob.Kind.PROTOCOLS
    published = forms.ChoiceField(
        label="Protocols in it that are new here",
        choices=[
            (TODAY, "were never published: they come in as drafts, or are published today"),
            (BEFORE, "were published before: their days are those in the file, or not known"),
        ],
        initial=TODAY,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether they were published before."},
    )


@for_importers
@require_safe
def list_view(request: HttpRequest) -> HttpResponse:
    """Show every import: who uploaded it, when, and what became of it."""
    is_waiting = request.GET.get("show") == "waiting"
    imports = ImportJob.objects.waiting() if is_waiting else ImportJob.objects.get_queryset()
    imports = imports.with_same_before().select_related("uploaded_by", "applied_by")
    shown = Paginator(imports, A_PAGE).get_page(request.GET.get("page"))
    lines = [(each, became(each)) for each in shown.object_list]
    return page(request, "list", title="Imports", page=shown, lines=lines, is_waiting=is_waiting)


@for_importers
def upload_view(request: HttpRequest) -> HttpResponseBase:
    """Show the form for a file of protocols, or keep the file."""
    return upload_page(
        request,
        UploadForm(*_sent(request)),
        "upload",
        title="Import a spreadsheet",
        typed=[(heading, EXAMPLE[name]) for name, heading in PAGE_HEADINGS.items()],
        own=[column.name for column in COLUMNS if column.name not in COMPUTED_COLUMNS],
        worked_out=COMPUTED_COLUMNS,
        mappings=ImportMapping.objects.count(),
    )


@for_importers
def upload_organisations_view(request: HttpRequest) -> HttpResponseBase:
    """Show the form for a file of organisations, or keep the file."""
    return upload_page(
        request,
        FileForm(*_sent(request)),
        "organisations_upload",
        title="Import organisations",
        columns=ORGANISATION_COLUMNS.values(),
    )


@for_importers
@require_safe
def template_view(request: HttpRequest) -> HttpResponse:
    """Give an empty workbook with the headings, and an example."""
    return download(template(), "organisations-template.xlsx", CONTENT_TYPE)


@for_importers
@require_safe
def all_view(request: HttpRequest) -> HttpResponse:
    """Give the register's organisations in the import's own columns."""
    with_contacts = request.user.has_perm("registers.view_contact")
    content = all_organisations(with_contacts=with_contacts)
    return download(content, "organisations.xlsx", CONTENT_TYPE)


def _sent(request: HttpRequest) -> tuple[Any, ...]:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def upload_page(
    request: HttpRequest, form: FileForm, template: str, *, title: str, **more: Any
) -> HttpResponseBase:
    """Show a form, or keep the file that was uploaded, and ask what its columns are, or check."""
    if form.is_valid():
        try:
            job, work = _begin(request, form)
        except jobs.NOT_READ as refusal:
            form.add_error("file", str(refusal))
        else:
            if work is None:
                return redirect(address("columns", job))
            return progress_page(request, job, work, title="Checking the spreadsheet")
    return page(request, template, title=title, form=form, **more)


def _begin(request: HttpRequest, form: FileForm) -> tuple[ImportJob, Work[str] | None]:
    """Keep the file, and begin to check it; no work where a person is to be asked first.

    Raises Unreadable, NotATable or MappingError, and keeps nothing then.
    """
    at = timezone.now()
    jobs.forget_old(at)
    file = form.cleaned_data["file"]
    job = jobs.upload(
        file.name,
        file.read(),
        by=cast(User, request.user),
        at=at,
        published_before=form.cleaned_data.get("published") == BEFORE,
        kind=form.kind,
    )
    try:
        reading = read_new(job)
        if reading.suggestion.questions:
            return job, None
        return job, begin_check(job, sheets=reading.sheets)
    except jobs.NOT_READ:
        jobs.remove_import(job)
        raise


@for_importers
@require_safe
def mappings_view(request: HttpRequest) -> HttpResponse:
    """Show how files were read that come again, the one that was used last first."""
    saved = ImportMapping.objects.select_related("saved_by")
    return page(request, "mappings", title="How spreadsheets are read", mappings=saved)


@for_importers
@require_safe
def download_view(request: HttpRequest, key: int) -> HttpResponse:
    """Give a mapping as a file, which `manage.py import_register --mapping` reads."""
    saved = get_object_or_404(ImportMapping, pk=key)
    return download(saved.text, f"{saved.name}.json", "application/json; charset=utf-8")


@for_importers
def delete_view(request: HttpRequest, key: int) -> HttpResponse:
    """Ask whether a mapping is to be deleted, or delete it."""
    saved = get_object_or_404(ImportMapping, pk=key)
    if request.method != "POST":
        return page(request, "mapping_delete", title=f"Delete ‘{saved.name}’", saved=saved)
    saved.delete()
    messages.success(request, f"‘{saved.name}’ is deleted. What was imported with it stays.")
    return redirect(address("mappings"))
