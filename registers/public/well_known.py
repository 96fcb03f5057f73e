"""Answers for machines: is it well, what may be read, every address, where to write."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from registers.models import News, Organisation, Protocol, Resource, Theme

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


PAGES = [
    *("register", "themes", "organisations", "reviews", "approvers", "news", "resources"),
    *("about", "about-data"),
]


class Pages(Sitemap):  # type: ignore[type-arg] # the class takes no type when it runs
    """The pages that are always there."""

    limit = 50_000

    def items(self) -> list[str]:
        """Return their names."""
        return PAGES

    def location(self, item: str) -> str:
        """Return the path of one."""
        return reverse(item)


class Things(Sitemap):  # type: ignore[type-arg] # the class takes no type when it runs
    """The pages of one kind of thing."""

    limit = 50_000

    def __init__(self, things: QuerySet[Any, Model]) -> None:
        self.things = things

    def items(self) -> QuerySet[Any, Model]:
        """Return them all, afresh."""
        return self.things.all()


class Items(Sitemap):  # type: ignore[type-arg] # the class takes no type when it runs
    """The news that is out."""

    limit = 50_000

    def items(self) -> QuerySet[News, News]:
        """Return it as of today, in Europe/London."""
        return News.objects.published(timezone.localdate()).order_by("pk")


SITEMAPS = {
    "pages": Pages,
    "themes": Things(Theme.objects.order_by("pk")),
    "protocols": Things(Protocol.public.order_by("pk")),
    "organisations": Things(Organisation.objects.order_by("pk")),
    "news": Items,
    "resources": Things(Resource.objects.order_by("pk")),
}
