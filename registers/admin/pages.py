"""Themes, news and resources: each has a page of its own, whose address never changes."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from registers import changes
from registers.admin.asking import ModelForm
from registers.admin.base import PublishedAdmin, RecordedAdmin
from registers.admin.forms import DATE_ERRORS, RecordedForm, add_refusal
from registers.admin.history import object_or_404
from registers.admin.papers import FILE_WIDGETS, earlier_version_links, paper_urls
from registers.admin.publishing_form import ReasonedForm
from registers.admin.redaction import redaction_url
from registers.exports.markdown import as_html
from registers.models import News, Resource, Theme
from registers.models.pages import PAGE_PUBLISH_FIELDS, PublishedPage
from weisf.security_events import security_event

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
        if page.body:
            return as_html(page.body)
        return "It has no text." if page.pk else "Nothing is saved yet."


@admin.register(Theme)
class ThemeAdmin(PageAdmin):
    """The headings of the register."""

    title_field = "name"
    list_display = ("name", "slug", "position")
    search_fields = ("name", "description")
    fields = ("name", "slug", "description", "position")


class PublishPageForm(ReasonedForm):
    """The day on which news or a resource is published."""

    published_on = forms.DateField(
        label="Published on",
        required=False,
        widget=forms.DateInput({"class": "vDateField"}, format="%d/%m/%Y"),
        help_text=(
            "Like 31/03/2027. Leave it empty for today. On a day to come it is published on that"
            " day, without anybody doing anything."
        ),
        error_messages=DATE_ERRORS["error_messages"],
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    field_order = ("published_on", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].help_text = "Optional. The history in admin keeps it."


class PublishedPageAdmin(PublishedAdmin, MarkdownAdmin):
    """News or resources: saving one never publishes it, which has a page of its own."""

    list_filter = ("status", "published_on")
    search_fields = ("title", "body")
    change_form_template = "admin/registers/page/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Make what publishes it read-only."""
        return (*super().get_readonly_fields(request, obj), *PAGE_PUBLISH_FIELDS)

    def get_urls(self) -> list[Any]:
        """Add the page that publishes it."""
        publish = self.admin_site.admin_view(self.publish_view)
        name = f"registers_{self.opts.model_name}_publish"
        page = path("<path:object_id>/publish/", publish, name=name)
        return [page, redaction_url(self), *super().get_urls()]

    def save_object(self, form: ModelForm) -> None:
        """Save it: a new one as a draft."""
        if form.instance.pk is None:
            form.instance.status = PublishedPage.Status.DRAFT
        super().save_object(form)

    def view_on_site(self, page: Any) -> str | None:
        """Return its public page; a draft has none, nor what is published on a day to come."""
        address: str = page.get_absolute_url()
        return address if page.is_public(timezone.localdate()) else None

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the public will see and ask for the day, or publish it."""
        if not self.has_publish_permission(request):
            raise PermissionDenied
        # Before the page is read: what is saved in between is noticed.
        shown = self._fingerprint(request, object_id)
        page, today = object_or_404(self, request, object_id), timezone.localdate()
        initial = {"published_on": page.published_on}
        form = PublishPageForm(request.POST if "_do" in request.POST else None, initial=initial)
        if form.is_valid():
            by, values = cast(User, request.user), form.cleaned_data
            try:
                done = changes.publish_page(page, at=timezone.now(), by=by, **values)
            except ValidationError as refusal:
                add_refusal(form, refusal)
            else:
                if (page.status, page.published_on) != (done.status, done.published_on):
                    event = f"{self.opts.model_name}_published"
                    security_event(event, request=request, page=done.pk)
                day = date_format(done.published_on, "j F Y")
                is_public = done.is_public(today)
                sentence = PUBLISHED if is_public else TO_COME
                self.message_user(request, sentence.format(page=done, day=day), messages.SUCCESS)
                return redirect(f"admin:registers_{self.opts.model_name}_change", page.pk)
        context = {
            "title": f"Publish {page}",
            "opts": self.opts,
            "page": page,
            "shown": shown,
            "is_public": page.is_public(today),
            "form": form,
            "adminform": AdminForm(
                cast(Any, form), [(None, {"fields": ["published_on", "why"]})], {}
            ),
        }
        context |= self.admin_site.each_context(request)
        return render(request, "admin/registers/page/publish.html", context)


PUBLISHED = "{page} is published. Its day is {day}."
TO_COME = "{page} will be published on {day}."


@admin.register(News)
class NewsAdmin(PublishedPageAdmin):
    """News."""

    list_display = ("title", "status", "published_on")
    fields = ("title", "slug", "body", "rendered", "status", "published_on")


@admin.register(Resource)
class ResourceAdmin(PublishedPageAdmin):
    """Papers for partners to download."""

    list_display = ("title", "kind", "status", "published_on", "position")
    fields = (
        "title",
        "slug",
        "body",
        "rendered",
        "file",
        "earlier",
        "position",
        "status",
        "published_on",
    )
    readonly_fields = ("rendered", "earlier")
    formfield_overrides = RecordedAdmin.formfield_overrides | FILE_WIDGETS

    def get_urls(self) -> list[Any]:
        """Add the files, also those of drafts."""
        return [*paper_urls(self, Resource, "files"), *super().get_urls()]

    @admin.display(description="earlier versions")
    def earlier(self, resource: Resource) -> SafeString | str:
        """Return links to the files that newer ones replaced."""
        return earlier_version_links(resource)
