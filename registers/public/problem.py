"""Problem responses (RFC 9457): what programs get instead of a page that says what is wrong."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse


def problem(status: int, title: str, errors: dict[str, str]) -> HttpResponse:
    """Return a problem response (RFC 9457); `errors` are sentences by parameter."""
    return JsonResponse(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": " ".join(errors.values()),
            "errors": errors,
        },
        status=status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def no_such_file() -> HttpResponse:
    """Return 404. Never the message of a Resolver404: it lists every URL pattern and path."""
    return problem(404, "There is no such file", {"request": "There is nothing at this address."})
