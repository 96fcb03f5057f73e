"""Spreadsheets of organisations that were uploaded: kept, checked, chosen for and applied."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from registers.changes.locking import PLAN_CHANGED, is_held, lock_one, lock_register
from registers.changes.transaction import update_search_and_version
from registers.changes.undo_organisations import (
    OrganisationsUndoPlan,
    plan_organisations_undo,
    undo_organisations,
)
from registers.changes.wanted_organisations import write_organisations
from registers.imports.organisations.checking import check, edits_of
from registers.imports.organisations.plan import OrganisationChoices, OrganisationPlan
from registers.imports.reading.read import Sheet, read_sheets
from registers.imports.spreadsheet.applying import BUSY, REFUSED
from registers.imports.spreadsheet.jobs import (
    APPLIED_ALREADY,
    GONE,
    NOTHING_TO_UNDO,
    UNDONE_ALREADY,
)
from registers.models import Change, ImportJob, ImportLine

T = TypeVar("T")
MOST_TRIED = 20


def upload(name: str, content: bytes, *, by: User | None, at: datetime.datetime) -> ImportJob:
    """Keep a file that somebody uploaded and check it, with the columns of the last one like it.

    Raises Unreadable and MappingError where it cannot be read, and then nothing is kept.
    """
    sheets = _read(name, content)
    choices = OrganisationChoices()
    plan = check(sheets, choices)
    if columns := _columns_of_last(plan.columns):
        choices = OrganisationChoices(columns=columns)
        plan = check(sheets, choices)
    job = ImportJob(
        kind=ImportJob.Kind.ORGANISATIONS,
        name=name,
        content=content,
        size=len(content),
        uploaded_at=at,
        uploaded_by=by,
    )
    with transaction.atomic():
        _keep(job, plan, choices, at)
    return job


def _columns_of_last(columns: Mapping[str, str]) -> dict[str, str]:
    """Return what was chosen for the last file with these headings, if any."""
    jobs = ImportJob.objects.filter(kind=ImportJob.Kind.ORGANISATIONS).exclude(mapping={})
    for mapping in jobs.values_list("mapping", flat=True)[:MOST_TRIED]:
        if mapping["columns"].keys() == columns.keys():
            return dict(mapping["columns"])
    return {}


def choices_of(job: ImportJob) -> OrganisationChoices:
    """Return what a person chose for an import."""
    return OrganisationChoices(
        columns=job.mapping.get("columns", {}),
        rows=job.choices.get("rows", {}),
    )


def choose(job: ImportJob, choices: OrganisationChoices, *, at: datetime.datetime) -> ImportJob:
    """Keep what was chosen, check the file with it, and return the import.

    Raises MappingError where the file cannot be read so, and ValidationError where it was
    applied or removed in the meantime; then what was chosen before stays.
    """
    plan = check(_sheets(job), choices)
    with transaction.atomic():
        held = _held(job)
        _keep(held, plan, choices, at)
        return held


def apply(
    job: ImportJob, *, at: datetime.datetime, by: User | None, why: str, expected_digest: str
) -> None:
    """Do what the check showed, whose digest is `expected_digest`, or nothing.

    Raises ValidationError where something else would happen, where somebody else saves at this
    moment, and where the import was applied or removed in the meantime.
    """
    sheets = _sheets(job)
    keys = check(sheets, choices_of(job)).keys

    def save() -> None:
        lock_register([], keys)
        held = _held(job)
        plan = check(sheets, choices_of(held))  # nobody else saves from here on
        if plan.digest != expected_digest:
            raise ValidationError(PLAN_CHANGED)
        steps = write_organisations(plan.changing, at=at, by=by, why=why)
        held.steps.create(steps=[step.to_json() for step in steps])
        held.last_change = Change.objects.aggregate(last=models.Max("pk"))["last"]
        held.status = ImportJob.Status.APPLIED
        held.applied_at, held.applied_by, held.why = at, by, why
        held.save()

    _in_one_transaction(save)


def preview_undo(job: ImportJob) -> OrganisationsUndoPlan:
    """Say what undoing an import would do. Raises ValidationError where none can be undone."""
    if job.status == ImportJob.Status.UNDONE:
        raise ValidationError(UNDONE_ALREADY)
    if job.status != ImportJob.Status.APPLIED:
        raise ValidationError(NOTHING_TO_UNDO)
    return plan_organisations_undo(job)


def undo(
    job: ImportJob, *, at: datetime.datetime, by: User | None, why: str, expected_digest: str
) -> None:
    """Undo an import as its preview said, whose digest is `expected_digest`, or not at all.

    Raises ValidationError where something of it was edited since, or something else would happen.
    """

    def save() -> None:
        plan = preview_undo(job)  # for what is to be locked
        lock_register([], {*plan.new, *plan.changed})
        held = lock_one(job)
        if held is None:
            raise ValidationError(GONE)
        plan = preview_undo(held)
        if plan.refusals or plan.digest != expected_digest:
            raise ValidationError(plan.refusals or [PLAN_CHANGED])
        undo_organisations(plan, at=at, by=by, why=why)
        held.status, held.undone_at, held.undone_by = ImportJob.Status.UNDONE, at, by
        held.save(update_fields=["status", "undone_at", "undone_by"])

    _in_one_transaction(save)


def _in_one_transaction(save: Callable[[], T]) -> T:
    """Do it, or nothing. Raises ValidationError for what the database refuses."""
    try:
        with update_search_and_version():
            return save()
    except DatabaseError as refusal:
        raise ValidationError(BUSY if is_held(refusal) else REFUSED) from refusal


def _sheets(job: ImportJob) -> list[Sheet]:
    """Return the sheets of the file. Raises Unreadable, or ValidationError where it is gone."""
    content = ImportJob.objects.filter(pk=job.pk).values_list("content", flat=True).first()
    if content is None:
        raise ValidationError(GONE)
    return _read(job.name, bytes(content))


def _read(name: str, content: bytes) -> list[Sheet]:
    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return read_sheets(Path(file.name), name)


def _held(job: ImportJob) -> ImportJob:
    """Return it as it is stored, held to the transaction's end. Raises ValidationError."""
    held = lock_one(job)
    if held is None or held.is_applied:
        raise ValidationError(APPLIED_ALREADY if held else GONE)
    return held


def _keep(
    job: ImportJob, plan: OrganisationPlan, choices: OrganisationChoices, at: datetime.datetime
) -> None:
    """Keep what was chosen, and what a check found, to be shown."""
    job.mapping = {"columns": choices.columns} if choices.columns else {}
    job.choices = {"rows": choices.rows}
    job.found = {
        "counts": dict(plan.count()),
        "does_something": bool(plan.changing),
        "personal": plan.personal,
        "said": plan.said,
        "columns": list(plan.columns.items()),
        # By the place of the row, as JSON has it: whether it can be new, and what may be meant.
        "near": {
            str(place): [row.key is None, *row.near.items()]
            for place, row in enumerate(plan.rows)
            if row.near
        },
    }
    job.digest, job.checked_at, job.status = plan.digest, at, ImportJob.Status.CHECKED
    job.save()
    job.lines.all().delete()
    ImportLine.objects.bulk_create(
        ImportLine(
            job=job,
            position=position,
            sheet=row.row.sheet[:255],
            row=row.row.number,
            outcome=row.outcome,
            title=row.name,
            edits=edits_of(row),
            problems=[[each.column, each.wrong, each.fix] for each in row.row.problems],
            remarks=row.remarks,
        )
        for position, row in enumerate(plan.rows)
    )
