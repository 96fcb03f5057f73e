"""Answers for what went wrong, in the register's own look. The last needs no database."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registers.public import exports
from registers.public.cors import is_for_machines
from registers.public.exports import problem

ENDING = re.compile(r"/(protocols|organisations)\.[^/]+\Z")
ENDINGS: dict[str, Collection[str]] = {
    "protocols": exports.FORMATS,
    "organisations": exports.ORGANISATION_FORMATS,
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: the request cannot be read. A sentence that was meant for the reader is shown."""
    words = str(exception) if isinstance(exception, BadRequest) else ""
    if is_for_machines(request.path_info):
        return problem(400, "The question cannot be read", {"request": words or "Ask for less."})
    return render(request, "errors/400.html", {"words": words}, status=400)


def forbidden(
    request: HttpRequest, exception: Exception | None = None, reason: str = ""
) -> HttpResponse:
    """Answer 403: this visitor may not, or (then with a `reason`) the form was not ours."""
    return render(request, "errors/403.html", {"forged": bool(reason)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: nothing is kept at this address."""
    if found := ENDING.search(request.path):
        *some, last = ENDINGS[found[1]]
        words = f"Use {', '.join(some)} or {last}."
        return problem(404, "There is no such ending", {"request": words})
    if is_for_machines(request.path_info):
        return problem(404, "There is no such file", {"request": str(exception) or "Not found."})
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500: the register failed. Neither view nor template asks the database."""
    return render(request, "errors/500.html", status=500)
