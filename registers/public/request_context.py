"""What public views share: the export context, pages of long lists, the template context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from registers.exports.columns import ExportContext
from registers.models.references import example
from registers.public.parameters import ReadQuery
from registers.search.fields import PageField
from registers.search.query_string import with_query


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
        query.pop("page", None)
        if page_number > 1:
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
    """Add what the base template shows of every page.

    The partnership and the address of the site; `webcal_url` is the same address for calendar
    programs, which open it to subscribe. Of a page with an address of its own also that,
    without what is left out of it or is a default, and whether search engines should leave it
    out: they show a page of a whole list, and not what narrows it.
    """
    about = {
        "partnership": settings.PARTNERSHIP,
        "reference_example": example(),
        "site_url": settings.SITE_URL,
        "webcal_url": f"webcal:{settings.SITE_URL.partition(':')[2]}",
    }
    # Not request.GET, which an error page may be about: too many fields.
    query = request.__dict__.get("GET")
    if not isinstance(query, ReadQuery):
        return about
    today = timezone.localdate()
    short = query.short_on(today)
    return about | {
        "canonical_url": f"{settings.SITE_URL}{with_query(quote(request.path), short)}",
        "is_unindexed": query.is_narrowed(today),
        "left_out": query.left_out,
        "today": today,  # said on paper
    }
