"""Themes: the headings that protocols are published under."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render

from registers.models import Theme
from registers.public.doors import place
from registers.search.facets import theme_counts
from registers.search.question import ProtocolFilter
from registers.search.results import Finding


def index(request: HttpRequest) -> HttpResponse:
    """Show every theme with the number of protocols in force under it."""
    asked = ProtocolFilter(QueryDict(), on=place().on)
    counts = theme_counts(asked)
    themes = [(theme, counts.get(theme.pk, 0)) for theme in asked.themes.values()]
    return render(request, "themes/list.html", {"themes": themes})


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one theme with its protocols."""
    theme = get_object_or_404(Theme, slug=slug)
    query = QueryDict(mutable=True)
    query.update({"theme": slug, "page": request.GET.get("page", "")})
    finding = Finding(query, on=place().on)
    if finding.errors:
        raise BadRequest("Page: this is not the number of a page.")
    if not finding.page_exists:
        raise Http404
    context = {"theme": theme, "finding": finding, "on": finding.on}
    return render(request, "themes/detail.html", context)
