"""CORS: programs of any origin may read data and files, but not pages and forms.

The data is the same for everybody, so any origin is allowed, without credentials.
The page cache sends the same headers with status 304.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from registers.public.problem import no_such_file, problem

READ_METHODS = "GET, HEAD"
ALLOWED = "GET, HEAD, OPTIONS"
# A browser hides all other headers of a cross-origin response from the program.
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, ETag, Link",
}
# A browser asks before it sends a request with a custom header, such as If-None-Match.
PREFLIGHT_HEADERS = {
    "Allow": ALLOWED,
    "Access-Control-Allow-Methods": READ_METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


def is_data_path(path: str) -> bool:
    """Return whether `path` is that of data or a file, whether it exists or not."""
    try:
        return is_data_route(resolve(path))
    except Resolver404:
        return path.endswith((".json", "/review-template.docx"))


def is_data_route(match: ResolverMatch) -> bool:
    """Return whether a route is that of data or a file: public, and without a slash at the end."""
    return match.route[-1:] not in {"", "/"} and not match.namespaces


def cors_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that adds CORS headers to data and files, errors included."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not is_data_path(request.path_info):
            return get_response(request)
        response = _response_to_other_methods(request) or get_response(request)
        # With DEBUG, Django responds with a page for developers in place of the handler.
        if response.status_code == HTTPStatus.NOT_FOUND and "html" in response["Content-Type"]:
            response = no_such_file()
        for name, value in CORS_HEADERS.items():
            response[name] = value
        return response

    return middleware


def _response_to_other_methods(request: HttpRequest) -> HttpResponse | None:
    """Return the response to a method other than GET and HEAD; None for these two."""
    if request.method in {"GET", "HEAD"}:
        return None
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT_HEADERS)
    words = {"method": f"This can only be read. Use one of {ALLOWED}."}
    response = problem(HTTPStatus.METHOD_NOT_ALLOWED, "This can only be read", words)
    response["Allow"] = ALLOWED
    return response
