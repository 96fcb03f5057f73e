"""Organisations: A to Z by any name, the page of each, and what two of them share."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify

from registers.finding.fields import shown
from registers.finding.sharing import shared_by, sharing_with
from registers.models import Name, Organisation, Party, Protocol, Slug, Succession
from registers.models.words import key_of
from registers.public.doors import page_of, place

NAMES_A_PAGE = 200
PROTOCOLS_A_PAGE = 50
CANDIDATES = 20
LONGEST_NAME = 255
KINDS = Name.Kind.values


def index(request: HttpRequest) -> HttpResponse:
    """Show every name of every organisation in the order of the alphabet, or those of a letter."""
    letter = request.GET.get("letter", "").lower()
    if letter and not (len(letter) == 1 and letter.isalnum()):
        raise BadRequest("Letter: write one letter or digit.")
    names = Name.objects.select_related("organisation").order_by("key")
    counted = names.annotate(
        protocol_count=Count(
            "organisation__parties__protocol",
            filter=Q(organisation__parties__protocol__status=Protocol.Status.PUBLISHED),
            distinct=True,
        )
    )
    page = page_of(request, counted.filter(key__startswith=letter), length=NAMES_A_PAGE)
    letters = sorted({key[0].upper() for key in names.values_list("key", flat=True)})
    context = {"page": page, "letters": letters, "letter": letter.upper()}
    return render(request, "organisations/list.html", context)


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one organisation: its names, its part in protocols, and whom it shares with.

    An address of a past name, or of any name that is not the official one,
    leads on to its one address. `with` in the query string is any name of
    another organisation, and leads to what the two share.
    """
    organisation = _at(slug)
    if request.GET.get("with", "").strip():
        return _together_with(request, organisation, request.GET["with"].strip())
    if organisation.slug != slug:
        return redirect(organisation, permanent=True)
    protocols = list(
        Protocol.public.current()
        .of_organisations([organisation])
        .select_related("theme")
        .with_parties()
        .order_by(F("review_date").asc(nulls_last=True), "reference")[:PROTOCOLS_A_PAGE]
    )
    successions = Succession.objects.select_related("organisation", "successor").filter(
        Q(organisation=organisation) | Q(successor=organisation)
    )
    published = Q(protocol__status=Protocol.Status.PUBLISHED)
    counts = Party.objects.filter(organisation=organisation).aggregate(
        leads=Count("protocol", filter=published & Q(role=Party.Role.LEAD)),
        partners=Count("protocol", filter=published & Q(role=Party.Role.PARTNER)),
        current=Count("protocol", filter=published, distinct=True),
        withdrawn=Count(
            "protocol", filter=Q(protocol__status=Protocol.Status.WITHDRAWN), distinct=True
        ),
    )
    context = {
        "organisation": organisation,
        "names": sorted(organisation.names.all(), key=lambda name: KINDS.index(name.kind)),
        "approvers": organisation.approvers.all(),
        "became": [s for s in successions if s.organisation_id == organisation.pk],
        "came_from": [s for s in successions if s.successor_id == organisation.pk],
        "counts": counts,
        "leads": [p for p in protocols if _has_part(p, organisation, Party.Role.LEAD)],
        "partner_in": [p for p in protocols if _has_part(p, organisation, Party.Role.PARTNER)],
        "others": sharing_with(organisation),
        "on": place().on,
    }
    return render(request, "organisations/detail.html", context)


def together(request: HttpRequest, one: str, other: str) -> HttpResponse:
    """Show what two organisations share: the answer first, then the protocols."""
    organisation, second = _at(one), _at(other)
    if organisation == second:
        return redirect(organisation)
    first, last = sorted([organisation, second], key=lambda either: either.slug)
    if (first.slug, last.slug) != (one, other):
        return redirect("together", first.slug, last.slug, permanent=True)
    shared = shared_by(first, last)
    page = page_of(request, shared.select_related("theme").with_parties(), length=PROTOCOLS_A_PAGE)
    counts = shared.order_by().aggregate(
        current=Count("pk", filter=Q(status=Protocol.Status.PUBLISHED)),
        withdrawn=Count("pk", filter=Q(status=Protocol.Status.WITHDRAWN)),
    )
    context = {"first": first, "last": last, "page": page, "counts": counts, "on": place().on}
    return render(request, "organisations/together.html", context)


def _at(slug: str) -> Organisation:
    """Return the organisation that an address leads to. Raises Http404."""
    found = Slug.objects.select_related("organisation")
    return get_object_or_404(found, text=slug.lower()).organisation


def _has_part(protocol: Protocol, organisation: Organisation, role: str) -> bool:
    return any(
        party.organisation_id == organisation.pk and party.role == role
        for party in protocol.parties.all()
    )


def _together_with(request: HttpRequest, organisation: Organisation, asked: str) -> HttpResponse:
    """Lead on to what it shares with the organisation called `asked`, or ask which is meant."""
    if len(asked) > LONGEST_NAME or "\0" in asked:
        raise BadRequest("The name of the other organisation is too long, or cannot be read.")
    other = (
        Organisation.objects.named(asked).first() or Organisation.objects.at(slugify(asked)).first()
    )
    if other:
        return redirect("together", *sorted([organisation.slug, other.slug]))
    candidates = list(
        Organisation.objects.exclude(pk=organisation.pk)
        .filter(names__key__contains=key_of(asked))
        .distinct()[:CANDIDATES]
    )
    context = {
        "organisation": organisation,
        "asked": asked,
        "candidates": candidates,
        "errors": {"with": f"No organisation in this register is called ‘{shown(asked)}’."},
    }
    return render(request, "organisations/which.html", context, status=200 if candidates else 400)
