"""What the check of a spreadsheet found: checked again, applied, undone, downloaded or removed."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from registers.admin.asking import MEANT, PlainForm
from registers.admin.importing import findings
from registers.admin.importing.findings import changing, read_as, sentence
from registers.admin.importing.pages import (
    address,
    back,
    download,
    for_importers,
    page,
    progress_page,
)
from registers.admin.permissions import may_publish
from registers.changes.locking import PLAN_CHANGED
from registers.changes.undo_import import IMPORTED_BY_MISTAKE
from registers.exports.xlsx import CONTENT_TYPE
from registers.imports.reading.read import Sheet
from registers.imports.second_person import ANOTHER, needs_another
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.plan import Progress, Work
from registers.imports.spreadsheet.public_text import refuse_words
from registers.models import ImportJob, ImportName, Protocol

DRAFTS, PUBLISH = "drafts", "publish"
DRAFT, PUBLISHED, WITHDRAWN = Protocol.Status
KEEPS_DAYS = "What is published keeps the days of the file, or none: it was published before."
MOST_REASONS = 10  # on the first page


class WhyForm(PlainForm):
    """The public reason of what an import does. `expected_digest` is what was shown beforehand."""

    expected_digest = forms.CharField(widget=forms.HiddenInput)
    why = forms.CharField(
        label="Why does the register change?",
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        max_length=1_000,
        validators=[refuse_words],
        help_text="Public. It stands beside each change, on the changes pages.",
        error_messages={"required": "Write why, in a few words. Readers see it."},
    )


class ReasonForm(WhyForm):
    """Why the register changes, and whether what is new is published.

    Where words in the file may be about a person, they are ticked, all at once.
    """

    publish = forms.ChoiceField(
        label="New protocols",
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether new protocols are published."},
    )
    meant = forms.BooleanField(
        label=MEANT,
        help_text="All that may be about a person, as said above: in each row and new name.",
        error_messages={"required": "Read it, and tick this or put it right in the file."},
    )

    def __init__(self, *args: Any, job: ImportJob, may_publish: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        new = job.found.get("new", {})
        public, drafts = new.get(PUBLISHED, 0), new.get(DRAFT, 0)
        if not job.found.get("personal"):
            del self.fields["meant"]
        if not may_publish or not public:
            del self.fields["publish"]
        else:
            self.fields["publish"].choices = [  # type: ignore[attr-defined]  # this kind of field's
                (DRAFTS, "Keep as drafts, which only editors see"),
                (PUBLISH, publishing_words(public, drafts)),
            ]
            self.initial.setdefault("publish", PUBLISH if job.published_before else DRAFTS)
            if job.published_before:
                self.fields["publish"].help_text = KEEPS_DAYS

    @property
    def publishes(self) -> bool:
        """Whether new protocols that may be published are to be."""
        return self.cleaned_data.get("publish") == PUBLISH


def publishing_words(public: int, drafts: int) -> str:
    """Return what is published, and how many stay drafts."""
    if not drafts:
        return "Publish it" if public == 1 else f"Publish all {public:,}"
    stay = "stays a draft" if drafts == 1 else "stay drafts"
    return f"Publish the {public:,} that may be published; {drafts:,} {stay}"


def reason_form(request: HttpRequest, job: ImportJob, *args: Any, **kwargs: Any) -> ReasonForm:
    """Return the form that applies an import."""
    return ReasonForm(*args, job=job, may_publish=may_publish(request.user), **kwargs)


def imported(key: int) -> ImportJob:
    """Return an import. Raises Http404."""
    imports = ImportJob.objects.get_queryset().select_related("uploaded_by", "applied_by")
    return get_object_or_404(imports, pk=key)


@for_importers
@require_safe
def check_view(request: HttpRequest, key: int) -> HttpResponse:
    """Show what was found in a spreadsheet, or what was done by it."""
    return check_page(request, imported(key))


def check_page(
    request: HttpRequest, job: ImportJob, form: ReasonForm | None = None
) -> HttpResponse:
    """Show it; `form` has the reason as it was written, where it is not valid."""
    if job.status == ImportJob.Status.UPLOADED:
        return page(request, "unchecked", title=job.name, job=job)
    tabs = findings.tabs(job)
    tab = findings.shown(request, tabs)
    shown = findings.page_of(request, job, tab)
    lines = [] if tab.value in findings.NO_ROWS else findings.report(job, list(shown.object_list))
    unknown = job.names.filter(how=ImportName.How.UNKNOWN).count()
    refusals = findings.refusals_of(job)
    initial = {"expected_digest": job.digest, "why": usual_reason(job.name)}
    return page(
        request,
        "check",
        title=job.name,
        job=job,
        sentence=sentence(job),
        read_as=read_as(job),
        changing=changing(job),
        needs_another=needs_another(job, cast(User, request.user)),
        drafts=findings.drafts_of(job).count(),
        drafts_lack=findings.lack_of(job),
        first_refusals=refusals[:MOST_REASONS],
        more_refusals=max(0, len(refusals) - MOST_REASONS),
        unknown=unknown,
        chosen=bool(job.choices),
        tabs=tabs,
        tab=tab,
        page=shown,
        lines=lines,
        form=form or reason_form(request, job, initial=initial),
    )


def usual_reason(name: str) -> str:
    """Return the reason as it stands there beforehand: with the file's name, where it may."""
    try:
        refuse_words(name)
    except ValidationError:
        return "Imported from a spreadsheet."
    return f"Imported from {name}."


@for_importers
def again_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Check the file once more, while the page grows."""
    job = imported(key)
    if request.method != "POST":
        return redirect(address("check", job))
    if job.is_applied:
        return back(request, job, ValidationError(jobs.APPLIED_ALREADY))
    return progress_page(request, job, again(job), title="Checking the spreadsheet")


def again(job: ImportJob, *, sheets: list[Sheet] | None = None) -> Work[str]:
    """Check the file, whose `sheets` may be read already; return the address of what was found."""
    yield from jobs.check_import(job, at=timezone.now(), sheets=sheets)
    return address("check", job)


def begin_check(job: ImportJob, *, sheets: list[Sheet] | None = None) -> Work[str]:
    """Begin to check the file, and return the rest of the work.

    Raises Unreadable, NotATable or MappingError where nothing of it can be checked.
    """
    work = again(job, sheets=sheets)
    return _rest(next(work), work)


def _rest(first: Progress, work: Work[str]) -> Work[str]:
    yield first
    return (yield from work)


@for_importers
def apply_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Apply what was shown, while the page grows; a second time nothing is done."""
    job = imported(key)
    if request.method != "POST":
        return redirect(address("check", job))
    if job.is_applied:
        return back(request, job, ValidationError(jobs.APPLIED_ALREADY))
    form = reason_form(request, job, request.POST)
    user = cast(User, request.user)
    if form.is_valid() and needs_another(job, user, publish=form.publishes):
        form.add_error("publish" if form.publishes else None, ANOTHER)
    if not form.is_valid():
        return check_page(request, job, form)
    work = _applied(
        job,
        by=user,
        why=form.cleaned_data["why"],
        publish=form.publishes,
        expected_digest=form.cleaned_data["expected_digest"],
    )
    return progress_page(request, job, work, title="Applying the import", applies=True)


def _applied(job: ImportJob, **how: Any) -> Work[str]:
    """Apply it; where something else would happen now, apply nothing and check it again."""
    try:
        yield from jobs.apply_import(job, at=timezone.now(), **how)
    except ValidationError as refusal:
        if _is_applied(job):
            raise ValidationError(jobs.APPLIED_ALREADY) from refusal
        if PLAN_CHANGED not in refusal.messages:
            raise
        yield from again(job)
        return address("check", job, otherwise="yes")
    return address("check", job)


def _is_applied(job: ImportJob) -> bool:
    now = ImportJob.objects.filter(pk=job.pk).first()
    return now is not None and now.is_applied


@for_importers
@require_safe
def refused_view(request: HttpRequest, key: int) -> HttpResponse:
    """Send the workbook."""
    job = imported(key)
    try:
        content = jobs.refused_rows(job)
    except (ValidationError, *jobs.NOT_READ) as refusal:
        return back(request, job, refusal)
    name = f"{PurePath(job.name).stem} - refused rows.xlsx"
    return download(content, name, CONTENT_TYPE)


@for_importers
def remove_view(request: HttpRequest, key: int) -> HttpResponse:
    """Remove an import that was not applied, with its file."""
    job = imported(key)
    if request.method != "POST":
        return redirect(address("check", job))
    try:
        jobs.remove_import(job)
    except ValidationError as refusal:
        return back(request, job, refusal)
    messages.success(request, f"‘{job.name}’ is removed. It had changed nothing.")
    return redirect(address("list"))


MOST_LISTED = 200


class UndoForm(WhyForm):
    """Why an import is undone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].label = "Why is it undone?"


@for_importers
def undo_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show what undoing would do, or do that while the page grows."""
    job = imported(key)
    form = UndoForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        work = _undone(job, by=cast(User, request.user), **form.cleaned_data)
        return progress_page(request, job, work, title="Undoing the import", applies=True)
    try:
        plan = jobs.preview_undo(job)
    except ValidationError as refusal:
        return back(request, job, refusal)
    form.initial = {"expected_digest": plan.digest, "why": f"{IMPORTED_BY_MISTAKE}."}
    lists = {
        "New drafts, which go": plan.drafts,
        f"New protocols, which are withdrawn as ‘{IMPORTED_BY_MISTAKE}’": plan.withdrawn,
        "Protocols that go back to what they said before": plan.changed,
    }
    return page(
        request,
        "undo",
        title="Undo this import",
        job=job,
        plan=plan,
        form=form,
        protocols=[(heading, _titles(each), len(each)) for heading, each in lists.items() if each],
        others=[
            (heading, each, len(each))
            for heading, each in (
                (
                    "Organisations that go back to what they said before",
                    sorted(plan.restored.values()),
                ),
                ("Organisations that go", sorted(plan.organisations.values())),
                ("Themes that go", sorted(plan.themes.values())),
                ("Names that organisations lose", plan.names),
                ("What stays", plan.stays),
            )
            if each
        ],
    )


def _titles(references: list[str]) -> list[Protocol]:
    return list(Protocol.objects.filter(pk__in=references[:MOST_LISTED]).order_by("reference_key"))


def _undone(job: ImportJob, **how: Any) -> Work[str]:
    yield from jobs.undo(job, at=timezone.now(), **how)
    return address("check", job)
