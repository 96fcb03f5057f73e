"""Reviews, to look up and to mend in their words. They are recorded from their protocols."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from registers import changes
from registers.admin.official import ModelForm, OfficialAdmin, ReasonForm
from registers.admin.rights import may_publish
from registers.models import Review


@admin.register(Review)
class ReviewAdmin(OfficialAdmin):
    """Every review, the newest first. Only its words can be mended: the decision stands."""

    form = ReasonForm
    list_display = ("protocol", "reviewed_on", "outcome", "job_title", "next_month")
    list_filter = ("outcome", "reviewed_on")
    list_select_related = ("protocol",)
    search_fields = ("protocol__reference", "protocol__title", "job_title", "note")
    search_help_text = "A reference, or words of the title, the job title or the note"
    readonly_fields = (
        "protocol",
        "reviewed_on",
        "outcome",
        "next_month",
        "replaced_by",
        "recorded_at",
        "by",
    )
    fieldsets = (
        ("Decision", {"fields": readonly_fields}),
        (
            "Its words",
            {
                "fields": ("job_title", "note"),
                "description": (
                    "The decision itself stands. To decide anew, record another review. What stood"
                    " here before stays on the protocol’s changes page, which is public."
                ),
            },
        ),
        ("This change", {"fields": ("why",)}),
    )

    def subject_of(self, thing: Review) -> models.Model:
        """Return the protocol."""
        return thing.protocol

    def save_thing(self, form: ModelForm) -> None:
        """Save the review, and the reason of a withdrawal that repeats it."""
        changes.mend_review(form.instance)

    @admin.display(description="next review", ordering="next_review")
    def next_month(self, review: Review) -> str | None:
        """Return the month of the next review."""
        return f"{review.next_review:%B %Y}" if review.next_review else None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a review is recorded from its protocol."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what stands as the reason of a withdrawal to those who may not withdraw."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.is_needed or may_publish(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
