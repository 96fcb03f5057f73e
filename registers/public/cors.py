"""What machines read, programs of any origin may read (CORS). Pages and forms they may not.

Nothing there depends on who asks, so it is open to all, without credentials. The
memory of pages says the same where it answers for Django (stored/wsgi.py).
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from registers.public.exports import problem

READ = "GET, HEAD"
ALLOWED = "GET, HEAD, OPTIONS"
# An answer's header of another origin is kept from a program unless it is named.
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, ETag, Link",
}
# What a browser asks before a request with a header of the program's own, such as If-None-Match.
BEFOREHAND = {
    "Allow": ALLOWED,
    "Access-Control-Allow-Methods": READ,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


def is_for_machines(path: str) -> bool:
    """Return whether this is the path of something that machines read, be it there or not."""
    try:
        return leads_to_machines(resolve(path))
    except Resolver404:
        return False


def leads_to_machines(match: ResolverMatch) -> bool:
    """Return whether an address is of what machines read: of the readers', without a slash last."""
    return match.route[-1:] not in {"", "/"} and not match.namespaces


def open_to_all(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return middleware that opens what machines read, errors too, and tells them the methods."""

    def answer_openly(request: HttpRequest) -> HttpResponseBase:
        if not is_for_machines(request.path_info):
            return answer(request)
        response = _refused(request) or answer(request)
        for name, value in OPEN.items():
            response[name] = value
        return response

    return answer_openly


def _refused(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a method that reads nothing; None for the two that do."""
    if request.method in {"GET", "HEAD"}:
        return None
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=BEFOREHAND)
    words = {"method": f"This can only be read. Use one of {ALLOWED}."}
    response = problem(HTTPStatus.METHOD_NOT_ALLOWED, "This can only be read", words)
    response["Allow"] = ALLOWED
    return response
