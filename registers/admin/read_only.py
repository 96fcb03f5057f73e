"""What editors look up and leave as it is: changes and reminders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from registers.admin.filters import OutcomeFilter
from registers.models import Change, Reminded, Reminder


class LookUpOnly:
    """What none can add, alter or delete by a form. Stands before Django's own class."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


if TYPE_CHECKING:
    ChangeModelAdmin = admin.ModelAdmin[Change]
else:
    ChangeModelAdmin = admin.ModelAdmin


@admin.register(Change)
class ChangeAdmin(LookUpOnly, ChangeModelAdmin):
    """Every official change, the newest first. None can be added, altered or deleted."""

    list_display = ("made_at", "subject", "what", "why", "by")
    list_display_links = ("made_at", "subject")
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
        """Return the protocol or organisation that changed; of a page, its words say which."""
        return str(change.protocol or change.organisation or "-")


if TYPE_CHECKING:
    ReminderModelAdmin = admin.ModelAdmin[Reminder]
    ReminderInline = admin.TabularInline[Reminded, Reminder]
else:
    ReminderModelAdmin = admin.ModelAdmin
    ReminderInline = admin.TabularInline


class RemindedInline(LookUpOnly, ReminderInline):
    """The protocols that it was about, with the month of which it told."""

    model = Reminded
    verbose_name_plural = "protocols of which it told"
    fields = ("protocol", "review_month")
    readonly_fields = ("review_month",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reminded]:
        """Bring the protocols, which are named."""
        return super().get_queryset(request).select_related("protocol")

    @admin.display(description="review date")
    def review_month(self, line: Reminded) -> str:
        """Return the month as it is said."""
        return f"{line.review_date:%B %Y}"


@admin.register(Reminder)
class ReminderAdmin(LookUpOnly, ReminderModelAdmin):
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
        return super().get_queryset(request).annotate(protocol_count=Count("lines", distinct=True))

    @admin.display(description="protocols", ordering="protocol_count")
    def protocol_count(self, reminder: Any) -> int:
        """Return of how many protocols it told."""
        return int(reminder.protocol_count)
