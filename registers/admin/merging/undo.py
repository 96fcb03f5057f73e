"""The list of merges, and the page that undoes one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from registers import changes
from registers.admin.forms import reason_field
from registers.admin.history import ModelAdmin
from registers.admin.merging.preview import (
    CHANGED_SINCE,
    MERGE_PERMISSION,
    PlanForm,
    do_as_previewed,
    redirect_with_success,
    render_page,
    require_merge_permission,
    sections,
)
from registers.admin.read_only import ReadOnlyAdmin
from registers.models import Merge, Organisation


class UndoForm(PlanForm):
    """The public reason."""

    why = reason_field("Public, and optional.")


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin, ModelAdmin):
    """Every merge, newest first. A merge can be undone and is never deleted."""

    list_display = fields = readonly_fields = ("gone", "into", "made_at", "by", "undoing")
    list_display_links = None
    list_select_related = ("change__by", "change__organisation")
    search_fields = ("gone_name", "change__organisation__name")
    search_help_text = "A name of an organisation that was merged, or of the one that stayed"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may merge."""
        return request.user.has_perm(MERGE_PERMISSION)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may merge."""
        return request.user.has_perm(MERGE_PERMISSION)

    @admin.display(description="organisation that went", ordering="gone_name")
    def gone(self, merge: Merge) -> str:
        """Return the name of the organisation that went."""
        return merge.gone_name

    @admin.display(description="merged with")
    def into(self, merge: Merge) -> str:
        """Return the organisation that stayed."""
        return str(merge.change.organisation or "-")

    @admin.display(description="when")
    def made_at(self, merge: Merge) -> str:
        """Return when they were merged."""
        return date_format(timezone.localtime(merge.change.made_at), "j F Y, H:i")

    @admin.display(description="by")
    def by(self, merge: Merge) -> str:
        """Return who merged them."""
        return str(merge.change.by or "-")

    @admin.display(description="undo")
    def undoing(self, merge: Merge) -> str:
        """Return a link to undo it, or the day on which it was undone."""
        if merge.undone_at:
            return f"Undone on {date_format(timezone.localtime(merge.undone_at), 'j F Y')}"
        address = reverse("admin:registers_merge_undo", args=[merge.pk])
        return format_html('<a href="{}">Undo the merge of {}</a>', address, merge.gone_name)

    def get_urls(self) -> list[Any]:
        """Add the page that undoes a merge."""
        undo = admin.site.admin_view(self.undo_view)
        return [
            path("<int:key>/undo/", undo, name="registers_merge_undo"),
            *super().get_urls(),
        ]

    def undo_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Preview undoing a merge, or undo it."""
        require_merge_permission(request)
        merge = get_object_or_404(Merge.objects.select_related("change__organisation"), pk=key)
        form = UndoForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and (done := self._undo(request, merge, form)):
            return done
        plan, refused = None, []
        try:
            plan = changes.plan_undo(merge)
        except ValidationError as refusal:
            refused = refusal.messages
        return render_page(
            request,
            "undo_merge",
            Organisation.objects.filter(pk=merge.stays_key).first(),
            title=f"Undo the merge of {merge.gone_name}",
            merge=merge,
            plan=plan,
            refused=refused,
            sections=sections(plan.steps) if plan else [],
            adminform=form.as_admin_form(),
        )

    def _undo(self, request: HttpRequest, merge: Merge, form: UndoForm) -> HttpResponse | None:
        """Undo it as previewed. Return None if it cannot be done, or not as previewed."""
        back = do_as_previewed(request, changes.undo_merge, merge, **form.cleaned_data)
        if back is None:
            self.message_user(request, CHANGED_SINCE, messages.WARNING)
            return None
        message = "The merge was undone. {} is back. {link}."
        return redirect_with_success(request, back, message, back.name)
