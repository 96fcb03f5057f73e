"""Pages that say what this is and how it treats its readers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def about(request: HttpRequest) -> HttpResponse:
    """Say what this register is, how to publish in it and how to take its data."""
    return render(request, "pages/about.html")


def accessibility(request: HttpRequest) -> HttpResponse:
    """Say what was tested for accessibility, and what was not."""
    return render(request, "pages/accessibility.html")


def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept of readers (nothing that names them) and of others."""
    return render(request, "pages/privacy.html")
