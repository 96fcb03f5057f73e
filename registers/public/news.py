"""News of the partnership."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from registers.models import News
from registers.public.doors import page_of, place

NEWS_A_PAGE = 20


def index(request: HttpRequest) -> HttpResponse:
    """Show the news, the newest first."""
    page = page_of(request, News.objects.out(place().on), length=NEWS_A_PAGE)
    return render(request, "news/list.html", {"page": page})


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one item of news."""
    return render(
        request,
        "news/detail.html",
        {"item": get_object_or_404(News.objects.out(place().on), slug=slug)},
    )
