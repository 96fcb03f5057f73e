"""The page on which an organisation's approver approves a version of a protocol, or objects.

It is never stored: not in the page cache, by proxies, search engines or browsers.
GET and HEAD change nothing, since the scanners of mail servers follow links.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from registers.models import ApprovalRequest
from registers.public.answers import FORM_CONTENT_TYPE, never_stored, too_many_attempts
from registers.reminders.approvals import (
    RequestClosed,
    State,
    answer,
    last_day,
    request_for_token,
    seen_of,
    state_of,
)

FIELDS = ("choice", "job_title", "reason", "seen")
# The words of each button, and what it does, shown below it.
BUTTONS = [
    (
        ApprovalRequest.Choice.APPROVED,
        "We approve it",
        "It is public at once, with your job title and today’s date.",
    ),
    (
        ApprovalRequest.Choice.OBJECTED,
        "We object",
        "Your reason goes to the administrators. It is never public.",
    ),
    (
        ApprovalRequest.Choice.NOT_OURS,
        "Not ours",
        "You take no part, or somebody else approves it. Say who, if you know.",
    ),
]
CLOSED = {
    State.EXPIRED: HTTPStatus.GONE,
    State.ANSWERED: HTTPStatus.OK,
    State.WITHDRAWN: HTTPStatus.GONE,
    State.ASKED_AGAIN: HTTPStatus.GONE,
    State.OTHER_VERSION: HTTPStatus.GONE,
    State.NO_PARTY: HTTPStatus.GONE,
    State.RECORDED: HTTPStatus.OK,
}


# Without CSRF protection: as with the answer to a reminder, the signed link is the authority.
@csrf_exempt
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest) -> HttpResponse:
    """Show the form for the link in the query string, record the answer, or say why not (4xx)."""
    asked = request_for_token(request.GET.get("link", ""))
    if asked is None:
        # Only these are counted: a whole office may approve behind one address.
        busy = too_many_attempts(request)
        status = HTTPStatus.NOT_FOUND
        return busy or render(request, "answers/invalid_link.html", status=status)
    state = state_of(asked, at=timezone.now())
    # The body is only read with a link that is good.
    if request.method == "POST" and state in {State.OPEN, State.ANSWERED}:
        return _take(request, asked)
    return _page(request, asked, state, unkept=request.method == "POST")


def _take(request: HttpRequest, asked: ApprovalRequest) -> HttpResponse:
    if request.content_type != FORM_CONTENT_TYPE:
        raise BadRequest(
            "Your answer was not sent from the form on this page. Open the link again and send your"
            " answer from there."
        )
    typed = {box: request.POST.get(box, "") for box in FIELDS}
    try:
        answer(asked, **typed, at=timezone.now())
    except ValidationError as refusal:
        errors = {box: sentences[0] for box, sentences in refusal.message_dict.items()}
        pressed = next((label for each, label, _ in BUTTONS if each == typed["choice"]), "")
        return _page(
            request,
            asked,
            State.OPEN,
            status=HTTPStatus.BAD_REQUEST,
            typed=typed,
            errors=errors,
            pressed=pressed,
        )
    except RequestClosed as shut:
        # It was answered, or changed, after this page was shown.
        asked = ApprovalRequest.objects.get(pk=asked.pk)
        return _page(request, asked, shut.state, status=HTTPStatus.CONFLICT, unkept=True)
    here = f"{reverse('approve')}?{urlencode({'link': request.GET['link']})}"
    return HttpResponseRedirect(here, status=HTTPStatus.SEE_OTHER)


def _page(
    request: HttpRequest,
    asked: ApprovalRequest,
    state: State,
    *,
    status: HTTPStatus | None = None,
    **more: Any,
) -> HttpResponse:
    """Show what the link is about, with the form where it can be answered."""
    protocol = asked.protocol
    parties = protocol.parties.filter(organisation=asked.organisation_id)
    context = {
        "asked": asked,
        "protocol": protocol,
        "organisation": asked.organisation,
        "until": last_day(asked),
        "state": state.value,
        "on": timezone.localdate(),
        "before": parties.exclude(signed_on=None).first(),
        "seen": seen_of(protocol),
        "papers": protocol.documents.listed(),
        "buttons": BUTTONS,
        **more,
    }
    if state is State.OPEN:
        return render(request, "approvals/form.html", context, status=status or HTTPStatus.OK)
    return render(request, "approvals/closed.html", context, status=status or CLOSED[state])
