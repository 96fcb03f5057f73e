"""Organisations: A to Z by any name, the page of each, and what two are named in together."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from registers.models import Name, Organisation, Slug, Succession
from registers.public.request_context import paginate
from registers.search.index import current_index
from registers.search.organisations import (
    counts_by_role,
    named_together,
    named_with,
    official_names,
    protocols_of,
)

NAMES_PER_PAGE = 200
PROTOCOLS_PER_PAGE = 50
MAX_SHARING = 8
KINDS = Name.Kind.values


def index(request: HttpRequest) -> HttpResponse:
    """Show every name of every organisation in alphabetical order, or those of one letter."""
    letter = letter_of(request)
    names = Name.objects.filter(key__startswith=letter).select_related("organisation")
    page = paginate(request, names.order_by("key"), length=NAMES_PER_PAGE)
    counts = counts_by_role(current_index(), on=timezone.localdate())
    for name in page.items:
        name.protocol_count = counts(name.organisation_id).protocols
    context = {
        "page": page,
        "letters": Name.objects.initials(),
        "letter": letter.upper(),
        "count": official_names(letter).count(),
    }
    return render(request, "organisations/list.html", context)


def letter_of(request: HttpRequest) -> str:
    """Return the first letter of names to show, in lower case, or ''. Raises BadRequest."""
    letter = request.GET.get("letter", "")
    # Checked before lower(), which makes two characters of İ.
    if letter and not (len(letter) == 1 and letter.isalnum()):
        raise BadRequest("Letter: enter one letter or digit.")
    return letter.lower()


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one organisation: its names, its protocols, and whom it is named with.

    A slug of any other name redirects to the current one. `with` in the query string
    is any name of another organisation, and redirects to what the two are named in.
    """
    organisation = _organisation_at(slug)
    if request.GET.get("with", "").strip():
        query = urlencode({"one": organisation.slug, "other": request.GET["with"].strip()})
        return redirect(f"{reverse('sharing-ask')}?{query}")
    if organisation.slug != slug:
        return redirect(organisation, permanent=True)
    successions = Succession.objects.select_related("organisation", "successor").filter(
        Q(organisation=organisation) | Q(successor=organisation)
    )
    index, on = current_index(), timezone.localdate()
    context = {
        "organisation": organisation,
        "names": sorted(organisation.names.all(), key=lambda name: KINDS.index(name.kind)),
        "identifiers": organisation.identifiers.all(),
        "approvers": organisation.approvers.all(),
        "became": [s for s in successions if s.organisation_id == organisation.pk],
        "came_from": [s for s in successions if s.successor_id == organisation.pk],
        "protocols": protocols_of(index, organisation, on=on, most=PROTOCOLS_PER_PAGE),
        "sharing": named_with(index, organisation, on=on, most=MAX_SHARING),
        "on": on,
    }
    return render(request, "organisations/detail.html", context)


def together(request: HttpRequest, one: str, other: str) -> HttpResponse:
    """Show what two organisations are named in together: the answer first, then the protocols."""
    organisation, second = _organisation_at(one), _organisation_at(other)
    if organisation == second:
        return redirect(organisation)
    first, last = sorted([organisation, second], key=lambda either: either.slug)
    if (first.slug, last.slug) != (one, other):
        return redirect("together", first.slug, last.slug, permanent=True)
    on = timezone.localdate()
    shared = named_together(current_index(), first, last, on=on)
    page = paginate(request, shared.protocols, length=PROTOCOLS_PER_PAGE)
    context = {
        "first": first,
        "last": last,
        "page": page,
        "counts": shared,
        "on": on,
    }
    return render(request, "organisations/together.html", context)


def _organisation_at(slug: str) -> Organisation:
    """Return the organisation with a present or past slug. Raises Http404."""
    slugs = Slug.objects.select_related("organisation")
    return get_object_or_404(slugs, text=slug.lower()).organisation
