"""Spreadsheets that were uploaded: kept with what their check found, chosen for, and applied."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from registers.changes.journal import Step
from registers.changes.locking import NO_ROOM, PLAN_CHANGED, is_full, lock_one
from registers.changes.transaction import Touched
from registers.changes.undo_import import ImportUndoPlan, plan_import_undo, undo_import
from registers.changes.undo_organisations import plan_organisations_undo, undo_organisations
from registers.imports.mapping.mapping import ColumnMapping, MappingError
from registers.imports.organisations.checking import check as check_organisations
from registers.imports.organisations.plan import save_organisations
from registers.imports.reading.read import Sheet, Unreadable, read_sheets
from registers.imports.second_person import refuse_alone
from registers.imports.spreadsheet.applying import (
    Terms,
    apply,
    gathering,
    hold,
    in_one_transaction,
    make_findable,
    save_plan,
)
from registers.imports.spreadsheet.checking import check
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.job_findings import keep_found
from registers.imports.spreadsheet.plan import Plan, Progress, Work
from registers.imports.spreadsheet.refused_rows import refused_workbook
from registers.imports.spreadsheet.tables import NotATable, read_tables
from registers.models import Change, ImportJob, ImportLine, ImportMapping

# Why nothing of a file can be checked.
NOT_READ = (Unreadable, NotATable, MappingError)
AS_FOUND = ColumnMapping()  # how a CSV is written is found out
KEPT = datetime.timedelta(days=90)
CHOOSING = ["mapping", "mapping_used_at", "choices", "digest", "status", "prepared_by"]
APPLYING = ["status", "applied_at", "applied_by", "why", "published", "last_change", "first_rows"]
APPLIED_ALREADY = "This import was applied already. Nothing was done again."
UNDONE_ALREADY = "This import was undone already. Nothing was done again."
NOTHING_TO_UNDO = "There is nothing to undo: this import was not applied, or is too old."
NO_COPY = (
    "‘{}’ cannot be read now, as the register could not make a copy of it to read: {}. Nothing was"
    " changed: ask those who run the register to make room, and try again."
)
NOTHING_REFUSED = "No row of this import is refused."
GONE = "This import was removed in the meantime. Upload the file again."


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How imports of one kind are checked, saved and undone."""

    check: Callable[..., Work[Plan]]
    save: Callable[..., Work[None]]
    plan_undo: Callable[[ImportJob], ImportUndoPlan]
    undo: Callable[..., Iterator[int]]


KINDS = {
    ImportJob.Kind.PROTOCOLS.value: _Kind(
        check=check, save=save_plan, plan_undo=plan_import_undo, undo=undo_import
    ),
    ImportJob.Kind.ORGANISATIONS.value: _Kind(
        check=check_organisations,
        save=save_organisations,
        plan_undo=plan_organisations_undo,
        undo=undo_organisations,
    ),
}


def upload(
    name: str, content: bytes, *, by: User | None, at: datetime.datetime, **more: Any
) -> ImportJob:
    """Keep a file that somebody uploaded, with `more` of the import's fields, and return it.

    Nothing of it is checked yet. Raises Unreadable where there is no room for it.
    """
    job = _unsaved(name, content, by=by, at=at, **more)
    with room_for(job), transaction.atomic():
        job.save()
    return job


@contextmanager
def room_for(job: ImportJob) -> Iterator[None]:
    """Raise Unreadable, with the name of the file, where no room is left on the disk."""
    try:
        yield
    except (DatabaseError, OSError) as problem:
        if not is_full(problem):
            raise
        raise Unreadable(f"‘{job.name}’ is not kept. {NO_ROOM}") from problem


def _unsaved(
    name: str, content: bytes, *, by: User | None, at: datetime.datetime, **more: Any
) -> ImportJob:
    return ImportJob(
        name=name, content=content, size=len(content), uploaded_at=at, uploaded_by=by, **more
    )


def forget_old(at: datetime.datetime) -> None:
    """Remove what was uploaded more than 90 days ago, with its file: its changes have a history."""
    ImportJob.objects.filter(uploaded_at__lt=at - KEPT).delete()


def choose_mapping(job: ImportJob, mapping: ColumnMapping, *, by: User | None = None) -> ImportJob:
    """Keep which column is what, as `by` chose, and return the import, to be checked again then.

    Raises ValidationError where it was applied or removed in the meantime, and Unreadable
    where the disk is full.
    """
    with _choosing(job, by) as held:
        _use_mapping(held, mapping, at=timezone.now())
    return held


@contextmanager
def _choosing(job: ImportJob, by: User | None) -> Iterator[ImportJob]:
    """Keep what `by` chooses within for an import, which is given as it is stored, locked."""
    with room_for(job), transaction.atomic():
        held = _lock(job)
        yield held
        held.digest, held.status = "", ImportJob.Status.UPLOADED
        held.prepared_by = by or held.prepared_by
        held.save(update_fields=CHOOSING)


def _use_mapping(job: ImportJob, mapping: ColumnMapping, *, at: datetime.datetime) -> None:
    """Let an import have its mapping, and when one saved by its name was used before."""
    saved = ImportMapping.objects.filter(name=mapping.name)
    if job.mapping.get("name", "") != mapping.name:
        job.mapping_used_at = saved.values_list("used_at", flat=True).first()
    job.mapping = mapping.to_plain()
    saved.update(used_at=at)


def check_import(
    job: ImportJob, *, at: datetime.datetime, sheets: list[Sheet] | None = None
) -> Work[None]:
    """Check the file with the mapping and choices that are kept, and keep what is found.

    `sheets` are those of the file, where it was just read.
    Raises Unreadable, NotATable or MappingError, before it says how far it has come, where
    nothing of the file can be read; ValidationError where it was applied or
    removed in the meantime. What was found before then stays.
    """
    plan = yield from _checked(job, at=at, sheets=sheets)
    rows = len(plan.lines)
    yield Progress("rows checked, and now written down", rows, rows)
    # Nothing is yielded from here on: a slow browser would hold the database.
    with room_for(job), transaction.atomic():
        held = _lock(job)
        held.lines.all().delete()
        held.names.all().delete()
        keep_found(held, plan, at)


def choose(
    job: ImportJob,
    *,
    by: User | None = None,
    organisations: Mapping[str, Choice | None] | None = None,
    themes: Mapping[str, Choice | None] | None = None,
) -> ImportJob:
    """Keep what `by` chose for names, by their keys, beside what was chosen before.

    None takes a choice back. It is to be checked again then: the import that is
    returned says so. Raises ValidationError where it was applied or removed
    in the meantime, and Unreadable where the disk is full.
    """
    with _choosing(job, by) as held:
        choices = Choices.read(held.choices)
        choices.organisations = _beside(choices.organisations, organisations or {})
        choices.themes = _beside(choices.themes, themes or {})
        held.choices = choices.plain()
    return held


def apply_import(
    job: ImportJob,
    *,
    at: datetime.datetime,
    by: User | None,
    why: str,
    publish: bool,
    expected_digest: str,
) -> Work[Plan]:
    """Do what the check showed, whose digest is `expected_digest`, or nothing.

    With `publish`, new protocols that may be published are; else they are drafts.
    Raises ValidationError where something else would happen now, where the import was applied or
    removed in the meantime, and where another has to apply it.
    """
    refuse_alone(job, by, publish=publish)

    def mark() -> None:
        held = _lock(job)
        if held.digest != expected_digest:  # somebody chose otherwise, or checked it
            raise ValidationError(PLAN_CHANGED)
        refuse_alone(held, by, publish=publish)  # a draft may have been published
        _mark_applied(held, terms, at)

    terms = Terms(by=by, why=why, publish=publish, published_before=job.published_before)
    return (
        yield from apply(
            partial(_checked, job, at=at),
            expected_digest,
            at=at,
            terms=terms,
            save=KINDS[job.kind].save,
            keep=partial(_keep_steps, job),
            also=mark,
        )
    )


def apply_file(
    recheck: Callable[[], Work[Plan]],
    plan: Plan,
    *,
    name: str,
    content: bytes,
    at: datetime.datetime,
    terms: Terms,
    mapping: ColumnMapping,
) -> Work[Plan]:
    """Apply a file that a command has checked, and keep it as an import that can be undone.

    Where it is not applied, nothing is kept. Raises ValidationError.
    """
    before, kind = terms.published_before, mapping.kind
    job = _unsaved(name, content, by=terms.by, at=at, published_before=before, kind=kind)
    if mapping != ColumnMapping(kind=kind):
        _use_mapping(job, mapping, at=at)

    def keep(steps: list[Step]) -> None:
        if job._state.adding:
            job.save()
        _keep_steps(job, steps)

    def also() -> None:
        keep_found(job, plan, at)
        _mark_applied(job, terms, at)

    how: dict[str, Any] = {"save": KINDS[kind].save, "keep": keep, "also": also, "checked": plan}
    return (yield from apply(recheck, plan.digest, at=at, terms=terms, **how))


def _keep_steps(job: ImportJob, steps: list[Step]) -> None:
    """Keep what applying did, to be undone."""
    job.steps.create(steps=[step.to_json() for step in steps])


def _mark_applied(job: ImportJob, terms: Terms, at: datetime.datetime) -> None:
    """Store that an import was applied, now that all of it is saved."""
    job.status = ImportJob.Status.APPLIED
    job.last_change = Change.objects.aggregate(last=models.Max("pk"))["last"]
    job.applied_at, job.applied_by = at, terms.by
    job.why, job.published, job.first_rows = terms.why, terms.publish, ""
    job.save(update_fields=APPLYING)


def preview_undo(job: ImportJob) -> ImportUndoPlan:
    """Say what undoing an import would do. Raises ValidationError where none can be undone."""
    if job.status == ImportJob.Status.UNDONE:
        raise ValidationError(UNDONE_ALREADY)
    if job.status != ImportJob.Status.APPLIED or job.last_change is None:
        raise ValidationError(NOTHING_TO_UNDO)
    return KINDS[job.kind].plan_undo(job)


def undo(
    job: ImportJob, *, at: datetime.datetime, by: User | None, why: str, expected_digest: str
) -> Work[None]:
    """Undo an import as its preview said, whose digest is `expected_digest`, or not at all.

    Raises ValidationError where something of it was edited since, or where
    something else would happen now.
    """

    def save() -> Work[None]:
        plan = preview_undo(job)  # for what is to be locked
        yield from hold(plan.references, {*plan.named, *plan.organisations})
        held = lock_one(job)
        if held is None:
            raise ValidationError(GONE)
        plan = preview_undo(held)
        if plan.refusals or plan.digest != expected_digest:
            raise ValidationError(plan.refusals or [PLAN_CHANGED])
        touched = Touched()
        undoing = KINDS[held.kind].undo(held, plan, at=at, by=by, why=why)
        for done in gathering(touched, undoing):
            yield Progress(f"{held.get_kind_display().lower()} put back", done, plan.total)
        yield from make_findable(touched)
        held.status, held.undone_at, held.undone_by = ImportJob.Status.UNDONE, at, by
        held.save(update_fields=["status", "undone_at", "undone_by"])

    yield from in_one_transaction(save)


def refused_rows(job: ImportJob) -> bytes:
    """Return the refused rows as a workbook. Raises ValidationError where there is none."""
    reasons: dict[tuple[str, int], list[str]] = {}
    for line in job.lines.filter(outcome=ImportLine.Outcome.REFUSED).iterator():
        said = [f"{wrong} {fix}" for _, wrong, fix in line.problems]
        reasons.setdefault((line.sheet, line.row), []).extend(said)
    if not reasons:
        raise ValidationError(NOTHING_REFUSED)
    mapping = mapping_of(job)
    tables = read_tables(sheets_of(job, mapping), mapping).tables
    return refused_workbook(tables, reasons)


def remove_import(job: ImportJob) -> None:
    """Forget an import that nobody wants. Raises ValidationError where it was applied."""
    with transaction.atomic():
        _lock(job).delete()


def _checked(
    job: ImportJob, *, at: datetime.datetime, sheets: list[Sheet] | None = None
) -> Work[Plan]:
    choices, mapping = Choices.read(job.choices), mapping_of(job)
    return (
        yield from KINDS[job.kind].check(
            sheets_of(job, mapping) if sheets is None else sheets,
            choices,
            on=timezone.localdate(at),
            published_before=job.published_before,
            mapping=mapping,
        )
    )


def mapping_of(job: ImportJob) -> ColumnMapping:
    """Return which column of the file of an import is what, as far as it was chosen."""
    return ColumnMapping.from_plain({"kind": job.kind} | job.mapping)


def sheets_of(job: ImportJob, mapping: ColumnMapping = AS_FOUND) -> list[Sheet]:
    """Return the sheets of the file. Raises Unreadable, or ValidationError where it is gone."""
    # Not kept on `job`, which lives as long as the work.
    content = ImportJob.objects.filter(pk=job.pk).values_list("content", flat=True).first()
    if content is None:
        raise ValidationError(GONE)
    try:
        with NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            how = {"separator": mapping.separator, "encoding": mapping.encoding}
            return read_sheets(Path(file.name), job.name, **how)
    except OSError as problem:
        raise Unreadable(NO_COPY.format(job.name, problem.strerror)) from problem


def _lock(job: ImportJob) -> ImportJob:
    """Return it as it is stored, locked. Raises ValidationError where it is applied or gone."""
    held = lock_one(job)
    if held is None:
        raise ValidationError(GONE)
    if held.is_applied:
        raise ValidationError(APPLIED_ALREADY)
    return held


def _beside(before: dict[str, Choice], chosen: Mapping[str, Choice | None]) -> dict[str, Choice]:
    """Return the choices that are left when these are made over those of before."""
    return {key: choice for key, choice in {**before, **chosen}.items() if choice}
