"""The page on which a lead fills in what its record does not say: the second part of its link.

It is never stored: not in the page cache, by proxies, search engines or browsers. GET and HEAD
change nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from registers.history.diff import display
from registers.history.snapshot import field_values
from registers.models import Protocol, Reminded
from registers.models.options import all_options, lines_of
from registers.public.answers import TEMPLATES, never_stored, too_many_attempts
from registers.reminders.answers import LinkClosed, State, good_until, line_for_token
from registers.reminders.completion import (
    ASKED,
    NOT_APPLYING,
    NOTHING,
    USUAL_TITLE,
    completion_state,
    draft_of,
    keep_paper,
    returned_to,
    save_draft,
    seen_of,
    send_completion,
    unrecorded,
    values_to_show,
)
from registers.reminders.completion_form import CompletionForm

FORM_CONTENT_TYPE = "multipart/form-data"
BUTTONS = {"save": save_draft, "send": send_completion}
NO_BUTTON = "Press one of the two buttons at the end of the page."
NO_JOB_TITLE = "Enter your job title."


# Without CSRF protection: as with the answer, the signed link is the authority.
@csrf_exempt
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: HttpRequest) -> HttpResponse:
    """Show the form for the link in the query string, save or send it, or say why not (4xx)."""
    if busy := too_many_attempts(request):
        return busy
    line = line_for_token(request.GET.get("link", ""))
    if line is None:
        return render(request, "answers/invalid_link.html", status=HTTPStatus.NOT_FOUND)
    state = completion_state(line, at=timezone.now())
    # The body is only read with a link that is good.
    if request.method == "POST" and state == State.OPEN:
        return _take(request, line)
    return _page(request, line, state, unkept=request.method == "POST")


def _take(request: HttpRequest, line: Reminded) -> HttpResponse:
    if request.content_type != FORM_CONTENT_TYPE:
        raise BadRequest(
            "This was not sent from the form on this page. Open the link again and send it from"
            " there."
        )
    form = _form(line, request)
    button = next((name for name in BUTTONS if name in request.POST), "")
    form.is_valid()
    try:
        if not button:
            raise ValidationError({"page": NO_BUTTON})
        _check(form, button)
        filled = form.filled(seen=request.POST.get("seen", ""))
        BUTTONS[button](line, filled, at=timezone.now())
    except ValidationError as refusal:
        return _refused(request, line, form, refusal)
    except LinkClosed as shut:
        line = Reminded.objects.get(pk=line.pk)
        return _page(request, line, shut.state, status=HTTPStatus.CONFLICT, unkept=True)
    query = {"link": request.GET["link"], **({"saved": "yes"} if button == "save" else {})}
    here = f"{reverse('complete')}?{urlencode(query)}"
    return HttpResponseRedirect(here, status=HTTPStatus.SEE_OTHER)


def _check(form: CompletionForm, button: str) -> None:
    """Raise ValidationError where the form is not valid, or lacks what is needed to send it."""
    if form.is_valid() and button == "send" and not form.cleaned_data["job_title"]:
        form.add_error("job_title", NO_JOB_TITLE)
    if form.errors:
        raise ValidationError("")


def _refused(
    request: HttpRequest, line: Reminded, form: CompletionForm, refusal: ValidationError
) -> HttpResponse:
    """Show the form again as it was sent. A file that is a good one is stored with the draft."""
    errors = form.error_sentences
    for name, sentences in getattr(refusal, "error_dict", {}).items():
        known = name if name in {*form.fields, "page"} else "page"
        errors.setdefault(known, str(ValidationError(sentences).messages[0]))
    upload = form.cleaned_data.get("document")
    if upload and "document" not in errors:
        try:
            keep_paper(line, form.filled(seen=request.POST.get("seen", "")), at=timezone.now())
        except ValidationError as other:
            errors |= {name: texts[0] for name, texts in other.message_dict.items()}
        except LinkClosed as shut:
            return _page(request, line, shut.state, status=HTTPStatus.CONFLICT, unkept=True)
    status = HTTPStatus.BAD_REQUEST
    return _page(request, line, State.OPEN, form=form, errors=errors, status=status)


def _form(line: Reminded, request: HttpRequest | None = None) -> CompletionForm:
    """Return the form with what was saved; of a POST, with what was sent."""
    values = values_to_show(line)
    started = {*values, *lines_of(values.get(NOT_APPLYING, ""))}
    missing = {field.name for field in unrecorded(line.protocol)}
    # What others have recorded since the lead began stays on its page.
    asked = [field for field in ASKED if field.name in missing | started]
    if request is None:
        return CompletionForm(asked=asked, values=values, options=all_options())
    data = request.POST.copy()
    # Also what the lead saw as missing: nothing that it wrote is lost.
    asked = [f for f in ASKED if f in asked or f.name in data or f"{f.name}-does-not-apply" in data]
    draft = draft_of(line)
    if seen_of(draft) != data.get("seen", ""):
        _fill_gaps(data, CompletionForm(asked=asked, values=values, options=all_options()))
    return CompletionForm(data, request.FILES, asked=asked, values=values, options=all_options())


def _fill_gaps(data: Any, theirs: CompletionForm) -> None:
    """Put what somebody else has saved where nothing was typed."""
    for _, boxes, _ in theirs.sections({}):
        for box in boxes:
            tick = f"{box.name}-does-not-apply"
            if not (any(data.getlist(box.name)) or tick in data):
                data.setlist(box.name, box.value if isinstance(box.value, list) else [box.value])
                if box.ticked:
                    data[tick] = "on"


def _page(
    request: HttpRequest,
    line: Reminded,
    state: State,
    *,
    form: CompletionForm | None = None,
    errors: dict[str, str] | None = None,
    status: HTTPStatus | None = None,
    unkept: bool = False,
) -> HttpResponse:
    protocol = line.protocol
    context: dict[str, Any] = {
        "protocol": protocol,
        "organisation": line.reminder.organisation,
        "until": good_until(line.reminder),
        "state": state.value,
        "link": request.GET["link"],
        "unkept": unkept,
    }
    if state == State.WAITING:
        context["sent"] = line.proposals.waiting().first()
        return render(request, "completion/sent.html", context, status=status or HTTPStatus.OK)
    if state != State.OPEN:
        template, usual = TEMPLATES[state]
        return render(request, template, context, status=status or usual)
    form = form or _form(line)
    draft = draft_of(line)
    context |= {
        "sections": form.sections(_recorded(protocol)),
        "errors": errors or {},
        "is_complete": not form.asked,
        "draft": draft,
        "seen": seen_of(draft),
        "days": settings.LEAD_DRAFT_DAYS,
        "just_saved": "saved" in request.GET and not form.is_bound,
        "returned": None if draft else returned_to(line),
        "job_title": form.data.get("job_title", "") if form.is_bound else draft and draft.job_title,
        "title": form.data.get("title", "") if form.is_bound else draft and draft.title,
        "usual_title": USUAL_TITLE,
        "papers": protocol.documents.listed(),
        "nothing": NOTHING,
    }
    return render(request, "completion/form.html", context, status=status or HTTPStatus.OK)


def _recorded(protocol: Protocol) -> dict[str, str]:
    """Return in words what is recorded of the fields that a lead can be asked about."""
    values = field_values(protocol)
    return {
        field.name: display(field.model_field, values[field.name])  # type: ignore[arg-type]  # each of these has one
        for field in ASKED
    }
