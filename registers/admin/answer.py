"""Answers of lead organisations to reminders, for a publisher to accept or refuse."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers.admin.history import ModelAdmin, object_or_404
from registers.admin.permissions import may_publish
from registers.admin.read_only import ReadOnlyAdmin, not_decided
from registers.admin.review import review_page, success_message
from registers.changes.review import NOT_IN_FORCE
from registers.models import Answer, Organisation, Protocol, Review
from registers.reminders.answers import DECIDED, accept, refuse

NOT_THE_LEAD = (
    "The answer is accepted: {organisation} does not lead this protocol. Change the lead on this"
    " page."
)
UNKNOWN = "Not recorded"
REFUSED = "The answer is refused. The protocol is unchanged."
# Waiting answers come first, the oldest at the top.
WAITING_FIRST = Case(When(status=Answer.Status.WAITING, then="answered_at")).asc(nulls_last=True)
SEARCHED = "protocol__reference", "protocol__title", "reminder__organisation__names__key"


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin, ModelAdmin):
    """Every answer. None can be added, altered or deleted. Each is decided once."""

    ordering = (WAITING_FIRST, "-pk")
    list_display = ("protocol", "organisation", "choice", "job_title", "answered_at", "status")
    list_filter = ("status", "choice", "answered_at")
    list_select_related = ("reminded__protocol", "reminded__reminder__organisation")
    search_fields = (*(f"reminded__{field}" for field in SEARCHED), "job_title", "note")
    search_help_text = "A protocol, any name of an organisation, or words of the answer"
    fieldsets = (
        (
            "The answer",
            {"fields": ("choice", "note", "job_title", "organisation", "answered_at", "status")},
        ),
        ("The protocol today", {"fields": ("protocol_link", "lead", "partners", "review_due")}),
    )
    readonly_fields = ("organisation", "protocol_link", "lead", "partners", "review_due")

    def get_urls(self) -> list[Any]:
        """Add the views that accept and refuse an answer."""
        accepting = admin.site.admin_view(self.accept_view)
        refusing = admin.site.admin_view(self.refuse_view)
        return [
            path("<path:object_id>/accept/", accepting, name="registers_answer_accept"),
            path("<path:object_id>/refuse/", refusing, name="registers_answer_refuse"),
            *super().get_urls(),
        ]

    # Who may what ------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True also for those who may decide."""
        return super().has_view_permission(request, obj) or may_publish(request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the decision, if there is one."""
        decision = ("The decision", {"fields": ("decided_at", "decided_by", "review")})
        waiting = obj is not None and obj.status == Answer.Status.WAITING
        return self.fieldsets if waiting else (*self.fieldsets, decision)

    # What is shown -----------------------------------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show one answer, with buttons for those who may decide it."""
        answer: Answer = context["original"]
        waiting = answer.status == Answer.Status.WAITING
        context["may_decide"] = waiting and may_publish(request.user)
        context["not_ours"] = answer.choice == Answer.Choice.NOT_OURS
        context["title"] = f"Answer about protocol {answer.reminded.protocol_id}"
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="protocol", ordering="reminded__protocol")
    def protocol(self, answer: Answer) -> str:
        """Return the protocol's reference and title."""
        return str(answer.reminded.protocol)

    @admin.display(description="organisation", ordering="reminded__reminder__organisation__name")
    def organisation(self, answer: Answer) -> Organisation:
        """Return the organisation that was asked."""
        return answer.reminded.reminder.organisation

    @admin.display(description="protocol")
    def protocol_link(self, answer: Answer) -> SafeString:
        """Return the protocol and its status, with a link to its page in admin."""
        protocol = answer.reminded.protocol
        page = reverse("admin:registers_protocol_change", args=[quote(protocol.pk)])
        status = protocol.get_status_display().lower()
        return format_html('<a href="{}">{}</a> ({})', page, protocol, status)

    @admin.display(description="lead today")
    def lead(self, answer: Answer) -> str:
        """Return who leads the protocol now."""
        lead = answer.reminded.protocol.lead
        return str(lead.organisation) if lead else UNKNOWN

    @admin.display
    def partners(self, answer: Answer) -> str:
        """Return who else takes part."""
        parties = answer.reminded.protocol.partners
        return "; ".join(str(party.organisation) for party in parties) or UNKNOWN

    @admin.display(description="review")
    def review_due(self, answer: Answer) -> str:
        """Return the protocol's review status today, with the due day."""
        protocol = answer.reminded.protocol
        stands = protocol.review_status(timezone.localdate()).label
        due = protocol.review_due_on
        return f"{stands}: due by {due:%-d %B %Y}" if due else stands

    # Deciding ----------------------------------------------------------------------------------

    def accept_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the review that the answer would become, or record it. A GET changes nothing."""
        answer = self._get_answer(request, object_id)
        protocol = answer.reminded.protocol
        if answer.choice == Answer.Choice.NOT_OURS:
            return self._accept_not_ours(request, answer)
        if answer.status != Answer.Status.WAITING:
            sentence = DECIDED.format(status=answer.get_status_display().lower())
            return self._redirect_with_error(request, answer, sentence)
        if protocol.status != Protocol.Status.PUBLISHED:
            sentence = NOT_IN_FORCE.format(protocol=protocol)
            return self._redirect_with_error(request, answer, sentence)
        return self._review(request, answer)

    def refuse_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refuse the answer. A GET leads to it, as after a log-in that came between."""
        answer = self._get_answer(request, object_id)
        if request.method != "POST":
            return not_decided(request, answer)
        try:
            refuse(answer, at=timezone.now(), by=cast(User, request.user))
        except ValidationError as refusal:
            return self._redirect_with_error(request, answer, refusal.messages[0])
        self.log_change(request, answer, "Refused.")
        self.message_user(request, REFUSED, messages.SUCCESS)
        return redirect("admin:registers_answer_changelist")

    def _accept_not_ours(self, request: HttpRequest, answer: Answer) -> HttpResponse:
        """Accept that another organisation leads it, and redirect to the protocol."""
        if request.method != "POST":
            return redirect("admin:registers_answer_change", answer.pk)
        try:
            accept(answer, None, at=timezone.now(), by=cast(User, request.user))
        except ValidationError as refusal:
            return self._redirect_with_error(request, answer, refusal.messages[0])
        self.log_change(request, answer, "Accepted.")
        message = NOT_THE_LEAD.format(organisation=self.organisation(answer))
        self.message_user(request, message, messages.WARNING)
        return redirect("admin:registers_protocol_change", quote(answer.reminded.protocol_id))

    def _review(self, request: HttpRequest, answer: Answer) -> HttpResponse:
        """Show the form of a review, filled in with the answer, or record the review."""

        def save(review: Review) -> HttpResponse:
            accept(answer, review, at=timezone.now(), by=cast(User, request.user))
            self.log_change(request, answer, "Accepted.")
            self.message_user(request, success_message(review), messages.SUCCESS)
            return redirect("admin:registers_answer_changelist")

        return review_page(
            request,
            answer.reminded.protocol,
            save=save,
            template="admin/registers/answer/accept.html",
            title="Accept the answer",
            answer=answer,
            initial={
                "outcome": answer.choice,
                "reviewed_on": timezone.localdate(answer.answered_at),
                "job_title": answer.job_title,
                "note": answer.note,
            },
        )

    def _get_answer(self, request: HttpRequest, object_id: str) -> Answer:
        """Return the answer. Raises PermissionDenied, and Http404 where there is none."""
        if not may_publish(request.user):
            raise PermissionDenied
        answer: Answer = object_or_404(self, request, object_id)
        return answer

    def _redirect_with_error(
        self, request: HttpRequest, answer: Answer, sentence: str
    ) -> HttpResponse:
        """Redirect to the answer with an error message."""
        self.message_user(request, sentence, messages.ERROR)
        return redirect("admin:registers_answer_change", answer.pk)
