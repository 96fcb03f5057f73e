"""The page behind a preview link: a draft or a proposal, for partners without an account.

It is never stored: not in the page cache, by proxies, search engines or browsers.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from registers.changes.preview_link import LINK_DAYS, LinkState, Preview, preview_for_token
from registers.changes.proposal_view import ProposalView, model_of
from registers.history.as_of import made_from
from registers.history.diff import differences
from registers.models import Proposal, Protocol
from registers.models.abbreviations import abbreviations_in
from registers.public.answers import never_stored

HEADINGS = {
    LinkState.INVALID: "This link is not valid",
    LinkState.EXPIRED: "This link has expired",
    LinkState.CHANGED: "This has changed since the link was made",
    LinkState.ENDED: "There is nothing to preview any more",
}


@never_stored
def preview(request: HttpRequest) -> HttpResponse:
    """Show what the link in the query string is about, or why it cannot be shown (4xx)."""
    found = preview_for_token(request.GET.get("link", ""))
    if found.state != LinkState.OPEN:
        heading = HEADINGS[found.state]
        context = {"state": found.state, "heading": heading, "link_days": LINK_DAYS}
        is_known = found.state != LinkState.INVALID
        status = HTTPStatus.GONE if is_known else HTTPStatus.NOT_FOUND
        return render(request, "previews/closed.html", context, status=status)
    if found.draft:
        return render(request, "previews/protocol.html", _page_of(found.draft, found))
    return _proposal(request, found)


def _proposal(request: HttpRequest, found: Preview) -> HttpResponse:
    """Show how the record would change and, of a protocol, its page as it would be."""
    proposal, view = cast(Proposal, found.proposal), cast(ProposalView, found.view)
    model, wanted = model_of(proposal), found.snapshot
    context: dict[str, Any] = {
        "about": proposal.about,
        "differences": differences(model, view.comparison.stored, wanted),
        "when": proposal.proposed_at,
    }
    if model is not Protocol:
        return render(request, "previews/proposal.html", context)
    names: dict[Any, str] = {}
    protocol = made_from(wanted, themes=names, organisations=names)
    return render(request, "previews/protocol.html", context | _page_of(protocol, found))


def _page_of(protocol: Protocol, found: Preview) -> dict[str, Any]:
    """Return what the page shows of a protocol. What others say of it is left out."""
    today = timezone.localdate()
    papers = found.snapshot["parts"]["documents"] if found.view else protocol.documents.listed()
    return {
        "protocol": protocol,
        "proposal": found.proposal,
        "on": today,
        "today": today,
        "documents": papers,
        "abbreviations": abbreviations_in(protocol.all_words),
        "replaced_by": [],
    }
