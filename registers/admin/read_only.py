"""Changes and reminders: editors look them up and cannot alter them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from registers.admin.base import TabularInline
from registers.admin.filters import OutcomeFilter
from registers.admin.history import ModelAdmin
from registers.models import Change, Reminded, Reminder

NOT_DECIDED = "Nothing has been decided yet. If your session ended, decide again here."


class ReadOnlyAdmin:
    """Objects that nobody can add, alter or delete here. Put it before Django's class."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


def not_decided(request: HttpRequest, thing: models.Model) -> HttpResponse:
    """Answer a GET of an address that decides `thing`: lead to its page, and say so.

    A session that ended leads to the log-in, and that back to the address.
    """
    messages.warning(request, NOT_DECIDED)
    return redirect(f"admin:registers_{thing._meta.model_name}_change", thing.pk)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin, ModelAdmin):
    """Every official change, the newest first. None can be added, altered or deleted."""

    list_display = ("made_at", "subject", "what", "why", "by")
    list_per_page = 50
    list_select_related = ("protocol", "organisation", "by")
    list_filter = ("made_at",)
    search_fields = (
        "protocol__reference",
        "protocol__title",
        "organisation__name",
        "what",
        "why",
    )
    search_help_text = "Words in a protocol, an organisation, what changed or why"

    @admin.display(description="about")
    def subject(self, change: Change) -> str:
        """Return the protocol or organisation that changed, or a dash (`what` names a page)."""
        return str(change.protocol or change.organisation or "-")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        """Leave out saves of what the public does not read: the audit logs show them."""
        return super().get_queryset(request).filter(public=True).defer("snapshot")


class RemindedInline(ReadOnlyAdmin, TabularInline):
    """The protocols that a reminder was about, each with the review month it gave."""

    model = Reminded
    verbose_name_plural = "protocols that it was about"
    fields = ("protocol", "review_month")
    readonly_fields = ("review_month",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reminded]:
        """Join the protocols, whose names are shown."""
        return super().get_queryset(request).select_related("protocol")

    @admin.display(description="review date")
    def review_month(self, reminded: Reminded) -> str:
        """Return the month in words."""
        return f"{reminded.review_date:%B %Y}"


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin, ModelAdmin):
    """Every e-mail about reviews, the newest first. None can be added, altered or deleted."""

    inlines = (RemindedInline,)
    list_display = ("day", "organisation", "status", "protocol_count", "problem")
    list_display_links = ("day", "organisation")
    list_select_related = ("organisation",)
    list_filter = (OutcomeFilter,)
    date_hierarchy = "day"
    search_fields = ("organisation__names__text", "lines__protocol__reference")
    search_help_text = "Any name of an organisation, or the reference of a protocol"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reminder]:
        """Count the protocols of each."""
        reminders: QuerySet[Reminder] = super().get_queryset(request)
        return reminders.annotate(protocol_count=Count("lines", distinct=True))

    @admin.display(description="protocols", ordering="protocol_count")
    def protocol_count(self, reminder: Any) -> int:
        """Return how many protocols it was about."""
        return int(reminder.protocol_count)
