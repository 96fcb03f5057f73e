"""The page on which a lead organisation answers a reminder.

It is never stored: not in the page cache, by proxies, search engines or browsers.
GET and HEAD change nothing, since the scanners of mail servers follow links.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from registers.models import Answer, Protocol, Reminded
from registers.models.review_dates import ReviewStatus
from registers.public.errors import bad_request
from registers.reminders.answers import (
    LinkClosed,
    State,
    answer_to,
    give_answer,
    good_until,
    line_for_token,
    state_of,
)
from registers.reminders.completion import completion_state, draft_of, unrecorded
from registers.reminders.links import MOST_TRIES, seconds_to_wait
from registers.search.findings import findings_of
from registers.search.index import current_index
from weisf.client_address import client_address

View = Callable[[HttpRequest], HttpResponse]

HEADERS = {
    "Cache-Control": "no-store, private",
    # The address of this page contains the secret link, which no linked page may learn.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
FIELDS = ("choice", "job_title", "note")
# What each answer does, shown below its button.
CONSEQUENCES = {
    Answer.Choice.UNCHANGED: "It goes on as it is published.",
    Answer.Choice.CHANGING: "It goes on as it is until you send us the changes.",
    Answer.Choice.ENDED: "It is withdrawn. Its page stays, and gives your note as the reason.",
    Answer.Choice.NOT_OURS: "You do not lead it. If you know who does, say so in the note.",
}
TEMPLATES = {
    State.OPEN: ("answers/form.html", HTTPStatus.OK),
    State.ANSWERED: ("answers/answered.html", HTTPStatus.OK),
    State.WAITING: ("answers/answered.html", HTTPStatus.OK),
    State.EXPIRED: ("answers/closed.html", HTTPStatus.GONE),
    State.WITHDRAWN: ("answers/closed.html", HTTPStatus.GONE),
    State.REVIEWED: ("answers/closed.html", HTTPStatus.GONE),
    State.MOVED: ("answers/closed.html", HTTPStatus.GONE),
}


def never_stored(view: View) -> View:
    """Add headers against storing to a view, also where the request cannot be read (400)."""

    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponse:
        try:
            response = view(request)
        except (BadRequest, SuspiciousOperation, MultiPartParserError) as problem:
            response = bad_request(request, problem)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return wrapper


# Without CSRF protection: the signed link is the authority to answer, and no other site knows
# it. The CSRF cookie is not allowed, since public pages promise to set none.
@csrf_exempt
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest) -> HttpResponse:
    """Show the form for the link in the query string, store the answer, or say why not (4xx)."""
    at = timezone.now()
    if busy := too_many_attempts(request):
        return busy
    line = line_for_token(request.GET.get("link", ""))
    if line is None:
        return render(request, "answers/invalid_link.html", status=HTTPStatus.NOT_FOUND)
    state = state_of(line, at=at)
    # The body is only read with a valid link: nobody else can make the register wait for one.
    if request.method == "POST" and TEMPLATES[state][1] == HTTPStatus.OK:
        return _take(request, line)
    return _page(request, line, state, unkept=request.method == "POST")


def too_many_attempts(request: HttpRequest) -> HttpResponse | None:
    """Count the request; return the page (429) that tells its network to wait, or None."""
    seconds = seconds_to_wait(client_address(request), at=timezone.now())
    if not seconds:
        return None
    has_link = "link" in request.GET
    context = {"most": MOST_TRIES, "posted": request.method == "POST", "has_link": has_link}
    busy = render(
        request, "answers/too_many_attempts.html", context, status=HTTPStatus.TOO_MANY_REQUESTS
    )
    busy.headers["Retry-After"] = str(seconds)
    return busy


def _take(request: HttpRequest, line: Reminded) -> HttpResponse:
    """Store the answer, or show its errors, or that there already is another one."""
    if request.content_type != FORM_CONTENT_TYPE:
        raise BadRequest(
            "Your answer was not sent from the form on this page. Open the link again and send your"
            " answer from there."
        )
    typed = {box: request.POST.get(box, "") for box in FIELDS}
    try:
        give_answer(line, **typed, at=timezone.now())
    except ValidationError as refusal:
        errors = {box: sentences[0] for box, sentences in refusal.message_dict.items()}
        wrong = {
            "typed": typed,
            "errors": errors,
            "pressed": dict(Answer.Choice.choices).get(typed["choice"]),
        }
        return _page(request, line, State.OPEN, status=HTTPStatus.BAD_REQUEST, **wrong)
    except LinkClosed as shut:
        # It was answered, or changed, after this page was shown.
        line = Reminded.objects.get(pk=line.pk)
        return _page(request, line, shut.state, status=HTTPStatus.CONFLICT, unkept=True)
    here = f"{reverse('answer')}?{urlencode({'link': request.GET['link']})}"
    return HttpResponseRedirect(here, status=HTTPStatus.SEE_OTHER)


def _page(
    request: HttpRequest,
    line: Reminded,
    state: State,
    *,
    status: HTTPStatus | None = None,
    **more: Any,
) -> HttpResponse:
    """Show what the link is about, with the form where it can be answered."""
    protocol = line.protocol
    context = {
        "protocol": protocol,
        "organisation": line.reminder.organisation,
        "until": good_until(line.reminder),
        "state": state.value,
        "on": timezone.localdate(),
        "answer": answer_to(line),
        "findings": _findings(protocol) if state is State.OPEN else [],
        "link": request.GET["link"],
        "completion": _completion(line),
        "does": [(choice, CONSEQUENCES[choice]) for choice in Answer.Choice],
        **more,
    }
    template, usual = TEMPLATES[state]
    return render(request, template, context, status=status or usual)


def _findings(protocol: Protocol) -> list[str]:
    """Return what the record lacks or leaves open, in sentences. That it is overdue is said."""
    found = findings_of(protocol, current_index(), timezone.localdate())
    return [each.sentence for each in found if each.rule.key != ReviewStatus.OVERDUE]


def _completion(line: Reminded) -> dict[str, Any] | None:
    """Return what the page says of filling in the record; None where the link does not do that."""
    state = completion_state(line, at=timezone.now())
    if state not in {State.OPEN, State.WAITING}:
        return None
    return {
        "is_sent": state == State.WAITING,
        "is_begun": draft_of(line) is not None,
        "missing": unrecorded(line.protocol),
    }
