"""Resources: the review template and other papers to download."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from registers.models import Resource
from registers.public.doors import page_of

RESOURCES_A_PAGE = 50


def index(request: HttpRequest) -> HttpResponse:
    """Show the resources."""
    page = page_of(request, Resource.objects.all(), length=RESOURCES_A_PAGE)
    return render(request, "resources/list.html", {"page": page})


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one resource."""
    resource = get_object_or_404(Resource, slug=slug)
    return render(request, "resources/detail.html", {"resource": resource})
