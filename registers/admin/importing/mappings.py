"""The saved mappings: listed, downloaded as files, and deleted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from registers.admin.importing.shared import address, download, for_importers, page
from registers.models import ImportMapping


@for_importers
@require_safe
def mappings_view(request: HttpRequest) -> HttpResponse:
    """Show how files were read that come again, the one that was used last first."""
    saved = ImportMapping.objects.select_related("saved_by")
    return page(request, "mappings", title="How spreadsheets are read", mappings=saved)


@for_importers
@require_safe
def download_view(request: HttpRequest, key: int) -> HttpResponse:
    """Give a mapping as a file, which `manage.py import_register --mapping` reads."""
    saved = get_object_or_404(ImportMapping, pk=key)
    return download(saved.text, f"{saved.name}.json", "application/json; charset=utf-8")


@for_importers
def delete_view(request: HttpRequest, key: int) -> HttpResponse:
    """Ask whether a mapping is to be deleted, or delete it."""
    saved = get_object_or_404(ImportMapping, pk=key)
    if request.method != "POST":
        return page(request, "mapping_delete", title=f"Delete ‘{saved.name}’", saved=saved)
    saved.delete()
    messages.success(request, f"‘{saved.name}’ is deleted. What was imported with it stays.")
    return redirect(address("mappings"))
