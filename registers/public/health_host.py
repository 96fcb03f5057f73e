"""Lets health checks through whatever their Host header: load balancers ask by IP address."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


def health_host_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that gives the two health checks the host of SITE_URL.

    What they answer does not depend on the host. All other requests must name a host in
    ALLOWED_HOSTS, as before.
    """
    host = settings.SITE_URL.partition("://")[2]

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info in HEALTH_PATHS:
            request.META["HTTP_HOST"] = host
        return get_response(request)

    return middleware
