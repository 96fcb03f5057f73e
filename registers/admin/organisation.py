"""Organisations, with their names, successors, approvers and contact."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminEmailInputWidget, AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from registers import changes
from registers.admin.approval_ledger import approval_ledger
from registers.admin.asking import ModelForm
from registers.admin.base import RecordedAdmin, RecordedInline, StackedInline
from registers.admin.filters import ContactFilter, UnclearFilter
from registers.admin.findings import findings_of_lead
from registers.admin.forms import ReasonForm
from registers.admin.groups.members import days_in_words, member_page, members_page
from registers.admin.groups.paste import paste_page
from registers.admin.groups.taken_on import splits_page, taken_on_page
from registers.admin.history import object_or_404
from registers.admin.merging.merge import MergeableAdmin
from registers.admin.proposing import changes_at_once
from registers.admin.read_only import ReadOnlyAdmin
from registers.admin.redaction import redaction_url
from registers.models import Approver, Contact, Identifier, Name, Organisation, Slug, Succession
from registers.search.admin_search import search_organisations

MOST_TITLES = 200  # of those in use, that are offered


def job_titles() -> models.QuerySet[Approver, str]:
    """Return the job titles of approvers that are used most, the most frequent first."""
    counted = Approver.objects.order_by().values("job_title").annotate(times=Count("pk"))
    titles = counted.order_by("-times", "job_title").values_list("job_title", flat=True)
    return titles[:MOST_TITLES]


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
    formfield_overrides = RecordedAdmin.formfield_overrides | {
        models.CharField: {
            "widget": AdminTextInputWidget(attrs={"class": "vLargeTextField", "list": "job-titles"})
        }
    }

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer the job titles that are in use."""
        context["job_titles"] = job_titles()
        return super().render_change_form(request, context, *args, **kwargs)

    def subject_of(self, thing: Approver) -> models.Model:
        """Return the organisation."""
        return thing.organisation

    def proposes(self, request: HttpRequest, thing: Any) -> bool:
        """Return whether it is only proposed: a new one belongs to what is public already."""
        return not changes_at_once(request.user)

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
        help_text="Only with different capital letters: HARBOUR for Harbour, for example.",
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
    adds = "another name"
    fields = ("text", "kind", "also_written", "source")
    # Narrow enough for three beside each other.
    formfield_overrides = {models.CharField: {"widget": forms.TextInput(attrs={"size": 34})}}

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
    adds = "an identifier"
    identified_by = ("scheme", "value")


class SuccessionInline(RecordedInline):
    """What it became part of or, with several, was split into."""

    model = Succession
    fk_name = "organisation"
    verbose_name = "successor"
    adds = "a successor"
    verbose_name_plural = "successors: became part of or, with several, split into"
    autocomplete_fields = ("successor",)


class ApproverInline(RecordedInline):
    """Who approves protocols for it."""

    model = Approver
    adds = "an approver"
    formfield_overrides = RecordedInline.formfield_overrides | {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 40, "list": "job-titles"})}
    }


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


def _on(row: Succession) -> str:
    day = f" on {date_format(row.happened_on, 'j F Y')}" if row.happened_on else ""
    return day + (f" ({row.source})" if row.source else "")


def _list_of(several: Iterable[tuple[Organisation, str]]) -> SafeString | str:
    """Return a list of links to the forms of organisations, each with words after it."""
    lines = [
        (reverse("admin:registers_organisation_change", args=[each.pk]), each.name, words)
        for each, words in several
    ]
    items = format_html_join("", '<li><a href="{}">{}</a>{}</li>', lines)
    return format_html("<ul>{}</ul>", items) if lines else "-"


FIELDS = (
    "name",
    "also_written",
    "name_source",
    "slug",
    "kind",
    "group_rule",
    "note",
    "rights_contact",
)
# What is recorded on the forms of others. A new organisation has none.
LINKS: Any = ("Recorded with other organisations", {"fields": ("predecessors", "groups")})
TO_PUT_RIGHT: Any = ("To put right in what it leads", {"fields": ("findings",)})


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
    readonly_fields = ("findings", "predecessors", "groups")
    fieldsets = (
        (None, {"fields": FIELDS}),
        TO_PUT_RIGHT,
        LINKS,
        ("For administrators", {"fields": ("admin_note",)}),
        ("This change", {"fields": ("why",)}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Leave out what would change another organisation at once, which is public already."""
        inlines = super().get_inlines(request, obj)
        if obj or changes_at_once(request.user):
            return inlines
        return [each for each in inlines if each is not SuccessionInline]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organisation]:
        """Add the number of protocols of each."""
        return Organisation.objects.with_protocol_count().order_by("name")

    def get_urls(self) -> list[Any]:
        """Add the pages for the members of a group, for what was split, and for approvals."""
        pages = {
            "members/": (self.members_view, "members"),
            "members/add/": (self.member_view, "member_add"),
            "members/paste/": (self.paste_view, "paste"),
            "members/<int:key>/": (self.member_view, "member"),
            "taken-on/": (self.taken_on_view, "taken_on"),
            "approvals/": (self.approvals_view, "approvals"),
        }
        wrap = admin.site.admin_view
        return [
            redaction_url(self),
            path("splits/", wrap(self.splits_view), name="registers_organisation_splits"),
            *(
                path(f"<path:object_id>/{route}", wrap(view), name=f"registers_organisation_{name}")
                for route, (view, name) in pages.items()
            ),
            *super().get_urls(),
        ]

    def members_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the members of a group, or end or remove some."""
        group = self._seen(request, object_id)
        return self._proposed(request, object_id, partial(members_page, request, group))

    def member_view(
        self, request: HttpRequest, object_id: str, key: int | None = None
    ) -> HttpResponse:
        """Show or save the form of one member, or of a new one."""
        group = self._seen(request, object_id)
        return self._proposed(request, object_id, partial(member_page, request, group, key))

    def paste_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form for a list of members, its preview, or add them."""
        group = self._seen(request, object_id)
        return self._proposed(request, object_id, partial(paste_page, request, group))

    def splits_view(self, request: HttpRequest) -> HttpResponse:
        """Show the organisations that were split, or will be."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return splits_page(request)

    def taken_on_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who took on the protocols of a split organisation, or record it."""
        return taken_on_page(request, self._seen(request, object_id))

    def approvals_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what an organisation has approved, and what it has not."""
        return approval_ledger(request, self._seen(request, object_id))

    def _seen(self, request: HttpRequest, object_id: str) -> Organisation:
        """Return the organisation at an address. Raises PermissionDenied and Http404."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found: Organisation = object_or_404(self, request, object_id)
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True only for those who change what is public at once."""
        return changes_at_once(request.user) and super().has_delete_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer job titles. Say whether it has several successors, without a query for it."""
        context["job_titles"] = job_titles()
        rows = [
            each.formset
            for each in context["inline_admin_formsets"]
            if isinstance(each.opts, SuccessionInline)
        ]
        context["is_split"] = any(formset.initial_form_count() > 1 for formset in rows)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out of the form for a new organisation what others say of it."""
        fieldsets = super().get_fieldsets(request, obj)
        return [each for each in fieldsets if obj or each not in (LINKS, TO_PUT_RIGHT)]

    @admin.display(description="found by rule")
    def findings(self, organisation: Organisation) -> SafeString:
        """Return what the rules find in what it leads, and where all of it is."""
        return findings_of_lead(organisation)

    @admin.display(description="took the place of")
    def predecessors(self, organisation: Organisation) -> SafeString | str:
        """Return links to the organisations whose successor it is, with the day and the source."""
        rows = organisation.predecessions.select_related("organisation")
        return _list_of((row.organisation, _on(row)) for row in rows)

    @admin.display(description="member of")
    def groups(self, organisation: Organisation) -> SafeString | str:
        """Return links to the groups that it belongs to, with the days."""
        rows = organisation.memberships.select_related("group").order_by("group__name", "from_day")
        return _list_of((row.group, days_in_words(row)) for row in rows)

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
