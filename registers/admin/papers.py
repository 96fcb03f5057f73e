"""Papers on forms: added, replaced, taken off and put back; and the views that send them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import AdminFileWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from registers.admin.asking import ModelForm
from registers.admin.base import RecordedInline
from registers.admin.form_drafts import UNSAVED
from registers.exports.downloads import DownloadableFile, download_headers
from registers.models import Document, EarlierVersion, FormDraftFile, Protocol, Resource


@dataclass(frozen=True)
class StoredFile:
    """The name and address of a stored file, as Django's file widget shows it."""

    name: str
    url: str

    def __str__(self) -> str:
        return self.name


UNSAVED_FILE = (
    '{}<div><label><input type="checkbox" name="{}{}" value="{}" checked>'
    " Use ‘{}’, which you chose before</label></div>"
)


class StoredFileWidget(AdminFileWidget):
    """A file widget that links to our view: the folder of the files is not served."""

    unsaved: FormDraftFile | None = None

    def format_value(self, value: Any) -> Any:
        """Return the stored file by the name that readers see, with its address for editors."""
        if not self.is_initial(value):
            return None
        return StoredFile(value.instance.file_name, file_url(value.instance))

    def render(self, name: str, *args: Any, **kwargs: Any) -> SafeString:
        """Return the box, with the file that was chosen on it before and is not saved yet."""
        box = super().render(name, *args, **kwargs)
        if self.unsaved is None:
            return box
        return format_html(UNSAVED_FILE, box, name, UNSAVED, self.unsaved.pk, self.unsaved)


FILE_WIDGETS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.FileField: {"widget": StoredFileWidget}
}


def file_url(stored: DownloadableFile) -> str:
    """Return the address of a file for editors, also of a draft's or one that was taken off."""
    version = stored if isinstance(stored, EarlierVersion) else None
    paper = cast(Document | Resource, version.document or version.resource if version else stored)
    name = f"admin:registers_{paper._meta.model_name}"
    if version:
        return reverse(f"{name}_version", args=[paper.pk, version.pk])
    return reverse(f"{name}_file", args=[paper.pk])


def earlier_version_links(paper: Document | Resource) -> SafeString | str:
    """Return links to the earlier files of a paper, or a dash."""
    links = (
        (file_url(each), each.file_name, date_format(localtime(each.replaced_at), "d/m/Y"))
        for each in (paper.replaced if paper.pk else ())
    )
    return format_html_join("", '<div><a href="{}">{}</a>, until {}</div>', links) or "-"


class DocumentForm(ModelForm):
    """A document. One that is public can be taken off and put back."""

    off = forms.BooleanField(
        label="Taken off",
        required=False,
        help_text="Readers can no longer find or download it. You can put it back.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "off" in self.fields:
            self.fields["off"].initial = self.instance.taken_off

    def has_changed(self) -> bool:
        """Return whether something was typed: a title that was proposed and deleted is not."""
        changed = self.changed_data
        return any(self.instance.pk or self[name].data for name in changed)

    def clean(self) -> dict[str, Any] | None:
        """Set `taken_off` of the document."""
        cleaned = super().clean()
        self.instance.taken_off = self.cleaned_data.get("off", self.instance.taken_off)
        return cleaned


class DocumentInline(RecordedInline):
    """The papers of a protocol, including those that were taken off."""

    model = Document
    adds = "a document"
    form = DocumentForm
    readonly_fields = ("earlier",)
    # The file itself is linked, also that of a draft.
    view_on_site = False
    formfield_overrides = RecordedInline.formfield_overrides | FILE_WIDGETS

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Prefetch the earlier files of each."""
        return super().get_queryset(request).prefetch_related("earlier_versions")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show 'Taken off' if the protocol is public: its papers are never deleted."""
        return ["title", "file"] + (["off", "earlier"] if _is_public(obj) else [])

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True only for papers of a draft."""
        return not _is_public(obj) and super().has_delete_permission(request, obj)

    @admin.display(description="earlier versions")
    def earlier(self, document: Document) -> SafeString | str:
        """Return links to the files that newer ones replaced."""
        return earlier_version_links(document)


def _is_public(protocol: Protocol | None) -> bool:
    return protocol is not None and protocol.is_stored_public


def paper_urls(
    model_admin: admin.ModelAdmin[Any], paper: type[Document | Resource], prefix: str
) -> list[URLPattern]:
    """Return the addresses of papers and their earlier files, below those of a model in admin.

    They go before those of one thing, whose patterns match everything.
    """
    send = model_admin.admin_site.admin_view(partial(paper_file, model_admin, paper))
    name = f"registers_{paper._meta.model_name}"
    return [
        path(f"{prefix}/<int:pk>/", send, name=f"{name}_file"),
        path(f"{prefix}/<int:pk>/versions/<int:version>/", send, name=f"{name}_version"),
    ]


def paper_file(
    model_admin: admin.ModelAdmin[Any],
    paper: type[Document | Resource],
    request: HttpRequest,
    pk: int,
    version: int | None = None,
) -> HttpResponseBase:
    """Send a paper, or an earlier file of it, to an editor who may see what it belongs to.

    Raises PermissionDenied, and Http404 for what is not there.
    """
    may_see = model_admin.has_view_permission(request)
    if not may_see and not request.user.has_perm(f"registers.view_{paper._meta.model_name}"):
        raise PermissionDenied
    found: Any = get_object_or_404(paper, pk=pk)
    stored: DownloadableFile = found
    if version is not None:
        stored = get_object_or_404(found.earlier_versions, pk=version)
    if not stored.file:
        raise Http404
    try:
        response = FileResponse(stored.file.storage.open(str(stored.file.name)))
    except (OSError, ValueError):
        lost = format_html("The file of '{}' is missing or cannot be read at the moment.", found)
        messages.error(request, lost)
        change = f"admin:registers_{model_admin.opts.model_name}_change"
        return redirect(change, quote(getattr(found, "protocol_id", pk)))
    for name, value in download_headers(stored).items():
        response[name] = value
    return response
