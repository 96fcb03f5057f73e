"""Protocols, with their parties, what they come under, and their documents."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from registers.admin.filters import LeadFilter, ReviewFilter, UnclearFilter
from registers.admin.months import MonthField
from registers.admin.official import FormSet, PartInline, ReasonForm
from registers.admin.papers import DocumentInline, PapersDoor
from registers.admin.party import PartyInline
from registers.admin.reviewing import ReviewedAdmin
from registers.admin.rights import GuardedAdmin, GuardedForm
from registers.models import Overarching, Protocol
from registers.models.words import key_of


class ProtocolForm(GuardedForm, ReasonForm):
    """The protocol itself."""

    review_date = MonthField(
        label="Review month",
        required=False,
        help_text="Month and year, such as March 2027. The review is due on its last day.",
    )

    class Meta:
        help_texts = {
            "status": "A draft is seen by editors alone. A withdrawn protocol stays public."
        }

    def clean(self) -> dict[str, Any] | None:
        """Ask for the day and the reason of a withdrawal, beside their boxes."""
        cleaned = super().clean() or {}
        withdrawn = cleaned.get("status") == Protocol.Status.WITHDRAWN
        for field, wanted in (
            ("withdrawn_on", "Write the day on which it was withdrawn."),
            ("withdrawn_reason", "Write why it was withdrawn. The public reads it."),
        ):
            if field in self.errors or "status" in self.errors:
                continue
            if withdrawn and not cleaned.get(field):
                self.add_error(field, wanted)
            if not withdrawn and cleaned.get(field):
                self.add_error(field, "Choose the status Withdrawn, or empty this box.")
        return cleaned


class OverarchingFormSet(FormSet):
    """Rows with a name: Django takes it from the way back, which has none here."""

    @classmethod
    def get_default_prefix(cls) -> str:
        """Return how the rows' boxes begin."""
        return "overarching"


class OverarchingInline(PartInline):
    """The broader protocols that it comes under."""

    model = Overarching
    fk_name = "protocol"
    formset = OverarchingFormSet
    autocomplete_fields = ("overarching",)
    verbose_name = "protocol that this comes under"
    verbose_name_plural = "comes under"


@admin.register(Protocol)
class ProtocolAdmin(GuardedAdmin, PapersDoor, ReviewedAdmin):
    """Protocols, found by reference, words, or any name of an organisation."""

    form = ProtocolForm
    inlines = (PartyInline, OverarchingInline, DocumentInline)
    list_display = ("reference", "title", "theme", "lead", "review", "status")
    list_display_links = ("reference", "title")
    list_filter = (
        ReviewFilter,
        "status",
        "theme",
        LeadFilter,
        "parties_complete",
        UnclearFilter,
    )
    list_select_related = ("theme",)
    search_fields = ("reference", "title", "purpose", "parties__organisation__names__key")
    search_help_text = "A reference, words of the title or purpose, or any name of an organisation"
    autocomplete_fields = ("replaced_by",)
    fieldsets = (
        (
            "What it is",
            {"fields": ("reference", "title", "version", "theme", "status", "purpose", "summary")},
        ),
        ("What is shared", {"fields": ("information_items", "data_subjects", "lawful_basis")}),
        ("When", {"fields": ("review_date", "review_note", "published_on")}),
        (
            "Withdrawal",
            {
                "fields": ("withdrawn_on", "withdrawn_reason", "replaced_by"),
                "classes": ("collapse",),
                "description": "Only for a protocol with the status Withdrawn.",
            },
        ),
        (
            "Who takes part",
            {
                "fields": ("parties_complete", "parties_note"),
                "description": "The organisations themselves stand below this form.",
            },
        ),
        ("For administrators", {"fields": ("admin_note",)}),
        ("This change", {"fields": ("why",)}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Protocol]:
        """Bring the parties with each, for the lead's name."""
        return Protocol.objects.with_parties()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Search as names are compared, so that capitals and apostrophes do not matter."""
        term = key_of(search_term.replace("\0", ""))
        found: tuple[models.QuerySet[Any], bool] = super().get_search_results(
            request, queryset, term
        )
        return found

    @admin.display(description="lead")
    def lead(self, protocol: Protocol) -> str | None:
        """Return the lead organisation's name."""
        lead = protocol.lead
        return lead.organisation.name if lead else None

    @admin.display(description="review today", ordering="review_date")
    def review(self, protocol: Protocol) -> str:
        """Return how its review stands, with the month."""
        stands = protocol.review_status(timezone.localdate()).label
        return f"{stands}: {protocol.review_date:%B %Y}" if protocol.review_date else stands

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the reference of a protocol that is there."""
        return ("reference",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for all but drafts."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.status == Protocol.Status.DRAFT)

    def view_on_site(self, protocol: Protocol) -> str | None:
        """Return its public page; a draft has none."""
        return None if protocol.status == Protocol.Status.DRAFT else protocol.get_absolute_url()
