"""What public views share: the export context, pages of long lists, the template context."""

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

from registers.exports.columns import ExportContext
from registers.search.query_string import PageField


def export_context() -> ExportContext:
    """Return the context of an export made now, with the time in Europe/London."""
    at = timezone.localtime()
    return ExportContext(
        site=settings.SITE_URL,
        on=at.date(),
        at=at,
        register=settings.PARTNERSHIP.register_name,
        publisher=settings.PARTNERSHIP.name,
        email=settings.PARTNERSHIP.email,
    )


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a long list. `count` is of all pages."""

    items: list[Any]
    count: int
    page_number: int
    page_count: int
    query: QueryDict

    @property
    def previous_query(self) -> str | None:
        """The query string of the previous page, if there is one."""
        return self._query(self.page_number - 1) if self.page_number > 1 else None

    @property
    def next_query(self) -> str | None:
        """The query string of the next page, if there is one."""
        return self._query(self.page_number + 1) if self.page_number < self.page_count else None

    def _query(self, page_number: int) -> str:
        query = self.query.copy()
        query["page"] = str(page_number)
        return query.urlencode()


def paginate(
    request: HttpRequest,
    items: QuerySet[Any, Any] | Sequence[Any],
    *,
    length: int,
    extra: int = 0,
) -> Page:
    """Return the page of `items` that the query string asks for, of `length` items at most.

    `extra` is the number of further items, to compare the last of the page with.
    Raises BadRequest for an invalid page number, and Http404 for a page past the last.
    """
    number = page_number(request)
    paginator = Paginator(items, length)
    if number > paginator.num_pages:
        raise Http404
    return Page(
        items=list(items[(number - 1) * length : number * length + extra]),
        count=paginator.count,
        page_number=number,
        page_count=paginator.num_pages,
        query=request.GET,
    )


def page_number(request: HttpRequest) -> int:
    """Return the number of the page that the query string asks for. Raises BadRequest."""
    try:
        return PageField(label="Page", required=False).clean(request.GET.get("page", ""))
    except ValidationError as problem:
        raise BadRequest("Page: this is not the number of a page.") from problem


def site(request: HttpRequest) -> dict[str, Any]:
    """Add the partnership and the address of the site to the context of every template.

    `webcal_url` is the same address for calendar programs: they open it to subscribe.
    """
    return {
        "partnership": settings.PARTNERSHIP,
        "site_url": settings.SITE_URL,
        "webcal_url": f"webcal:{settings.SITE_URL.partition(':')[2]}",
    }
