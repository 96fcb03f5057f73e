"""Refuses forms that are too large by their Content-Length, before they are read."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

# As in deploy/nginx.conf: two uploads of the maximum size, and the other fields.
MAX_FORM_SIZE = 50 * 1024 * 1024


def upload_limit_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that responds 413 to a form larger than MAX_FORM_SIZE."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length[:20]) > MAX_FORM_SIZE:
            return _refuse(request)
        return get_response(request)

    return middleware


def _refuse(request: HttpRequest) -> HttpResponse:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return render(request, "errors/413.html", status=status)
