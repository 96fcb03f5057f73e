"""Organisations, with their names, successors, approvers and contact."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminEmailInputWidget, AdminTextInputWidget
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from registers import changes
from registers.admin.base import RecordedAdmin, RecordedInline, StackedInline
from registers.admin.filters import ContactFilter, UnclearFilter
from registers.admin.forms import ModelForm, ReasonForm
from registers.admin.merging.merge import MergeableAdmin
from registers.admin.read_only import ReadOnlyAdmin
from registers.models import Approver, Contact, Identifier, Name, Organisation, Slug, Succession
from registers.search.admin_search import search_organisations


@admin.register(Approver)
class ApproverAdmin(RecordedAdmin):
    """The job titles that approve protocols, by organisation."""

    form = ReasonForm
    list_display = ("job_title", "organisation")
    list_select_related = ("organisation",)
    search_fields = ("job_title", "organisation__names__text")
    search_help_text = "A job title, or any name of an organisation"
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "job_title", "why")

    def subject_of(self, thing: Approver) -> models.Model:
        """Return the organisation."""
        return thing.organisation

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Make the organisation of a saved approver read-only: its changes are recorded there."""
        return ("organisation",) if obj else ()


RENAMING_HELP = (
    "If you change this, the old name stays as a former name, and the old address leads here."
    " If you change only capital letters, the old spelling is not kept."
)


def official_name(organisation: Organisation) -> Name | None:
    """Return the Name with its official name; None before it is saved."""
    return Name.objects.filter(organisation=organisation.pk, kind=Name.Kind.OFFICIAL).first()


class OrganisationForm(ReasonForm):
    """The organisation itself, with its official name. Its other names are an inline."""

    also_written = forms.CharField(
        label="Official name also written",
        required=False,
        max_length=255,
        widget=AdminTextInputWidget,
        help_text="Only with different capital letters: PROVIDE for Provide, for example.",
    )
    name_source = forms.CharField(
        label="Source of the official name",
        required=False,
        max_length=255,
        widget=AdminTextInputWidget,
        help_text="Public. Where this name can be read, such as the organisation’s own site.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if name := official_name(self.instance):
            self.initial["also_written"] = name.also_written
            self.initial["name_source"] = name.source
            if "name" in self.fields:
                self.fields["name"].help_text = RENAMING_HELP


class NameInline(RecordedInline):
    """Every name but the official one, which is on the organisation's own form."""

    model = Name
    verbose_name = "other name"
    fields = ("text", "kind", "also_written", "source")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Name]:
        """Leave the official name out."""
        names: models.QuerySet[Name] = super().get_queryset(request)
        return names.exclude(kind=Name.Kind.OFFICIAL)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer every kind of name but 'official'."""
        kwargs["choices"] = [c for c in Name.Kind.choices if c[0] != Name.Kind.OFFICIAL]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class IdentifierInline(RecordedInline):
    """What it is called in registers of others."""

    model = Identifier
    identified_by = ("scheme", "value")


class SuccessionInline(RecordedInline):
    """Its successors."""

    model = Succession
    fk_name = "organisation"
    verbose_name = "successor"
    autocomplete_fields = ("successor",)


class ApproverInline(RecordedInline):
    """Who approves protocols for it."""

    model = Approver


class ContactInline(StackedInline):
    """Its contact for reminders: one at most, and always shown with its help text."""

    model = Contact
    verbose_name = "contact for reminders"
    extra = max_num = 1
    formfield_overrides = {
        models.EmailField: {"widget": AdminEmailInputWidget(attrs={"class": "vLargeTextField"})},
    }


class SlugInline(ReadOnlyAdmin, RecordedInline):
    """Every address that leads to it, read-only: names make addresses, and none is ever lost."""

    model = Slug
    verbose_name = "address that leads here"
    verbose_name_plural = "addresses that lead here"
    fields = readonly_fields = ("address",)

    def address(self, slug: Slug) -> str:
        """Return its path, as a browser shows it."""
        return reverse("organisation", args=[slug.text])


@admin.register(Organisation)
class OrganisationAdmin(MergeableAdmin):
    """Organisations, searched by any name."""

    form = OrganisationForm
    inlines = (
        NameInline,
        IdentifierInline,
        SuccessionInline,
        ApproverInline,
        ContactInline,
        SlugInline,
    )
    list_display = ("name", "kind", "protocol_count", "unclear")
    list_filter = ("kind", ContactFilter, UnclearFilter)
    search_fields = ("names__key__contains",)
    search_help_text = "Any name (official, acronym, former or misspelt) or an identifier"
    fieldsets = (
        (None, {"fields": ("name", "also_written", "name_source", "slug", "kind", "note")}),
        ("For administrators", {"fields": ("admin_note",)}),
        ("This change", {"fields": ("why",)}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organisation]:
        """Add the number of protocols of each."""
        return Organisation.objects.with_protocol_count().order_by("name")

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Search by any name. Autocomplete fields search by this too."""
        return queryset.filter(pk__in=search_organisations(search_term).values("pk")), False

    @admin.display(description="current protocols", ordering="protocol_count")
    def protocol_count(self, organisation: Any) -> int:
        """Return in how many current protocols it takes part."""
        return int(organisation.protocol_count)

    @admin.display(description="still unclear", ordering="admin_note")
    def unclear(self, organisation: Organisation) -> str:
        """Return the first words of the note for administrators."""
        return Truncator(organisation.admin_note).words(12)

    def save_object(self, form: ModelForm) -> None:
        """Save it, and what is said of its official name. Raises ValidationError."""
        super().save_object(form)
        if {"also_written", "name_source"}.intersection(form.changed_data):
            name = Name.objects.get(organisation=form.instance, kind=Name.Kind.OFFICIAL)
            name.also_written = form.cleaned_data["also_written"]
            name.source = form.cleaned_data["name_source"]
            changes.save(name)
