"""Themes, news and resources: what has a page of its own, at an address that stays."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from registers.admin.base import RecordedAdmin, RecordedForm
from registers.admin.papers import PAPER_WIDGETS, listed_versions
from registers.exports.markdown import as_html
from registers.models import News, Resource, Theme

MARKS = (
    "Plain words, with marks where they help. A line that begins with ## is a heading, with - a "
    "line of a list, with 1. one of a numbered list. **Words** between two stars are bold. "
    "[Words](https://example.org) are a link. An empty line begins a new paragraph."
)


class MarkedForm(RecordedForm):
    """A form for a page whose text may hold marks."""

    class Meta:
        help_texts = {"body": MARKS}


class PageAdmin(RecordedAdmin):
    """A page whose address is proposed from its title, and is fixed once it is there."""

    title_field = "title"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the address of a page that is there."""
        own = tuple(super().get_readonly_fields(request, obj))
        return (*own, "slug") if obj else own

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Propose the address of a new page."""
        return {} if obj else {"slug": (self.title_field,)}


class MarkedAdmin(PageAdmin):
    """A page whose text may hold marks. The form shows how readers see what is stored."""

    form = MarkedForm
    readonly_fields: ClassVar[Any] = ("seen",)

    @admin.display(description="as readers see it")
    def seen(self, page: Any) -> SafeString | str:
        """Return the stored text as its page shows it."""
        return as_html(page.body) if page.body else "Nothing is stored yet."


@admin.register(Theme)
class ThemeAdmin(PageAdmin):
    """The headings of the register."""

    title_field = "name"
    list_display = ("name", "slug", "position")
    search_fields = ("name", "description")
    fields = ("name", "slug", "description", "position")


@admin.register(News)
class NewsAdmin(MarkedAdmin):
    """News."""

    list_display = ("title", "published_on")
    list_filter = ("published_on",)
    search_fields = ("title", "body")
    fields = ("title", "slug", "body", "seen", "published_on")


@admin.register(Resource)
class ResourceAdmin(MarkedAdmin):
    """Papers for partners."""

    list_display = ("title", "kind", "position")
    search_fields = ("title", "body")
    fields = ("title", "slug", "body", "seen", "file", "earlier", "position")
    readonly_fields = ("seen", "earlier")
    formfield_overrides = RecordedAdmin.formfield_overrides | PAPER_WIDGETS

    @admin.display(description="earlier versions")
    def earlier(self, resource: Resource) -> SafeString | str:
        """Return links to the files that newer ones replaced."""
        return listed_versions(resource)
