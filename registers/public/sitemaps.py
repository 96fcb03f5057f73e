"""The address of every page, for search engines: 50,000 to a file, as sitemaps.org asks."""

from __future__ import annotations

from typing import Any

from django.contrib.sitemaps import Sitemap
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from registers.models import News, Organisation, Protocol, Resource, Theme

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
        return News.objects.out(timezone.localdate()).order_by("pk")


SITEMAPS = {
    "pages": Pages,
    "themes": Things(Theme.objects.order_by("pk")),
    "protocols": Things(Protocol.public.order_by("pk")),
    "organisations": Things(Organisation.objects.order_by("pk")),
    "news": Items,
    "resources": Things(Resource.objects.order_by("pk")),
}
