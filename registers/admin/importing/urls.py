"""The addresses of the import's pages, below /admin/registers/import/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import path

from registers.admin.importing.check import (
    again_view,
    apply_view,
    check_view,
    refused_view,
    remove_view,
    undo_view,
)
from registers.admin.importing.choosing import create_all_view, names_view
from registers.admin.importing.columns import columns_view
from registers.admin.importing.upload import (
    all_view,
    delete_view,
    download_view,
    list_view,
    mappings_view,
    template_view,
    upload_organisations_view,
    upload_view,
)

PAGES = {
    "list": ("", list_view),
    "upload": ("add/", upload_view),
    "mappings": ("mappings/", mappings_view),
    "mapping": ("mappings/<int:key>.json", download_view),
    "mapping_delete": ("mappings/<int:key>/delete/", delete_view),
    "organisations_upload": ("organisations/add/", upload_organisations_view),
    "organisations_template": ("organisations/template.xlsx", template_view),
    "organisations_all": ("organisations/organisations.xlsx", all_view),
    "check": ("<int:key>/", check_view),
    "again": ("<int:key>/check/", again_view),
    "columns": ("<int:key>/columns/", columns_view),
    "names": ("<int:key>/names/", names_view),
    "create_all": ("<int:key>/names/new/", create_all_view),
    "apply": ("<int:key>/apply/", apply_view),
    "undo": ("<int:key>/undo/", undo_view),
    "refused": ("<int:key>/refused/", refused_view),
    "remove": ("<int:key>/remove/", remove_view),
}


def import_urls(admin_view: Callable[[Any], Any]) -> list[Any]:
    """Return the addresses; `admin_view` lets in those who are logged in."""
    return [
        path(f"registers/import/{route}", admin_view(view), name=f"registers_import_{name}")
        for name, (route, view) in PAGES.items()
    ]
