"""Organisations, with every name, what they became, and who approves for them."""

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
from registers.admin.base import ModelForm, ReasonForm, RecordedAdmin, RecordedInline, StackedInline
from registers.admin.filters import ContactFilter, UnclearFilter
from registers.admin.merging.merge import MergingAdmin
from registers.admin.read_only import ReadOnlyAdmin
from registers.models import Approver, Contact, Name, Organisation, Slug, Succession
from registers.search.admin_search import called_anything_like


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
        """Let an approver stay with its organisation, whose change this is."""
        return ("organisation",) if obj else ()


RENAMING = (
    "Another name here renames it: the old name stays as a former name, and the old address leads"
    " here. Of other capitals alone nothing stays."
)


def official_name(organisation: Organisation) -> Name | None:
    """Return its official name among its names; None before it is stored."""
    return Name.objects.filter(organisation=organisation.pk, kind=Name.Kind.OFFICIAL).first()


class OrganisationForm(ReasonForm):
    """The organisation itself. Its other names stand below it."""

    also_written = forms.CharField(
        label="Official name also written",
        required=False,
        max_length=255,
        widget=AdminTextInputWidget,
        help_text="In other capitals, as once published: PROVIDE for Provide.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if name := official_name(self.instance):
            self.initial["also_written"] = name.also_written
            if "name" in self.fields:
                self.fields["name"].help_text = RENAMING


class NameInline(RecordedInline):
    """Every name but the official one, which is the organisation's own."""

    model = Name
    verbose_name = "other name"
    fields = ("text", "kind", "also_written")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Name]:
        """Leave the official name out."""
        names: models.QuerySet[Name] = super().get_queryset(request)
        return names.exclude(kind=Name.Kind.OFFICIAL)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer every kind but the official."""
        kwargs["choices"] = [c for c in Name.Kind.choices if c[0] != Name.Kind.OFFICIAL]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class SuccessionInline(RecordedInline):
    """What it became."""

    model = Succession
    fk_name = "organisation"
    verbose_name = "successor"
    autocomplete_fields = ("successor",)


class ApproverInline(RecordedInline):
    """Who approves protocols for it."""

    model = Approver


class ContactInline(StackedInline):
    """Where it is written to, once at most: a box that is always there, and says what it is for."""

    model = Contact
    verbose_name = "contact for reminders"
    extra = max_num = 1
    formfield_overrides = {
        models.EmailField: {"widget": AdminEmailInputWidget(attrs={"class": "vLargeTextField"})},
    }


class SlugInline(ReadOnlyAdmin, RecordedInline):
    """Every address that leads to it, to look up: names make addresses, and an address stays."""

    model = Slug
    verbose_name = "address that leads here"
    verbose_name_plural = "addresses that lead here"
    fields = readonly_fields = ("address",)

    def address(self, slug: Slug) -> str:
        """Return it as it stands in the browser."""
        return reverse("organisation", args=[slug.text])


@admin.register(Organisation)
class OrganisationAdmin(MergingAdmin):
    """Organisations, found by any name."""

    form = OrganisationForm
    inlines = (NameInline, SuccessionInline, ApproverInline, ContactInline, SlugInline)
    list_display = ("name", "kind", "protocol_count", "unclear")
    list_filter = ("kind", ContactFilter, UnclearFilter)
    search_fields = ("names__key__contains",)
    search_help_text = "Any name: official, acronym, former or misspelt"
    fieldsets = (
        (None, {"fields": ("name", "also_written", "slug", "kind", "note")}),
        ("For administrators", {"fields": ("admin_note",)}),
        ("This change", {"fields": ("why",)}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organisation]:
        """Count the protocols of each."""
        return Organisation.objects.with_protocol_count().order_by("name")

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Search as names are compared. The autocomplete boxes ask here too."""
        return queryset.filter(pk__in=called_anything_like(search_term).values("pk")), False

    @admin.display(description="current protocols", ordering="protocol_count")
    def protocol_count(self, organisation: Any) -> int:
        """Return in how many current protocols it has a part."""
        return int(organisation.protocol_count)

    @admin.display(description="still unclear", ordering="admin_note")
    def unclear(self, organisation: Organisation) -> str:
        """Return how the note for administrators begins."""
        return Truncator(organisation.admin_note).words(12)

    def save_object(self, form: ModelForm) -> None:
        """Save it, and how its official name is also written. Raises ValidationError."""
        super().save_object(form)
        if "also_written" in form.changed_data:
            name = Name.objects.get(organisation=form.instance, kind=Name.Kind.OFFICIAL)
            name.also_written = form.cleaned_data["also_written"]
            changes.save(name)
