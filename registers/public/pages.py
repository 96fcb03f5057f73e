"""Smaller pages: data for developers, themes, news, resources, approvers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone

from registers.exports.atom import CONTENT_TYPE
from registers.exports.columns import COLUMNS
from registers.exports.news_feed import write as write_news_feed
from registers.exports.pairs import COLUMNS as PAIR_COLUMNS
from registers.models import Approver, News, Resource, Theme
from registers.public.exports import ORGANISATIONS_PER_PAGE, link_header
from registers.public.openapi import document
from registers.public.request_context import export_context, paginate
from registers.public.schemas import ORGANISATION, parameters
from registers.public.sharing import PAIRS_PER_PAGE
from registers.search.facets import theme_counts
from registers.search.pairs import MOST_PAIRS
from registers.search.query_string import ProtocolFilter
from registers.search.results import PAGE_LENGTH, Results

# Each is a file in templates/pages/examples/, which the tests run as shown on the page.
EXAMPLES = {
    "file.sh": "Everything as a file, with curl",
    "new.sh": "Again, but only if something has changed, with curl",
    "pages.py": "Every page of what is overdue, with Python",
    "table.py": "Who leads most, from the table, with Python",
    "page.js": "On a page of your own, with JavaScript",
}


def data(request: HttpRequest) -> HttpResponse:
    """Show the data page for developers: addresses, parameters, columns, examples."""
    export = export_context()
    context = {
        "addresses": list(_addresses(document(export))),
        "examples": list(_examples()),
        "parameters": parameters(on=export.on),
        "columns": COLUMNS,
        "organisation_columns": [
            {"name": name, "meaning": schema["description"]}
            for name, schema in ORGANISATION.items()
        ],
        "pair_columns": [{"name": name, "meaning": text} for name, text in PAIR_COLUMNS.items()],
        "page_length": PAGE_LENGTH,
        "pairs_length": PAIRS_PER_PAGE,
        "most_pairs": MOST_PAIRS,
        "organisations_length": ORGANISATIONS_PER_PAGE,
    }
    return render(request, "pages/data.html", context)


def _addresses(described: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Yield every address of the OpenAPI document."""
    for path, item in described["paths"].items():
        if "{" not in path:
            media = next(iter(item["get"]["responses"]["200"]["content"]))
            yield {"path": path, "what": item["get"]["summary"], "media": media}


def _examples() -> Iterator[dict[str, str]]:
    """Yield each example with its text, which contains the address of this register."""
    site = {"site_url": settings.SITE_URL}
    for name, title in EXAMPLES.items():
        text = render_to_string(f"pages/examples/{name}.txt", site)
        yield {"name": name.replace(".", "-"), "title": title, "text": text.rstrip()}


FOR_A_YEAR = "public, max-age=31536000, immutable"  # a file's name changes with its content


def branding(request: HttpRequest, name: str) -> HttpResponse:
    """Send the style sheet, the icon or the logo of the partnership."""
    try:
        file = settings.PARTNERSHIP.branding_files[name]
    except KeyError as problem:
        raise Http404 from problem
    headers = {"Content-Type": file.content_type, "Cache-Control": FOR_A_YEAR}
    return HttpResponse(file.body, headers=headers)


def theme_list(request: HttpRequest) -> HttpResponse:
    """Show every theme with the number of protocols in force under it."""
    filters = ProtocolFilter(QueryDict(), on=timezone.localdate())
    counts = theme_counts(filters)
    themes = [(theme, counts.get(theme.pk, 0)) for theme in filters.themes.values()]
    return render(request, "themes/list.html", {"themes": themes})


def theme_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one theme with its protocols."""
    theme = get_object_or_404(Theme, slug=slug)
    query = QueryDict(mutable=True)
    query.update({"theme": slug, "page": request.GET.get("page", "")})
    results = Results(query, on=timezone.localdate())
    if results.errors:
        raise BadRequest("Page: this is not the number of a page.")
    if not results.page_exists:
        raise Http404
    context = {"theme": theme, "results": results, "on": results.on}
    return render(request, "themes/detail.html", context)


NEWS_PER_PAGE = 20


def news_list(request: HttpRequest) -> HttpResponse:
    """Show the news, the newest first."""
    page = paginate(request, News.objects.published(timezone.localdate()), length=NEWS_PER_PAGE)
    return render(request, "news/list.html", {"page": page})


def news_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one item of news."""
    return render(
        request,
        "news/detail.html",
        {"item": get_object_or_404(News.objects.published(timezone.localdate()), slug=slug)},
    )


def news_feed(request: HttpRequest) -> HttpResponse:
    """Send the news as an Atom feed."""
    context = export_context()
    return HttpResponse(
        write_news_feed(context),
        headers={"Content-Type": CONTENT_TYPE, "Link": link_header(context)},
    )


RESOURCES_PER_PAGE = 50


def resource_list(request: HttpRequest) -> HttpResponse:
    """Show the resources."""
    published = Resource.objects.published(timezone.localdate())
    page = paginate(request, published, length=RESOURCES_PER_PAGE)
    return render(request, "resources/list.html", {"page": page})


def resource_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one resource."""
    resource = get_object_or_404(Resource.objects.published(timezone.localdate()), slug=slug)
    return render(request, "resources/detail.html", {"resource": resource})


APPROVERS_PER_PAGE = 200


def approver_list(request: HttpRequest) -> HttpResponse:
    """Show the approvers of every organisation."""
    approvers = Approver.objects.select_related("organisation")
    page = paginate(request, approvers, length=APPROVERS_PER_PAGE)
    return render(request, "approvers/list.html", {"page": page})
