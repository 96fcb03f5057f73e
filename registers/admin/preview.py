"""A draft as the public will see it, for editors alone."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from registers.models import Protocol


def preview(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show a draft's public page, marked as a draft. What is public leads to its own page.

    Raises PermissionDenied for who may not see protocols in admin, and Http404.
    """
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    protocol: Protocol | None = model_admin.get_object(request, unquote(object_id))
    if protocol is None:
        raise Http404
    if protocol.status != Protocol.Status.DRAFT:
        return redirect(protocol)
    today = timezone.localdate()
    # A draft has no reviews, and nothing public names it: all that is left out is empty.
    context = {
        "protocol": protocol,
        "on": today,
        "today": today,
        "documents": protocol.documents.listed(),
        "replaced_by": Protocol.public.filter(replaces=protocol),
        "comes_under": Protocol.public.filter(covers=protocol),
        "signed": any(party.signed_on for party in protocol.all_parties),
    }
    response = render(request, "protocols/preview.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
