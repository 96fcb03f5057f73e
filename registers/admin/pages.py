"""Themes, news and resources: what has a page of its own, at an address that stays."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from registers.admin.official import OfficialAdmin
from registers.admin.papers import PAPER_WIDGETS
from registers.models import News, Resource, Theme


class PageAdmin(OfficialAdmin):
    """A page whose address is proposed from its title, and is fixed once it is there."""

    title_field = "title"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the address of a page that is there."""
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Propose the address of a new page."""
        return {} if obj else {"slug": (self.title_field,)}


@admin.register(Theme)
class ThemeAdmin(PageAdmin):
    """The headings of the register."""

    title_field = "name"
    list_display = ("name", "slug", "position")
    search_fields = ("name", "description")
    fields = ("name", "slug", "description", "position")


@admin.register(News)
class NewsAdmin(PageAdmin):
    """News."""

    list_display = ("title", "published_on")
    list_filter = ("published_on",)
    search_fields = ("title", "body")
    fields = ("title", "slug", "body", "published_on")


@admin.register(Resource)
class ResourceAdmin(PageAdmin):
    """Papers for partners."""

    list_display = ("title", "kind", "position")
    search_fields = ("title", "body")
    fields = ("title", "slug", "body", "file", "position")
    formfield_overrides = OfficialAdmin.formfield_overrides | PAPER_WIDGETS
