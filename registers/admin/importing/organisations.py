"""A spreadsheet of organisations is uploaded, checked, chosen for, and applied or removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from registers.admin.importing import lists
from registers.admin.importing.check import ReasonForm, imported, reason_form, usual_reason
from registers.admin.importing.shared import A_PAGE, address, back, download, for_importers, page
from registers.admin.importing.summary import changing, sentence
from registers.admin.importing.undo import UndoForm
from registers.admin.importing.upload import FileForm
from registers.changes.locking import PLAN_CHANGED
from registers.changes.undo_import import IMPORTED_BY_MISTAKE
from registers.exports.xlsx import CONTENT_TYPE
from registers.imports.mapping.mapping import LEFT_OUT, MappingError
from registers.imports.organisations import jobs
from registers.imports.organisations.columns import COLUMNS
from registers.imports.organisations.plan import NEW, RENAMED, OrganisationChoices
from registers.imports.organisations.workbook import all_organisations, template
from registers.imports.reading.read import Unreadable
from registers.imports.second_person import needs_another
from registers.imports.spreadsheet.jobs import forget_old, remove_import
from registers.models import ImportJob, ImportLine, Name, Organisation
from registers.models.keys import key_of

Outcome = ImportLine.Outcome
USES = [*COLUMNS.items(), (LEFT_OUT, "Leave this column out")]
MOST_ASKED = 200  # rows, on one page


class ChoicesForm(forms.Form):
    """What each column is, and which organisation is meant in each row that could be another."""

    def __init__(self, *args: Any, job: ImportJob, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before, self.near = jobs.choices_of(job), job.found["near"]
        self.headings = [heading for heading, _ in job.found["columns"]]
        for place, (heading, use) in enumerate(job.found["columns"]):
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=heading, choices=USES, initial=use or LEFT_OUT
            )
        waiting = job.lines.filter(outcome=Outcome.WAITING)[:MOST_ASKED]
        self.lines = {f"row-{line.position}": line for line in waiting}
        for name, line in self.lines.items():
            self.fields[name] = forms.ChoiceField(
                label=line.title, choices=list(self._ways(line)), required=False
            )

    def _ways(self, line: ImportLine) -> Iterator[tuple[str, str]]:
        can_be_new, *near = self.near[str(line.position)]
        yield "", "I choose later"
        if can_be_new:
            yield NEW, "It is a new organisation"
        for key, name in near:
            if key > 0:
                yield str(key), f"It is {name}, which is also known so"
                yield f"{key}{RENAMED}", f"It is {name}, which is called so now"

    @property
    def columns(self) -> list[forms.BoundField]:
        """The boxes of the columns."""
        return [self[name] for name in self.fields if name.startswith("column-")]

    @property
    def rows(self) -> list[tuple[ImportLine, forms.BoundField]]:
        """The rows that wait for a choice, each with its box."""
        return [(line, self[name]) for name, line in self.lines.items()]

    def choices(self) -> OrganisationChoices:
        """Return what is chosen, beside what was chosen for other rows before."""
        given = self.cleaned_data
        rows = dict(self.before.rows)
        for name, line in self.lines.items():
            if given[name]:
                rows[key_of(line.title)] = given[name]
        columns = {each: given[f"column-{place}"] for place, each in enumerate(self.headings)}
        return OrganisationChoices(columns=columns, rows=rows)


@for_importers
def upload_view(request: HttpRequest) -> HttpResponse:
    """Show the form, or keep the file that was uploaded, and check it."""
    posted = request.method == "POST"
    form = FileForm(*((request.POST, request.FILES) if posted else ()))
    if form.is_valid():
        at, file = timezone.now(), form.cleaned_data["file"]
        forget_old(at)
        try:
            job = jobs.upload(file.name, file.read(), by=cast(User, request.user), at=at)
        except (Unreadable, MappingError) as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect(address("organisations", job))
    return page(
        request,
        "organisations_upload",
        title="Import organisations",
        form=form,
        columns=COLUMNS.values(),
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


@for_importers
def check_view(request: HttpRequest, key: int) -> HttpResponse:
    """Show what was found in a file; choose for it, apply it or remove it, as the button says."""
    job = imported(key, ImportJob.Kind.ORGANISATIONS)
    if request.method != "POST":
        return _page(request, job)
    try:
        if "_remove" in request.POST:
            remove_import(job)
            messages.success(request, f"‘{job.name}’ is removed. It had changed nothing.")
            return redirect(address("list"))
        return _apply(request, job) if "_apply" in request.POST else _choose(request, job)
    except (ValidationError, Unreadable, MappingError) as refusal:
        return back(request, job, refusal)


@for_importers
def undo_view(request: HttpRequest, key: int) -> HttpResponse:
    """Show what undoing would do, or do that."""
    job = imported(key, ImportJob.Kind.ORGANISATIONS)
    form = UndoForm(request.POST if request.method == "POST" else None, job=job)
    try:
        if form.is_valid():
            by = cast(User, request.user)
            jobs.undo(job, at=timezone.now(), by=by, **form.cleaned_data)
            return redirect(address("organisations", job))
        plan = jobs.preview_undo(job)
    except ValidationError as refusal:
        return back(request, job, refusal)
    form.initial = {"expected_digest": plan.digest, "why": f"{IMPORTED_BY_MISTAKE}."}
    several = {
        "Organisations that go": sorted(plan.new.values()),
        "Organisations that go back to what they said before": sorted(plan.changed.values()),
    }
    others = [(heading, names, len(names)) for heading, names in several.items() if names]
    shown: dict[str, Any] = {"plan": plan, "form": form, "others": others}
    return page(request, "undo", title="Undo this import", job=job, **shown)


def _choose(request: HttpRequest, job: ImportJob) -> HttpResponse:
    form = ChoicesForm(request.POST, job=job)
    if not form.is_valid():
        return _page(request, job, choices=form)
    jobs.choose(job, form.choices(), at=timezone.now(), by=cast(User, request.user))
    return redirect(address("organisations", job))


def _apply(request: HttpRequest, job: ImportJob) -> HttpResponse:
    form = reason_form(request, job, request.POST)
    if not form.is_valid():
        return _page(request, job, form=form)
    at, by = timezone.now(), cast(User, request.user)
    try:
        why, expected_digest = form.cleaned_data["why"], form.cleaned_data["expected_digest"]
        jobs.apply(job, at=at, by=by, why=why, expected_digest=expected_digest)
    except ValidationError as refusal:
        if PLAN_CHANGED not in refusal.messages:
            raise
        jobs.choose(job, jobs.choices_of(job), at=at)
        return redirect(address("organisations", job, otherwise="yes"))
    return redirect(address("organisations", job))


def _page(
    request: HttpRequest,
    job: ImportJob,
    *,
    form: ReasonForm | None = None,
    choices: ChoicesForm | None = None,
) -> HttpResponse:
    tabs = lists.outcome_tabs(job)
    tab = lists.shown(request, tabs)
    shown = Paginator(job.lines.filter(outcome=tab.value), A_PAGE).get_page(request.GET.get("page"))
    initial = {"expected_digest": job.digest, "why": usual_reason(job.name)}
    return page(
        request,
        "organisations",
        title=job.name,
        job=job,
        sentence=sentence(job),
        changing=changing(job),
        needs_another=needs_another(job, cast(User, request.user)),
        tabs=tabs,
        tab=tab,
        page=shown,
        rows=_with_organisations(lists.report(list(shown.object_list)), is_applied=job.is_applied),
        form=form or reason_form(request, job, initial=initial),
        choices=choices or ChoicesForm(job=job),
        left_out=[heading for heading, use in job.found["columns"] if not use],
    )


def _with_organisations(
    rows: Sequence[lists.ShownRow], *, is_applied: bool
) -> list[tuple[lists.ShownRow, Organisation | None]]:
    """Return rows, each with the organisation that it is about once it is there."""
    keys = [key_of(row.line.title) for row in rows] if is_applied else []
    names = Name.objects.filter(key__in=keys).select_related("organisation")
    stored = {name.key: name.organisation for name in names}
    return [(row, stored.get(key_of(row.line.title))) for row in rows]
