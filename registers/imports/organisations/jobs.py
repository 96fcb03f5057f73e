"""Spreadsheets of organisations that were uploaded: kept, checked, chosen for and applied."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from registers.changes.locking import PLAN_CHANGED, lock_register
from registers.changes.transaction import update_search_and_version
from registers.changes.undo_organisations import (
    OrganisationsUndoPlan,
    plan_organisations_undo,
    undo_organisations,
)
from registers.changes.wanted_organisations import write_organisations
from registers.imports.organisations.checking import check, edits_of
from registers.imports.organisations.plan import OrganisationChoices, OrganisationPlan
from registers.imports.second_person import refuse_alone
from registers.imports.spreadsheet.applying import Terms, refused_because
from registers.imports.spreadsheet.jobs import (
    keep_steps,
    lock_import,
    lock_to_undo,
    mark_applied,
    mark_undone,
    read_content,
    refuse_undo,
    sheets_of,
    unsaved_job,
)
from registers.models import ImportJob, ImportLine

MOST_TRIED = 20


def upload(name: str, content: bytes, *, by: User | None, at: datetime.datetime) -> ImportJob:
    """Keep a file that somebody uploaded and check it, with the columns of the last one like it.

    Raises Unreadable and MappingError where it cannot be read, and then nothing is kept.
    """
    sheets = read_content(name, content)
    choices = OrganisationChoices()
    plan = check(sheets, choices)
    if columns := _columns_of_last(plan.columns):
        choices = OrganisationChoices(columns=columns)
        plan = check(sheets, choices)
    job = unsaved_job(name, content, by=by, at=at, kind=ImportJob.Kind.ORGANISATIONS)
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


def choose(
    job: ImportJob, choices: OrganisationChoices, *, at: datetime.datetime, by: User | None = None
) -> ImportJob:
    """Keep what was chosen, as `by` did, check the file with it, and return the import.

    Raises MappingError where the file cannot be read so, and ValidationError where it was
    applied or removed in the meantime; then what was chosen before stays.
    """
    plan = check(sheets_of(job), choices)
    with transaction.atomic():
        held = lock_import(job)
        held.prepared_by = by or held.prepared_by
        _keep(held, plan, choices, at)
        return held


def apply(
    job: ImportJob, *, at: datetime.datetime, by: User | None, why: str, expected_digest: str
) -> None:
    """Do what the check showed, whose digest is `expected_digest`, or nothing.

    Raises ValidationError where something else would happen, where somebody else saves at this
    moment, where the import was applied or removed in the meantime, and where another has to
    apply it.
    """
    refuse_alone(job, by)
    sheets = sheets_of(job)
    keys = check(sheets, choices_of(job)).keys

    def save() -> None:
        lock_register([], keys)
        held = lock_import(job)
        plan = check(sheets, choices_of(held))  # nobody else saves from here on
        if plan.digest != expected_digest:
            raise ValidationError(PLAN_CHANGED)
        steps = write_organisations(plan.changing, at=at, by=by, why=why)
        keep_steps(held, steps)
        mark_applied(held, Terms(by=by, why=why), at)

    _in_one_transaction(save)


def preview_undo(job: ImportJob) -> OrganisationsUndoPlan:
    """Say what undoing an import would do. Raises ValidationError where none can be undone."""
    refuse_undo(job)
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
        held, plan = lock_to_undo(job, preview_undo, expected_digest)
        undo_organisations(plan, at=at, by=by, why=why)
        mark_undone(held, at=at, by=by)

    _in_one_transaction(save)


def _in_one_transaction(save: Callable[[], None]) -> None:
    """Do it, or nothing. Raises ValidationError for what the database refuses."""
    try:
        with update_search_and_version():
            save()
    except DatabaseError as refusal:
        raise ValidationError(refused_because(refusal)) from refusal


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
