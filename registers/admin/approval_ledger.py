"""The ledger of approvals: for an organisation, each protocol that it takes part in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from registers.models import ApprovalRequest, Organisation, Party, Protocol

PER_PAGE = 100


class Show(models.TextChoices):
    """Which lines of the ledger are shown."""

    ALL = "all", "All"
    MISSING = "missing", "Not approved"
    APPROVED = "approved", "Approved"


def parts_of(organisation: Organisation) -> models.QuerySet[Party]:
    """Return its parts in protocols in force, each with `is_approved`, what is not approved first.

    An approval counts for the version that the protocol has now. One of which the day alone is
    recorded counts too, as on the public page.
    """
    same = models.Q(approval_source="") | models.Q(approved_version=models.F("protocol__version"))
    approved = models.Q(signed_on__isnull=False) & same
    parts = Party.objects.filter(
        organisation=organisation, protocol__status=Protocol.Status.PUBLISHED
    )
    return (
        parts.annotate(is_approved=models.Case(models.When(approved, then=True), default=False))
        .select_related("protocol", "approval_paper")
        .order_by("is_approved", "protocol__reference_key", "pk")
    )


def approval_ledger(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Show an organisation's ledger, or that of one job title that approves for it."""
    parts = parts_of(organisation)
    titles = parts.exclude(approved_by="").order_by("approved_by").values_list("approved_by")
    by_title: list[tuple[str, int]] = list(titles.annotate(number=models.Count("pk")))
    title = request.GET.get("job_title", "")
    if title:
        parts = parts.filter(approved_by=title)
    approved = parts.filter(is_approved=True)  # type: ignore[misc] # annotated
    lists = {
        Show.ALL: parts,
        Show.MISSING: parts.filter(is_approved=False),  # type: ignore[misc] # annotated
        Show.APPROVED: approved,
    }
    asked = request.GET.get("show", "")
    shown = Show(asked) if asked in Show.values else Show.ALL
    page = Paginator(lists[shown], PER_PAGE).get_page(request.GET.get("page"))
    requests = _requests(organisation, [party.protocol_id for party in page])
    context = admin.site.each_context(request) | {
        "opts": Organisation._meta,
        "title": "Approvals",
        "original": organisation,
        "organisation": organisation,
        "choices": [(choice, each.count()) for choice, each in lists.items()],
        "shown": shown,
        "job_titles": by_title,
        "job_title": title,
        "page": page,
        "lines": [(party, requests.get(party.protocol_id)) for party in page],
        "on": timezone.localdate(),
    }
    return render(request, "admin/registers/organisation/approvals.html", context)


def _requests(organisation: Organisation, references: list[str]) -> dict[str, Any]:
    """Return the last request about each of these protocols."""
    requests = ApprovalRequest.objects.filter(
        organisation=organisation, protocol__in=references
    ).order_by("asked_at", "pk")
    return {each.protocol_id: each for each in requests}
