"""Applying what a check foresaw: exactly that, once, or nothing."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from registers.admin.importing.check import again, check_page, imported, reason_form
from registers.admin.importing.growing import growing
from registers.admin.importing.shared import address, back, for_importers
from registers.changes.locking import PLAN_CHANGED
from registers.imports.spreadsheet import kept
from registers.imports.spreadsheet.plan import Work
from registers.models import Import


@for_importers
def apply_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Apply what was shown, while the page grows; a second time nothing is done."""
    brought = imported(key)
    if request.method != "POST":
        return redirect(address("check", brought))
    if brought.status == Import.Status.APPLIED:
        return back(request, brought, ValidationError(kept.APPLIED_ALREADY))
    form = reason_form(brought, request.POST)
    if not form.is_valid():
        return check_page(request, brought, form)
    by, promised = cast(User, request.user), form.cleaned_data["promised"]
    work = _applied(brought, by=by, why=form.cleaned_data["why"], promised=promised)
    return growing(request, brought, work, title="Applying the import", applies=True)


def _applied(brought: Import, *, by: User, why: str, promised: str) -> Work[str]:
    """Apply it; where something else would happen by now, apply nothing and check it again."""
    try:
        yield from kept.apply_import(brought, at=timezone.now(), by=by, why=why, promised=promised)
    except ValidationError as refusal:
        if _is_applied(brought):
            raise ValidationError(kept.APPLIED_ALREADY) from refusal
        if PLAN_CHANGED not in refusal.messages:
            raise
        yield from again(brought)
        return address("check", brought, otherwise="yes")
    return address("check", brought)


def _is_applied(brought: Import) -> bool:
    return Import.objects.filter(pk=brought.pk, status=Import.Status.APPLIED).exists()
