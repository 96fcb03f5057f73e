"""Changes, to look up. They are written by registers/changes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from registers.admin.looking import LookUpOnly
from registers.models import Change

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
