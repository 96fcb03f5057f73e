"""The form to which 'Something wrong on this page?' leads, from every page. It is never cached.

GET and HEAD change nothing. Nobody logs in, and no cookie is set.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from registers.models import News, Organisation, Protocol, Resource, Theme
from registers.models.proposal import LONGEST_PAGE
from registers.public.answers import FORM_CONTENT_TYPE, never_stored, too_many_attempts
from registers.reminders.suggestions import suggest

FIELDS = ("words", "job_title")
SECRET = {
    "answer",
    "approve",
    "complete",
    "preview",
}  # whose addresses hold a link that nobody else may know
TRAP = "website"  # nobody sees this box, and programs that fill in every form do not know that
TRAPPED = "Leave the box ‘Website’ empty, then send it again."


# Without CSRF protection, whose cookie public pages promise not to set: whatever another site
# sends here, a person reads it, and it changes nothing.
@csrf_exempt
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def suggestion(request: HttpRequest) -> HttpResponse:
    """Show the form about the page in the query string, or store what was sent (4xx: why not)."""
    if not settings.SUGGESTIONS:
        raise Http404
    if request.method != "POST":
        page = _known_page(request.GET.get("page", ""))
        template = "suggestions/sent.html" if "sent" in request.GET else "suggestions/form.html"
        return render(request, template, _context(page))
    if busy := too_many_attempts(request):
        return busy
    if request.content_type != FORM_CONTENT_TYPE:
        raise BadRequest("This was not sent from our form. Open the form and send it from there.")
    return _take(request)


def _take(request: HttpRequest) -> HttpResponse:
    page = _known_page(request.POST.get("page", ""))
    typed = {name: request.POST.get(name, "") for name in FIELDS}
    try:
        if request.POST.get(TRAP):
            raise ValidationError({TRAP: TRAPPED})
        suggest(**typed, page=page, subject=_subject(page), at=timezone.now())
    except ValidationError as refusal:
        errors = {name: sentences[0] for name, sentences in refusal.message_dict.items()}
        context = _context(page) | {"typed": typed, "errors": errors}
        return render(request, "suggestions/form.html", context, status=HTTPStatus.BAD_REQUEST)
    here = urlencode({"sent": "", **({"page": page} if page else {})})
    return HttpResponseRedirect(f"{reverse('suggestion')}?{here}", status=HTTPStatus.SEE_OTHER)


def _context(page: str) -> dict[str, Any]:
    return {"page": page, "subject": _subject(page), "days": settings.SUGGESTION_DAYS}


def _known_page(page: str) -> str:
    """Return the address if it is one of this register's public pages; '' for any other text."""
    if len(page) > LONGEST_PAGE or not (page.isascii() and page.isprintable()):
        return ""
    try:
        parts = urlsplit(page)
        is_secret = _resolve(page).url_name in SECRET
    except (Resolver404, ValueError):
        return ""
    return "" if is_secret or parts.scheme or parts.netloc else page


def _resolve(page: str) -> ResolverMatch:
    """Return the public view at an address: admin is not looked for. Raises Resolver404."""
    return resolve(urlsplit(page).path, urlconf="registers.public.urls")


def _subject(page: str) -> models.Model | None:
    """Return the public record that a page shows, if it shows one."""
    if not page:
        return None
    match = _resolve(page)
    of, given = match.url_name, match.kwargs
    if of in {"protocol", "protocol-changes"}:
        return Protocol.public.get_queryset().with_reference(given["reference"]).first()
    if of in {"organisation", "organisation-members"}:
        return Organisation.objects.at(given["slug"]).first()
    if of == "theme":
        return Theme.objects.filter(slug=given["slug"]).first()
    pages = {"news-item": News, "resource": Resource}
    if of in pages:
        shown = pages[of].objects.published(timezone.localdate())
        return shown.filter(slug=given["slug"]).first()
    return None
