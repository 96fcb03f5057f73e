"""What the names that the register does not know stand for: chosen, 50 to a page, or all new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from registers.admin.importing.check import again, imported
from registers.admin.importing.choice_form import ChoiceForm, RowForm, mark_of
from registers.admin.importing.pages import address, back, for_importers, page, progress_page
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.matching import nearest_to, unlike_any
from registers.imports.spreadsheet.plan import Work
from registers.imports.spreadsheet.public_text import refuse_name
from registers.models import ImportJob, ImportName, Organisation, Theme
from registers.models.keys import key_of

A_PAGE = 50
MOST_OFFERED = 2_000
MOST_COMPARED = 500  # each with every name in the register
UNKNOWN, CHOSEN = "unknown", "chosen"
How, Kind = ImportName.How, ImportName.Kind
Chosen = dict[ImportName.Kind, dict[str, Choice | None]]  # by the keys of the names


@for_importers
def names_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show what may be meant by the names, or keep what was chosen and check again."""
    job = imported(key)
    if request.method == "POST":
        return _answer(request, job)
    if job.is_applied:
        return back(request, job, ValidationError(jobs.APPLIED_ALREADY))
    names = _names(request, job)
    if not names.paginator.count:
        return redirect(address("check", job))
    return _page(request, job, names, _forms(job, dict(enumerate(names.object_list))))


def _names(request: HttpRequest, job: ImportJob) -> Page[ImportName]:
    """Return a page of the names that are not known, or of those for which was chosen."""
    asked = [How.CHOSEN, How.NEW] if _shows(request) == CHOSEN else [How.UNKNOWN]
    names = job.names.filter(how__in=asked)
    return Paginator(names, A_PAGE).get_page(request.GET.get("page"))


def _shows(request: HttpRequest) -> str:
    return CHOSEN if request.GET.get("show") == CHOSEN else UNKNOWN


def _forms(job: ImportJob, names: Mapping[int, ImportName], data: Any = None) -> list[ChoiceForm]:
    """Return a form for each name, with what was chosen before, or what is written on it now."""
    choices = Choices.read(job.choices)
    making = _made(choices)
    kinds = {Kind(name.kind) for name in names.values()}
    nearest = {kind: nearest_to(kind, also=_names_of(making[kind])) for kind in kinds}
    forms: list[ChoiceForm] = []
    for place, name in sorted(names.items()):
        how: dict[str, Any] = {
            "prefix": str(place),
            "name": name,
            "near": nearest[Kind(name.kind)](name.written),
            "making": making[Kind(name.kind)],
            "choice": choices.of(name.kind).get(name.key),
        }
        if job.kind == ImportJob.Kind.ORGANISATIONS:
            can_be_new, *near = job.found["near"].get(name.key, [True])
            how["near"] = list(dict.fromkeys([*near, *how["near"]]))
            forms.append(RowForm(data, can_be_new=can_be_new, **how))
        else:
            forms.append(ChoiceForm(data, **how))
    for form in forms:
        # What is made on this page can be chosen on it for other names.
        if made := form.founds():
            making[Kind(form.name.kind)].setdefault(key_of(made.name), made)
    return forms


def _made(choices: Choices) -> dict[ImportName.Kind, dict[str, Choice]]:
    """Return what is to be made of each kind, by the keys of its names."""
    return {
        kind: {key_of(each.name): each for each in choices.of(kind).values() if each.new}
        for kind in Kind
    }


def _names_of(made: Mapping[str, Choice]) -> list[str]:
    return [each.name for each in made.values()]


def _answer(request: HttpRequest, job: ImportJob) -> HttpResponseBase:
    """Keep what can be right of what was chosen; ask again for the rest, or check the file."""
    forms = _forms(job, _posted(request, job), request.POST)
    wrong = [form for form in forms if form.errors]
    chosen: Chosen = {kind: {} for kind in Kind}
    for form in forms:
        if form not in wrong:
            chosen[Kind(form.name.kind)][form.name.key] = form.choice()
    return _keep(request, job, chosen, wrong)


def _keep(
    request: HttpRequest, job: ImportJob, chosen: Chosen, wrong: list[ChoiceForm]
) -> HttpResponseBase:
    try:
        held = jobs.choose(
            job,
            by=cast(User, request.user),
            organisations=chosen[Kind.ORGANISATION],
            themes=chosen[Kind.THEME],
        )
    except (ValidationError, *jobs.NOT_READ) as refusal:
        return back(request, job, refusal)
    if wrong:
        return _page(request, held, _names(request, held), wrong)
    return progress_page(request, held, _checked_on(held), title="Checking with what you chose")


def _checked_on(job: ImportJob) -> Work[str]:
    """Check it again; return where the next names are, or what was found."""
    found = yield from again(job)
    more = job.names.filter(how=How.UNKNOWN).exists()
    return address("names", job) if more else found


def _posted(request: HttpRequest, job: ImportJob) -> dict[int, ImportName]:
    """Return the names on the page that was sent, by their places there."""
    places = [place for place in range(A_PAGE) if f"{place}-mark" in request.POST]
    marks = {request.POST[f"{place}-mark"]: place for place in places}
    return {marks[mark]: name for name in job.names.iterator() if (mark := mark_of(name)) in marks}


def _page(
    request: HttpRequest, job: ImportJob, names: Page[ImportName], forms: list[ChoiceForm]
) -> HttpResponse:
    organisations = Organisation.objects.order_by("name").values_list("name", flat=True)
    many = organisations.count() > MOST_OFFERED
    return page(
        request,
        "names",
        title=_title(job) if _shows(request) == UNKNOWN else "What you chose",
        job=job,
        page=names,
        forms=forms,
        shows=_shows(request),
        errors=len([form for form in forms if form.errors]),
        organisations=[] if many else organisations,
        themes=Theme.objects.values_list("name", flat=True),
    )


def _title(job: ImportJob) -> str:
    is_of_rows = job.kind == ImportJob.Kind.ORGANISATIONS
    return "Which organisations are meant" if is_of_rows else "Names that are not known"


@for_importers
def create_all_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show the names that are like none, and make those new that are ticked."""
    job = imported(key)
    if job.is_applied:
        return back(request, job, ValidationError(jobs.APPLIED_ALREADY))
    names, refused = like_none(job)
    ticked = [name for name in names if mark_of(name) in request.POST.getlist("new")]
    if ticked:
        chosen: Chosen = {kind: {} for kind in Kind}
        for name in ticked:
            chosen[Kind(name.kind)][name.key] = Choice(name=name.written, new=True)
        return _keep(request, job, chosen, [])
    if not names:
        messages.info(request, "No name is left that is like none. Choose for each.")
        return redirect(address("names", job))
    return page(
        request,
        "create_all",
        title="Names that are like no known name",
        job=job,
        names=[(mark_of(name), name) for name in names],
        refused=refused,
        others=job.names.filter(how=How.UNKNOWN).count() - len(names) - len(refused),
    )


def like_none(job: ImportJob) -> tuple[list[ImportName], list[tuple[str, str]]]:
    """Return the names, not known yet, that are like no other, by their uses.

    Then those that nothing can be called, with the reason.
    """
    fit, refused = list[ImportName](), list[tuple[str, str]]()
    for name in job.names.filter(how=How.UNKNOWN)[:MOST_COMPARED]:
        try:
            refuse_name(name.kind, name.written)
            fit.append(name)
        except ValidationError as refusal:
            refused.append((name.written, " ".join(refusal.messages)))
    made = _made(Choices.read(job.choices))
    bodies = [name.written for name in fit if name.kind == Kind.ORGANISATION]
    unlike = set(unlike_any(bodies, also=_names_of(made[Kind.ORGANISATION])))
    like = nearest_to(Kind.THEME, also=_names_of(made[Kind.THEME]))
    names = [
        name
        for name in fit
        if (not like(name.written) if name.kind == Kind.THEME else name.written in unlike)
    ]
    return names, refused
