"""The page of a protocol's approvals: recorded, asked for by e-mail, from paper, started anew."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from registers.admin.asking import PlainForm
from registers.admin.base import RecordedAdmin
from registers.admin.forms import DATE_ERRORS, add_refusal
from registers.admin.history import object_or_404
from registers.admin.permissions import may_publish
from registers.admin.review_form import DatalistInput
from registers.changes.approval import (
    PaperApproval,
    has_approved,
    record_paper_approval,
    start_approvals_anew,
)
from registers.exports.columns import ExportContext
from registers.models import Approver, Document, Organisation, Party, Protocol
from registers.models.keys import refuse_email
from registers.reminders.approval_emails import send_requests
from registers.reminders.approvals import ask_for_approval, recipients
from registers.reminders.emails import Sender
from weisf.mail import sends_mail

RECORDED = "The approval is recorded."
STARTED_ANEW = "The approvals start anew. The former ones stay on the changes page."
ASKED = "Asked for approval by e-mail: {} sent."
NOT_SENT = "Not taken by the mail server: {}. The daily run of reminders tries again."
NO_MAIL = "No mail server is set up, so nobody was asked. Set EMAIL_URL (docs/settings.md)."
NOT_TICKED = "Tick the box first, if this version changes what was agreed."


class PaperApprovalForm(PlainForm):
    """An approval of the protocol's present version that one of its documents shows."""

    organisations = forms.ModelMultipleChoiceField(
        Organisation.objects.none(),
        label="Who approved it?",
        widget=forms.CheckboxSelectMultiple,
        help_text="Those whose approval of this version is not recorded by link or from paper.",
    )
    signed_on = forms.DateField(
        label="On which day?", widget=AdminDateWidget(), **cast(Any, DATE_ERRORS)
    )
    job_title = forms.CharField(
        label="Approved by",
        max_length=150,
        validators=[refuse_email],
        widget=DatalistInput(),
        help_text="Public. The job title that approved, such as Caldicott Guardian. Never enter a"
        " person’s name.",
    )
    paper = forms.ModelChoiceField(
        Document.objects.none(),
        label="Which document shows it?",
        help_text="The page of the protocol links to it. Add it to the protocol first.",
    )

    def __init__(self, *args: Any, protocol: Protocol, parties: list[Party], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [p.organisation_id for p in parties if not has_approved(p, protocol.version)]
        fields: Any = self.fields
        fields["organisations"].queryset = Organisation.objects.filter(pk__in=keys)
        fields["paper"].queryset = protocol.documents.listed()
        titles = Approver.objects.filter(organisation__in=keys).order_by("job_title")
        fields["job_title"].widget.suggestions = list(
            titles.values_list("job_title", flat=True).distinct()
        )

    @property
    def approval(self) -> PaperApproval:
        """What was typed. The form must be valid."""
        cleaned = self.cleaned_data
        return PaperApproval(
            organisations=cleaned["organisations"],
            signed_on=cleaned["signed_on"],
            job_title=" ".join(cleaned["job_title"].split()),
            paper=cleaned["paper"],
        )


def approval_url(model_admin: RecordedAdmin) -> URLPattern:
    """Return the address of the page of approvals, for admin of protocols."""
    view = model_admin.admin_site.admin_view(partial(approvals, model_admin))
    return path("<path:object_id>/approvals/", view, name="registers_protocol_approvals")


def approvals(model_admin: RecordedAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show a protocol's approvals; ask for them, record one from paper, or start them anew."""
    if not may_publish(request.user):
        raise PermissionDenied
    protocol: Protocol = object_or_404(model_admin, request, object_id)
    parties = list(protocol.parties.select_related("organisation"))
    how: dict[str, Any] = {"at": timezone.now(), "by": cast(User, request.user)}
    here = redirect("admin:registers_protocol_approvals", quote(protocol.pk))
    for button, act in (("_ask", _ask), ("_anew", _start_anew)):
        if button in request.POST:
            act(request, protocol, how)
            return here
    data = request.POST if request.method == "POST" else None
    form = PaperApprovalForm(data, protocol=protocol, parties=parties)
    if form.is_valid():
        try:
            record_paper_approval(protocol, form.approval, **how)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, RECORDED)
            return here
    to = recipients(protocol, at=how["at"])
    shown: Any = form
    fields: Any = [(None, {"fields": list(form.fields)})]
    context = admin.site.each_context(request) | {
        "opts": Protocol._meta,
        "title": "Approvals",
        "protocol": protocol,
        "parties": parties,
        "adminform": AdminForm(shown, fields, {}),
        "has_others": not all(has_approved(party, protocol.version) for party in parties),
        "approved": any(party.signed_on for party in parties),
        "may_record": protocol.status != Protocol.Status.WITHDRAWN,
        "may_ask": protocol.status == Protocol.Status.PUBLISHED,
        "asked": [each for each in to if not each.why_not],
        "not_asked": [each for each in to if each.why_not],
        "sends_mail": sends_mail(),
    }
    return TemplateResponse(request, "admin/registers/protocol/approvals.html", context)


def _ask(request: HttpRequest, protocol: Protocol, how: dict[str, Any]) -> None:
    if not sends_mail():
        messages.error(request, NO_MAIL)
        return
    try:
        asked = ask_for_approval(protocol, **how)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return
    place = ExportContext(site=settings.SITE_URL, on=timezone.localdate(how["at"]))
    sender = Sender(partnership=settings.PARTNERSHIP, address=settings.DEFAULT_FROM_EMAIL)
    sent, failed = send_requests(asked, place=place, sender=sender)
    messages.success(request, ASKED.format(sent))
    if failed:
        messages.warning(request, NOT_SENT.format(failed))


def _start_anew(request: HttpRequest, protocol: Protocol, how: dict[str, Any]) -> None:
    if "changes_agreed" not in request.POST:
        messages.error(request, NOT_TICKED)
        return
    try:
        start_approvals_anew(protocol, **how)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, STARTED_ANEW)
