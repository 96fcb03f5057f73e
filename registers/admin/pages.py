"""Themes, news and resources: each has a page of its own, whose address never changes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from registers.admin.base import RecordedAdmin
from registers.admin.forms import RecordedForm
from registers.admin.papers import FILE_WIDGETS, earlier_version_links
from registers.exports.markdown import as_html
from registers.models import News, Resource, Theme

MARKDOWN_HELP = (
    "You can use Markdown. Start a line with ## for a heading, with - for a bullet point, or with "
    "1. for a numbered list. Write **bold words** and [a link](https://example.org) like this. "
    "Leave an empty line between paragraphs."
)


class MarkdownForm(RecordedForm):
    """A form for a page whose text is Markdown."""

    class Meta:
        help_texts = {"body": MARKDOWN_HELP}


class PageAdmin(RecordedAdmin):
    """A page whose slug is proposed from its title, and is fixed once it is saved."""

    title_field = "title"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Make the slug of a saved page read-only."""
        own = tuple(super().get_readonly_fields(request, obj))
        return (*own, "slug") if obj else own

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Propose the slug of a new page."""
        return {} if obj else {"slug": (self.title_field,)}


class MarkdownAdmin(PageAdmin):
    """A page whose text is Markdown. The form shows how the saved text looks to readers."""

    form = MarkdownForm
    readonly_fields: ClassVar[Any] = ("rendered",)

    @admin.display(description="as readers see it")
    def rendered(self, page: Any) -> SafeString | str:
        """Return the saved text as its page shows it."""
        return as_html(page.body) if page.body else "Nothing is saved yet."


@admin.register(Theme)
class ThemeAdmin(PageAdmin):
    """The headings of the register."""

    title_field = "name"
    list_display = ("name", "slug", "position")
    search_fields = ("name", "description")
    fields = ("name", "slug", "description", "position")


@admin.register(News)
class NewsAdmin(MarkdownAdmin):
    """News."""

    list_display = ("title", "published_on")
    list_filter = ("published_on",)
    search_fields = ("title", "body")
    fields = ("title", "slug", "body", "rendered", "published_on")


@admin.register(Resource)
class ResourceAdmin(MarkdownAdmin):
    """Papers for partners to download."""

    list_display = ("title", "kind", "position")
    search_fields = ("title", "body")
    fields = ("title", "slug", "body", "rendered", "file", "earlier", "position")
    readonly_fields = ("rendered", "earlier")
    formfield_overrides = RecordedAdmin.formfield_overrides | FILE_WIDGETS

    @admin.display(description="earlier versions")
    def earlier(self, resource: Resource) -> SafeString | str:
        """Return links to the files that newer ones replaced."""
        return earlier_version_links(resource)
