"""Forms that are too large are refused by what they say of their length, before they are read."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

# As in deploy/nginx.conf: two papers of the largest size, and what stands beside them.
LARGEST_FORM = 50 * 1024 * 1024


def refuse_large_forms(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return middleware that answers 413, with a sentence, to more than that."""

    def answer_or_refuse(request: HttpRequest) -> HttpResponseBase:
        said = request.META.get("CONTENT_LENGTH") or "0"
        if said.isascii() and said.isdigit() and int(said[:20]) > LARGEST_FORM:
            return _refuse(request)
        return answer(request)

    return answer_or_refuse


def _refuse(request: HttpRequest) -> HttpResponse:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return render(request, "errors/413.html", status=status)
