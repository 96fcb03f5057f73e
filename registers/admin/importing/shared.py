"""What the pages of the import share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode

from registers.models import ImportJob, Protocol

MAY = "registers.import_protocol"
A_PAGE = 100

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def may_import(user: Any) -> bool:
    """Say whether the user may import."""
    return bool(user.has_perm(MAY))


def for_importers(view: View[P]) -> View[P]:
    """Return the view for those alone who may import. It raises PermissionDenied for others."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may_import(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wraps(view)(guarded)


def address(page: str, job: ImportJob | None = None, **query: str) -> str:
    """Return the address of a page of the import: 'list', 'check', of which import."""
    args = [job.pk] if job else []
    found = reverse(f"admin:registers_import_{page}", args=args)
    return f"{found}?{urlencode(query)}" if query else found


def page(
    request: HttpRequest,
    template: str,
    *,
    title: str,
    job: ImportJob | None = None,
    **more: Any,
) -> HttpResponse:
    """Show one of the pages."""
    return render(
        request,
        f"admin/registers/import/{template}.html",
        context(request, title=title, job=job) | more,
    )


def context(request: HttpRequest, *, title: str, job: ImportJob | None) -> dict[str, Any]:
    """Return what every page of the import says."""
    opts = Protocol._meta
    return admin.site.each_context(request) | {"opts": opts, "title": title, "job": job}


def sentences_of(refusal: Exception) -> list[str]:
    """Return what a refusal says: one of ours, or a ValidationError."""
    sentences: list[str] = getattr(refusal, "messages", [str(refusal)])
    return sentences


def download(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """Send a file under a name."""
    how = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": how})


def back(request: HttpRequest, job: ImportJob, refusal: Exception) -> HttpResponse:
    """Lead to where it stands now, with the sentences of a refusal."""
    for sentence in sentences_of(refusal):
        messages.error(request, sentence)
    return redirect(address("check", job))
