"""Answers for machines: is it well, what may be read, where to write."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

PLAIN = "text/plain; charset=utf-8"


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type=PLAIN)


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and has every migration: else 503, with the reason."""
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", content_type=PLAIN, status=503)
    if missing:
        return HttpResponse("Migrations are missing.\n", content_type=PLAIN, status=503)
    return HttpResponse("ok\n", content_type=PLAIN)


def robots(request: HttpRequest) -> HttpResponse:
    """Let robots read all but the editors' door."""
    sitemap_url = f"{settings.SITE_URL}{reverse('sitemap')}"
    words = f"User-agent: *\nDisallow: /admin/\n\nSitemap: {sitemap_url}\n"
    return HttpResponse(words, content_type=PLAIN)


def security(request: HttpRequest) -> HttpResponse:
    """Say where to report a weakness, as RFC 9116 has it."""
    expires = timezone.now() + datetime.timedelta(days=180)
    lines = [
        f"Contact: mailto:{settings.PARTNERSHIP.email}",
        f"Expires: {expires:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{reverse('security')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type=PLAIN)
