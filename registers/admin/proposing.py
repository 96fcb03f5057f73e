"""A save of what is published, by somebody who may not change it at once: it becomes a proposal."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from registers.admin.permissions import may_publish
from registers.changes import no_orphans
from registers.changes.proposal import PROPOSABLE, propose
from registers.changes.transaction import dry_run
from registers.models import Proposal, Protocol

PROPOSED = "Your change is proposed. Nothing public has changed: a Publisher decides about it."
NOTHING = "Nothing was proposed, because what you typed is stored already."


def changes_at_once(user: Any) -> bool:
    """Return whether what the user saves of a published record is public at once."""
    return may_publish(user) and not settings.SECOND_PAIR_OF_EYES


def is_published(thing: models.Model | None) -> bool:
    """Return whether a change of `thing` needs a Publisher."""
    status = getattr(thing, "status", Protocol.Status.PUBLISHED)
    return isinstance(thing, PROPOSABLE) and status != Protocol.Status.DRAFT


def waiting_for(user: Any) -> models.QuerySet[Proposal]:
    """Return the proposals that wait for this user: to decide, or to be written anew."""
    if not may_publish(user):
        return Proposal.objects.filter(status=Proposal.Status.RETURNED, by=user.pk)
    waiting = Proposal.objects.waiting()
    return waiting if changes_at_once(user) else waiting.exclude(by=user.pk)


def propose_instead(request: HttpRequest, save: Callable[[], HttpResponse]) -> HttpResponse:
    """Let `save` respond, and keep what it saved as a proposal only.

    Its response is returned where it saved nothing, as with an error on its form.
    """
    by = cast(User, request.user)
    with no_orphans():
        with dry_run() as states:
            response = save()
        if not states:
            if response.status_code == HTTPStatus.FOUND:
                _forget_messages(request)
                messages.info(request, NOTHING)
            return response
        if not all(before and after for before, after in states.values()):
            raise PermissionDenied
        why = request.POST.get("why", "")
        proposals = propose(states, at=timezone.now(), by=by, why=why)
    _forget_messages(request)
    if not proposals:
        messages.info(request, NOTHING)
        return response
    messages.success(request, PROPOSED)
    return redirect("admin:registers_proposal_change", proposals[0].pk)


def _forget_messages(request: HttpRequest) -> None:
    """Remove what was said of a save that was rolled back: whoever reads messages uses them up."""
    list(messages.get_messages(request))
