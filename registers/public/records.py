"""One protocol, or one organisation, with everything public of it, as JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import reverse

from registers.exports import json
from registers.exports.columns import ExportContext
from registers.exports.facts import organisation_facts, protocol_facts
from registers.exports.organisations import record
from registers.models import Gap, Name, Protocol, Slug
from registers.public.exports import link_header
from registers.public.problem import problem
from registers.public.protocols import usual_spelling
from registers.public.request_context import export_context
from registers.search.index import current_index
from registers.search.organisations import organisation_rows


def protocol(request: HttpRequest, reference: str) -> HttpResponse:
    """Send one protocol. For another spelling of a reference, redirect as its page does.

    For a reference without a public protocol, the statuses of its page: 410 if its protocol
    ended before this register began, and else 404.
    """
    found = Protocol.public.get_queryset().select_related("theme").with_parties()
    context = export_context()
    for each in found.filter(reference=reference):
        return _sent(json.record(each, context) | protocol_facts([each], context)(each), context)
    usual, gap = usual_spelling(reference)
    if usual != reference:
        return HttpResponsePermanentRedirect(reverse("protocol-json", args=[usual]))
    said = f"{gap.get_fate_display()}. {gap.note}".strip() if gap else ""
    ended = gap is not None and gap.fate == Gap.Fate.WITHDRAWN
    words = f"There is no protocol {reference} in this register. {said}".strip()
    return problem(410 if ended else 404, "There is no such protocol", {"reference": words})


def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """Send one organisation. For an old slug, redirect to today's."""
    at = Slug.objects.filter(text=slug.lower()).select_related("organisation").first()
    if at is None:
        words = f"No organisation in this register has the address {slug}."
        return problem(404, "There is no such organisation", {"slug": words})
    if at.organisation.slug != slug:
        return HttpResponsePermanentRedirect(
            reverse("organisation-json", args=[at.organisation.slug])
        )
    context, key = export_context(), at.organisation.pk
    official = Name.objects.filter(kind=Name.Kind.OFFICIAL, organisation=key)
    official = official.select_related("organisation")
    (row,) = organisation_rows(official, current_index(), on=context.on)
    facts = organisation_facts([key], with_members=True)
    return _sent(record(row, context) | facts(row.organisation), context)


def _sent(content: dict[str, Any], context: ExportContext) -> HttpResponse:
    return JsonResponse(
        content,
        json_dumps_params={"ensure_ascii": False},
        headers={"Link": link_header(context)},
    )
