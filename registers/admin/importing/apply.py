"""Applying what a check showed: exactly that, once, or nothing."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from registers.admin.importing.check import again, check_page, imported, reason_form
from registers.admin.importing.progress import progress_page
from registers.admin.importing.shared import address, back, for_importers
from registers.changes.locking import PLAN_CHANGED
from registers.imports.second_person import ANOTHER, needs_another
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.plan import Work
from registers.models import ImportJob


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
