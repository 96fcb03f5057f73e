"""Spreadsheets that were uploaded: kept with what their check found, chosen for, and applied."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from registers.changes.locking import PLAN_CHANGED, lock_one
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.mapping.saved import find_saved
from registers.imports.mapping.suggest import Suggestion, suggest
from registers.imports.reading.read import Sheet, read_sheets
from registers.imports.spreadsheet.applying import apply
from registers.imports.spreadsheet.checking import check
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.plan import Plan, Progress, Work
from registers.models import ImportJob, ImportLine, ImportMapping, ImportName, Name

KEPT = datetime.timedelta(days=90)
BATCH = 2_000
APPLIED_ALREADY = "This import was applied already. Nothing was done again."
GONE = "This import was removed in the meantime. Upload the file again."


def upload(
    name: str,
    content: bytes,
    *,
    by: User | None,
    at: datetime.datetime,
    published_before: bool,
) -> ImportJob:
    """Keep a file that somebody uploaded, and return it. Nothing of it is checked yet."""
    return ImportJob.objects.create(
        name=name,
        content=content,
        size=len(content),
        uploaded_at=at,
        uploaded_by=by,
        published_before=published_before,
    )


def forget_old(at: datetime.datetime) -> None:
    """Remove what was uploaded more than 90 days ago, with its file: its changes have a history."""
    ImportJob.objects.filter(uploaded_at__lt=at - KEPT).delete()


def suggest_for(job: ImportJob) -> Suggestion:
    """Return how the file of an import is likely to be read, or as was chosen for it.

    Raises Unreadable, and ValidationError where the import is gone.
    """
    chosen = ColumnMapping.from_plain(job.mapping)
    sheets = _sheets(job, chosen)
    return suggest(sheets, chosen if job.mapping else find_saved(sheets))


def choose_mapping(job: ImportJob, mapping: ColumnMapping) -> ImportJob:
    """Keep which column is what, and return the import, which is to be checked again then.

    Raises ValidationError where it was applied or removed in the meantime.
    """
    with transaction.atomic():
        held = _held(job)
        held.mapping, held.digest = mapping.to_plain(), ""
        held.status = ImportJob.Status.UPLOADED
        held.save(update_fields=["mapping", "digest", "status"])
        ImportMapping.objects.filter(name=mapping.name).update(used_at=timezone.now())
        return held


def check_import(job: ImportJob, *, at: datetime.datetime) -> Work[None]:
    """Check the file with the mapping and choices that are kept, and keep what is found.

    Raises Unreadable, NotATable or MappingError, before it says how far it has come, where
    nothing of the file can be read; ValidationError where it was applied or
    removed meanwhile. What was found before then stays.
    """
    plan = yield from _checked(job, at=at)
    rows = len(plan.lines)
    yield Progress("rows checked, and now written down", rows, rows)
    # Nothing is yielded from here on: a slow browser would hold the database.
    with transaction.atomic():
        held = _held(job)
        held.lines.all().delete()
        held.names.all().delete()
        _keep_lines(held, plan)
        _keep_names(held, plan)
        held.found = _found(plan)
        held.digest, held.checked_at = plan.digest, at
        held.status = ImportJob.Status.CHECKED
        held.save(update_fields=["found", "digest", "checked_at", "status"])


def choose(
    job: ImportJob,
    *,
    organisations: Mapping[str, Choice | None] | None = None,
    themes: Mapping[str, Choice | None] | None = None,
) -> ImportJob:
    """Keep what was chosen for names, by their keys, beside what was chosen before.

    None takes a choice back. It is to be checked again then: the import that is
    returned says so. Raises ValidationError where it was applied or removed
    meanwhile.
    """
    with transaction.atomic():
        held = _held(job)
        choices = Choices.read(held.choices)
        choices.organisations = _beside(choices.organisations, organisations or {})
        choices.themes = _beside(choices.themes, themes or {})
        held.choices = choices.plain()
        held.digest, held.status = "", ImportJob.Status.UPLOADED
        held.save(update_fields=["choices", "digest", "status"])
        return held


def apply_import(
    job: ImportJob, *, at: datetime.datetime, by: User | None, why: str, expected_digest: str
) -> Work[Plan]:
    """Do what the check foresaw, whose digest is `expected_digest`, or nothing.

    Raises ValidationError where something else would happen by now, or where
    the import was applied or removed meanwhile.
    """

    def mark() -> None:
        held = _held(job)
        if (
            held.digest != expected_digest
        ):  # somebody chose otherwise, or checked it again, meanwhile
            raise ValidationError(PLAN_CHANGED)
        held.status = ImportJob.Status.APPLIED
        held.applied_at, held.applied_by, held.why = at, by, why
        held.save(update_fields=["status", "applied_at", "applied_by", "why"])

    return (
        yield from apply(
            lambda: _checked(job, at=at),
            expected_digest,
            at=at,
            by=by,
            why=why,
            published_before=job.published_before,
            also=mark,
        )
    )


def remove_import(job: ImportJob) -> None:
    """Forget an import that nobody wants. Raises ValidationError where it was applied."""
    with transaction.atomic():
        _held(job).delete()


def _checked(job: ImportJob, *, at: datetime.datetime) -> Work[Plan]:
    choices, mapping = Choices.read(job.choices), ColumnMapping.from_plain(job.mapping)
    return (
        yield from check(
            _sheets(job, mapping),
            choices,
            on=timezone.localdate(at),
            published_before=job.published_before,
            mapping=mapping if job.mapping else None,
        )
    )


def _sheets(job: ImportJob, mapping: ColumnMapping) -> list[Sheet]:
    """Return the sheets of the file. Raises Unreadable, or ValidationError where it is gone."""
    # Not kept on `job`, which lives as long as the work.
    content = ImportJob.objects.filter(pk=job.pk).values_list("content", flat=True).first()
    if content is None:
        raise ValidationError(GONE)
    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return read_sheets(
            Path(file.name), job.name, separator=mapping.separator, encoding=mapping.encoding
        )


def _held(job: ImportJob) -> ImportJob:
    """Return it as it is stored, held to the transaction's end. Raises ValidationError."""
    held = lock_one(job)
    if held is None:
        raise ValidationError(GONE)
    if held.status == ImportJob.Status.APPLIED:
        raise ValidationError(APPLIED_ALREADY)
    return held


def _beside(before: dict[str, Choice], chosen: Mapping[str, Choice | None]) -> dict[str, Choice]:
    """Return the choices that are left when these are made over those of before."""
    return {key: choice for key, choice in {**before, **chosen}.items() if choice}


def _keep_lines(job: ImportJob, plan: Plan) -> None:
    _insert(
        ImportLine(
            job=job,
            position=position,
            sheet=line.sheet[:255],
            row=line.row,
            outcome=line.outcome,
            reference=line.reference,
            title=line.title,
            edits=[[each.column, each.before, each.after] for each in line.edits],
            problems=[[each.column, each.wrong, each.fix] for each in line.problems],
            remarks=line.remarks,
        )
        for position, line in enumerate(plan.lines)
    )


def _keep_names(job: ImportJob, plan: Plan) -> None:
    _insert(
        ImportName(
            job=job,
            position=position,
            kind=named.kind,
            key=named.key,
            written=named.written,
            how=named.how,
            becomes=named.becomes,
            uses=named.uses,
            sheet=named.sheet[:255],
            row=named.row,
            cell=named.cell,
        )
        for position, named in enumerate(plan.names)
    )


def _insert(rows: Iterable[models.Model]) -> None:
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        type(batch[0])._default_manager.bulk_create(batch)


def _found(plan: Plan) -> dict[str, Any]:
    """Return what is said of the whole file."""
    becomes = {named.whom: named.becomes for named in plan.names}
    return {
        "counts": dict(plan.count()),
        "does_something": plan.does_something,
        "personal": plan.personal,
        "said": plan.said,
        "new_organisations": [
            [new.name, "a group of bodies" if new.group else ""] for new in plan.new_organisations
        ],
        "new_themes": list(plan.new_themes.values()),
        # What the words become: 'MEHT', acronym, of which organisation.
        "kept_names": [
            [kept.text, Name.Kind(kept.kind).label, becomes[kept.organisation]]
            for kept in plan.kept_names
        ],
    }
