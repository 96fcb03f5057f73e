"""Well-known files for machines: health checks, robots.txt, security.txt, sitemaps."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sitemaps import GenericSitemap, Sitemap
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from registers.models import News, Organisation, Protocol, Resource, Theme
from registers.models.review_dates import months_later

PLAIN = "text/plain; charset=utf-8"


def healthz(request: HttpRequest) -> HttpResponse:
    """Respond that the process is alive."""
    return HttpResponse("ok\n", content_type=PLAIN)


def readyz(request: HttpRequest) -> HttpResponse:
    """Respond whether the database answers and has every migration: else 503 with the reason."""
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", content_type=PLAIN, status=503)
    if missing:
        return HttpResponse("Migrations are missing.\n", content_type=PLAIN, status=503)
    return HttpResponse("ok\n", content_type=PLAIN)


def robots(request: HttpRequest) -> HttpResponse:
    """Allow robots everything but /admin/ and the form that every page leads to."""
    sitemap_url = f"{settings.SITE_URL}{reverse('sitemap')}"
    shut = f"Disallow: /admin/\nDisallow: {reverse('suggestion')}\n"
    words = f"User-agent: *\n{shut}\nSitemap: {sitemap_url}\n"
    return HttpResponse(words, content_type=PLAIN)


def security(request: HttpRequest) -> HttpResponse:
    """Say where to report a vulnerability (RFC 9116)."""
    # The first of a month, so that the file does not change every day; 5 to 6 months away.
    expires = months_later(timezone.localdate().replace(day=1), 6)
    lines = [
        f"Contact: mailto:{settings.PARTNERSHIP.email}",
        f"Expires: {expires:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{reverse('security')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type=PLAIN)


PAGES = [
    *("register", "themes", "organisations", "sharing", "reviews", "approvers"),
    *("news", "resources", "about", "about-data"),
]


class PageSitemap(Sitemap):  # type: ignore[type-arg] # the class takes no type when it runs
    """The pages that always exist."""

    def items(self) -> list[str]:
        """Return their URL names."""
        return PAGES

    def location(self, item: str) -> str:
        """Return the path of one."""
        return reverse(item)


class PublishedSitemap(Sitemap):  # type: ignore[type-arg] # the class takes no type when it runs
    """The published items of a model."""

    model: type[News | Resource] = News

    def items(self) -> QuerySet[Any, Any]:
        """Return what is published on this day in Europe/London."""
        return self.model.objects.published(timezone.localdate()).order_by("pk")


class ResourceSitemap(PublishedSitemap):
    """The published resources."""

    model = Resource


SITEMAPS = {
    "pages": PageSitemap,
    "themes": GenericSitemap({"queryset": Theme.objects.order_by("pk")}),
    "protocols": GenericSitemap({"queryset": Protocol.public.order_by("pk")}),
    "organisations": GenericSitemap({"queryset": Organisation.objects.order_by("pk")}),
    "news": PublishedSitemap,
    "resources": ResourceSitemap,
}
