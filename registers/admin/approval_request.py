"""Requests for approval, and what was answered: objections wait for a publisher to deal with."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers.admin.history import ModelAdmin, object_or_404
from registers.admin.permissions import may_publish
from registers.admin.read_only import ReadOnlyAdmin, not_decided
from registers.models import ApprovalRequest
from registers.reminders.approvals import deal_with

DEALT_WITH = "Recorded: the answer is dealt with. {organisation} can be asked again."
# What is to be dealt with comes first, the oldest at the top.
WAITING_FIRST = Case(
    When(choice__in=["objected", "not-ours"], dealt_with_at=None, then="answered_at")
).asc(nulls_last=True)


class AnswerFilter(admin.SimpleListFilter):
    """What was answered, and what is to be dealt with."""

    title = "answer"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [
            ("waiting", "To deal with"),
            ("none", "No answer yet"),
            *ApprovalRequest.Choice.choices,
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[ApprovalRequest]:
        """Return those that were chosen."""
        requests: Any = queryset
        if self.value() == "waiting":
            requests = requests.to_deal_with()
        elif value := self.value():
            requests = requests.filter(choice="" if value == "none" else value)
        return cast("QuerySet[ApprovalRequest]", requests)


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin, ModelAdmin):
    """Every request. None can be added, altered or deleted here."""

    ordering = (WAITING_FIRST, "-pk")
    list_display = ("organisation", "reference", "version", "asked_at", "choice", "job_title")
    list_filter = (AnswerFilter,)
    list_select_related = ("protocol", "organisation")
    search_fields = ("protocol__reference", "protocol__title", "organisation__names__key")
    search_help_text = "A protocol, or any name of an organisation"
    fieldsets = (
        (
            "The answer",
            {"fields": ("choice", "reason", "job_title", "answered_at", "dealt_with_at")},
        ),
        (
            "The request",
            {"fields": ("protocol_link", "organisation", "version", "asked_at", "asked_by")},
        ),
        ("E-mails", {"fields": ("email", "emails", "last_email_on", "problem")}),
    )
    readonly_fields = ("protocol_link",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for those who may see protocols in admin."""
        return bool(request.user.has_perm("registers.view_protocol"))

    def get_urls(self) -> list[Any]:
        """Add the view that records that an answer is dealt with."""
        view = admin.site.admin_view(self.dealt_with_view)
        name = "registers_approvalrequest_dealt_with"
        return [path("<path:object_id>/dealt-with/", view, name=name), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show one request, with a button where it is to be dealt with."""
        asked: ApprovalRequest = context["original"]
        waits = ApprovalRequest.objects.to_deal_with().filter(pk=asked.pk).exists()
        context["may_deal_with"] = waits and may_publish(request.user)
        context["title"] = f"Request for approval of protocol {asked.protocol_id}"
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="protocol", ordering="protocol")
    def reference(self, asked: ApprovalRequest) -> str:
        """Return the protocol's reference: its title would leave no room for the answer."""
        return asked.protocol_id

    @admin.display(description="protocol")
    def protocol_link(self, asked: ApprovalRequest) -> SafeString:
        """Return the protocol, with a link to the page of its approvals."""
        page = reverse("admin:registers_protocol_approvals", args=[quote(asked.protocol_id)])
        return format_html('<a href="{}">{}</a>', page, asked.protocol)

    def dealt_with_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record that it is dealt with. A GET leads to it, as after a log-in that came between."""
        if not may_publish(request.user):
            raise PermissionDenied
        asked: ApprovalRequest = object_or_404(self, request, object_id)
        if request.method != "POST":
            return not_decided(request, asked)
        try:
            deal_with(asked, at=timezone.now(), by=cast(User, request.user))
        except ValidationError as refusal:
            self.message_user(request, refusal.messages[0], messages.ERROR)
        else:
            self.log_change(request, asked, "Dealt with.")
            message = DEALT_WITH.format(organisation=asked.organisation)
            self.message_user(request, message, messages.SUCCESS)
        return redirect("admin:registers_protocol_approvals", quote(asked.protocol_id))
