"""The addresses of the import's pages, below /admin/registers/import/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import path

from registers.admin.importing.all_new import all_new_view
from registers.admin.importing.apply import apply_view
from registers.admin.importing.bring import bring_view, list_view
from registers.admin.importing.check import again_view, check_view, remove_view
from registers.admin.importing.choosing import names_view

PAGES = {
    "list": ("", list_view),
    "bring": ("add/", bring_view),
    "check": ("<int:key>/", check_view),
    "again": ("<int:key>/check/", again_view),
    "names": ("<int:key>/names/", names_view),
    "all_new": ("<int:key>/names/new/", all_new_view),
    "apply": ("<int:key>/apply/", apply_view),
    "remove": ("<int:key>/remove/", remove_view),
}


def ways(admin_view: Callable[[Any], Any]) -> list[Any]:
    """Return the addresses; `admin_view` lets in those who are logged in."""
    return [
        path(f"registers/import/{route}", admin_view(view), name=f"registers_import_{name}")
        for name, (route, view) in PAGES.items()
    ]
