"""What a check found, or an import did: in numbers, and as lists, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.admin.utils import quote
from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst, get_text_list

from registers.admin.importing.pages import A_PAGE
from registers.history.diff import Difference
from registers.imports.spreadsheet.plan import Line, Problem
from registers.imports.spreadsheet.report import refusals
from registers.models import ImportJob, ImportLine, Name, Organisation, Protocol
from registers.models.keys import key_of

Outcome = ImportLine.Outcome
DRAFTS, NAMES, ABSENT = "drafts", "names", "absent"
NO_ROWS = {Outcome.REFUSED, NAMES, ABSENT}  # lists of other things than rows
LABELS = {
    Outcome.NEW: "New",
    Outcome.CHANGED: "Changed",
    Outcome.UNCHANGED: "Unchanged",
    Outcome.REFUSED: "Refused",
    Outcome.WAITING: "Waiting",
    DRAFTS: "Cannot be published yet",
    NAMES: "Names",
    ABSENT: "Not in the file",
}


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One of the lists: what its address says, its heading, and how long it is."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row of the file, and how what it says differs from what the register says.

    `alike` are the fields that read the same: nothing but spaces differs. `stored` is the
    protocol or the organisation as it is now, and `history` the address of its history. `lacks`
    is what keeps a new one a draft.
    """

    line: ImportLine
    differences: list[Difference]
    alike: list[str]
    stored: Protocol | Organisation | None
    history: str
    lacks: str


def absent(job: ImportJob) -> QuerySet[Protocol]:
    """Return the protocols that no row of the file is about."""
    references = job.lines.exclude(reference="").order_by().values("reference")
    return Protocol.objects.exclude(pk__in=references).order_by("reference_key")


def drafts_of(job: ImportJob) -> QuerySet[ImportLine]:
    """Return the new protocols that cannot be published yet: they lack something."""
    return job.lines.filter(outcome=Outcome.NEW).exclude(lacks=[])


def lack_of(job: ImportJob) -> str:
    """Return what the new protocols lack that cannot be published yet: '3 without a theme'."""
    said = drafts_of(job).values_list("lacks", flat=True)
    lacks = Counter(what for each in said for what in each)
    return get_text_list([f"{number:,} without a {what}" for what, number in lacks.items()], "and")


def tabs(job: ImportJob) -> list[Tab]:
    """Return every list, with the number of things in it, as the list itself counts them."""
    counted = job.lines.order_by().values_list("outcome").annotate(models.Count("pk"))
    none = {outcome: 0 for outcome in LABELS if outcome in Outcome.values}
    numbers = none | dict(counted) | {NAMES: job.names.count()}
    if job.kind == ImportJob.Kind.PROTOCOLS:
        numbers[DRAFTS] = drafts_of(job).count()
        if not job.is_applied:  # later the register may hold what came after it
            numbers[ABSENT] = absent(job).count()
    return [
        Tab(value=key, label=label, count=numbers[key])
        for key, label in LABELS.items()
        if key in numbers
    ]


def shown(request: HttpRequest, found: list[Tab]) -> Tab:
    """Return the list that is asked for; else the first with something in it."""
    asked = request.GET.get("show", "")
    by_value = {tab.value: tab for tab in found}
    return by_value.get(asked) or next((tab for tab in found if tab.count), found[0])


def page_of(request: HttpRequest, job: ImportJob, tab: Tab) -> Page[Any]:
    """Return a page of one of the lists."""
    things: QuerySet[Any]
    if tab.value == NAMES:
        things = job.names.all()
    elif tab.value == ABSENT:
        things = absent(job)
    elif tab.value == Outcome.REFUSED:
        return Paginator(refusals_of(job), A_PAGE).get_page(request.GET.get("page"))
    elif tab.value == DRAFTS:
        things = drafts_of(job)
    else:
        things = job.lines.filter(outcome=tab.value)
    return Paginator(things, A_PAGE).get_page(request.GET.get("page"))


def refusals_of(job: ImportJob) -> list[dict[str, Any]]:
    """Return why rows are refused, each reason once. An old check kept them with its rows alone."""
    if "refusals" not in job.found:
        lines = [
            Line(
                row.sheet,
                row.row,
                Outcome.REFUSED,
                problems=[Problem(*each) for each in row.problems],
            )
            for row in job.lines.filter(outcome=Outcome.REFUSED)
        ]
        return [asdict(each) for each in refusals(lines)]
    found: list[dict[str, Any]] = job.found["refusals"]
    return found


def report(job: ImportJob, lines: Sequence[ImportLine]) -> list[ShownRow]:
    """Return rows of an import with what differs in each, marked where it does."""
    found: list[Protocol | Organisation | None]
    if job.kind == ImportJob.Kind.PROTOCOLS:
        stored = Protocol.objects.in_bulk([line.reference for line in lines if line.reference])
        found = [stored.get(line.reference) for line in lines]
    else:
        names = Name.objects.filter(key__in=[key_of(line.title) for line in lines])
        called = {name.key: name.organisation for name in names.select_related("organisation")}
        found = [called.get(key_of(line.title)) for line in lines]
    return [
        ShownRow(
            line=line,
            stored=thing,
            history=_history(thing) if thing else "",
            lacks=get_text_list([f"a {what}" for what in line.lacks], "and"),
            differences=[
                Difference(field=_label(column), was=before, now=after)
                for column, before, after in line.edits
            ],
            alike=[
                _label(column)
                for column, before, after in line.edits
                if before.split() == after.split()
            ],
        )
        for line, thing in zip(lines, found, strict=True)
    ]


def _history(thing: Protocol | Organisation) -> str:
    return reverse(f"admin:registers_{thing._meta.model_name}_history", args=[quote(thing.pk)])


def _label(column: str) -> str:
    return column.replace("_", " ").capitalize()


NOTHING = "Nothing changes: every row says what the register says."
# What rows that change nothing are, before and after it is applied, of one and of many.
OTHERS = {
    Outcome.UNCHANGED: (("is unchanged", "are unchanged"), ("was unchanged", "were unchanged")),
    Outcome.WAITING: (
        ("waits for a choice", "wait for a choice"),
        (
            "was left out, since a name in it was not known",
            "were left out, since a name in each was not known",
        ),
    ),
    Outcome.REFUSED: (("is refused", "are refused"), ("was refused", "were refused")),
}


def counts(job: ImportJob) -> dict[Outcome, int]:
    """Return how many rows have each outcome, by the check."""
    found = job.found.get("counts", {})
    return {outcome: int(found.get(outcome.value, 0)) for outcome in Outcome}


def read_as(job: ImportJob) -> str:
    """Return which mapping a file was read by: a saved one, when that was used before, or none."""
    if name := job.mapping.get("name"):
        used = job.mapping_used_at and timezone.localtime(job.mapping_used_at)
        return f"Read as ‘{name}’" + (f", as on {used:%-d %B %Y}." if used else ".")
    return "Read as you chose." if job.mapping else "Read as this register’s own columns."


def changing(job: ImportJob) -> int:
    """Return how many rows would change the register, or have changed it."""
    numbers = counts(job)
    return numbers[Outcome.NEW] + numbers[Outcome.CHANGED]


def sentence(job: ImportJob) -> str:
    """Return what a check found, in numbers; or of what was applied, what was done."""
    numbers, rows = counts(job), sum(counts(job).values())
    if numbers[Outcome.UNCHANGED] == rows:
        return NOTHING
    changed = changing(job)
    if changed:
        verb = "changed" if job.is_applied else "would change"
        outcomes = [outcome for outcome in (Outcome.NEW, Outcome.CHANGED) if numbers[outcome]]
        each = [f"{numbers[outcome]:,} {outcome.value}" for outcome in outcomes]
        said = (
            f"{changed:,} of {rows:,} row{pluralize(rows)} {verb} the register: {', '.join(each)}."
        )
    elif numbers[Outcome.UNCHANGED]:
        said = "Nothing would change."
    else:
        none = "the one row cannot" if rows == 1 else f"none of the {rows:,} rows can"
        said = f"Nothing would change: {none} be applied as it is."
    others = [
        f"{numbers[outcome]:,} {OTHERS[outcome][job.is_applied][numbers[outcome] != 1]}"
        for outcome in OTHERS
        if numbers[outcome]
    ]
    return f"{said} {capfirst(get_text_list(others, 'and'))}." if others else said


def became(job: ImportJob) -> str:
    """Return what became of an import, in a few words."""
    if job.status == ImportJob.Status.UNDONE:
        return "Applied, and undone"
    if job.is_applied:
        number = changing(job)
        return f"Applied: {number:,} row{pluralize(number)} changed the register"
    if job.status == ImportJob.Status.CHECKED:
        number = changing(job)
        if number:
            return (
                f"Checked, not applied: {number:,} row{pluralize(number)} would change the register"
            )
        return "Checked: nothing to apply"
    return "Not checked yet"
