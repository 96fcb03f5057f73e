"""Error pages and problem responses. That for status 500 needs no database."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from registers.public import exports
from registers.public.cors import is_data_path
from registers.public.problem import no_such_file, problem

EXPORT_PATH = re.compile(r"/(protocols|organisations)\.[^/]+\Z")
EXPORT_FORMATS: dict[str, Collection[str]] = {
    "protocols": exports.FORMATS,
    "organisations": exports.ORGANISATION_FORMATS,
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond 400: the request cannot be read. The message of a BadRequest is shown."""
    words = str(exception) if isinstance(exception, BadRequest) else ""
    if is_data_path(request.path_info):
        shorter = {"request": words or "Send a shorter request."}
        return problem(400, "The request cannot be read", shorter)
    return render(request, "errors/400.html", {"words": words}, status=400)


def forbidden(
    request: HttpRequest, exception: Exception | None = None, reason: str = ""
) -> HttpResponse:
    """Respond 403: not permitted, or (with a `reason`) the CSRF check failed."""
    context = {"forged": bool(reason), "title": "You cannot open this page"}
    return _for_editors(request, 403, context) or render(
        request, "errors/403.html", context, status=403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond 404: there is nothing at this address."""
    if found := EXPORT_PATH.search(request.path):
        *some, last = EXPORT_FORMATS[found[1]]
        words = f"Use {', '.join(some)} or {last}."
        return problem(404, "There is no such file format", {"request": words})
    if is_data_path(request.path_info):
        return no_such_file()
    return _for_editors(request, 404, {"title": "Page not found"}) or render(
        request, "errors/404.html", status=404
    )


def _for_editors(request: HttpRequest, status: int, context: dict[str, Any]) -> HttpResponse | None:
    """Return the error as a page of admin, for whoever may use admin; None for others."""
    if not request.path_info.startswith(reverse("admin:index")):
        return None
    # A refusal before the session is read comes without a user.
    if not (hasattr(request, "user") and admin.site.has_permission(request)):
        return None
    context = admin.site.each_context(request) | {"status": status} | context
    return render(request, "admin/error.html", context, status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond 500: an unexpected error. Neither view nor template queries the database."""
    return render(request, "errors/500.html", status=500)
