"""What views and templates share of a request: the day, the address, a page of a long list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from registers.exports.columns import Place
from registers.search.question import PageField


def place() -> Place:
    """Return where and when this is: the site with its names, and now in Europe/London."""
    at = timezone.localtime()
    return Place(
        site=settings.SITE_URL,
        on=at.date(),
        at=at,
        register=settings.PARTNERSHIP.register_name,
        publisher=settings.PARTNERSHIP.name,
    )


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of a long list. `count` is of all pages."""

    things: list[Any]
    count: int
    number: int
    pages: int
    query: QueryDict

    @property
    def previous_query(self) -> str | None:
        """The query string of the page before, if there is one."""
        return self._query(self.number - 1) if self.number > 1 else None

    @property
    def next_query(self) -> str | None:
        """The query string of the page after, if there is one."""
        return self._query(self.number + 1) if self.number < self.pages else None

    def _query(self, number: int) -> str:
        query = self.query.copy()
        query["page"] = str(number)
        return query.urlencode()


def page_of(
    request: HttpRequest,
    things: QuerySet[Any, Any] | Sequence[Any],
    *,
    length: int,
    beyond: int = 0,
) -> Listing:
    """Return the page of `things` that the query string asks for, of `length` things at most.

    `beyond` is how many more are brought, to compare the page's last with.
    Raises BadRequest for what is not the number of a page, and Http404 for a
    page past the last.
    """
    number = page_number(request)
    paginator = Paginator(things, length)
    if number > paginator.num_pages:
        raise Http404
    return Listing(
        things=list(things[(number - 1) * length : number * length + beyond]),
        count=paginator.count,
        number=number,
        pages=paginator.num_pages,
        query=request.GET,
    )


def page_number(request: HttpRequest) -> int:
    """Return the number of the page that the query string asks for. Raises BadRequest."""
    try:
        return PageField(label="Page", required=False).clean(request.GET.get("page", ""))
    except ValidationError as problem:
        raise BadRequest("Page: this is not the number of a page.") from problem


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the partnership, for its name and words, and the site's address."""
    return {"partnership": settings.PARTNERSHIP, "site_url": settings.SITE_URL}
