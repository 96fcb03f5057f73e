"""What the pages for merging and splitting organisations share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registers.models import Organisation

MAY = "registers.merge_organisation"
CHANGED_SINCE = (
    "Nothing is done yet: since you looked, the register has changed. This is what would happen"
    " now."
)


def refuse_who_may_not(request: HttpRequest) -> None:
    """Raise PermissionDenied for a person who may not merge and split."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied


def page(
    request: HttpRequest, template: str, organisation: Organisation | None = None, **more: Any
) -> HttpResponse:
    """Show one of the pages about organisations."""
    context = admin.site.each_context(request) | {
        "opts": Organisation._meta,
        "organisation": organisation,
        **more,
    }
    return render(request, f"admin/registers/organisation/{template}.html", context)
