"""A save of what is published, by somebody who may not change it at once: it becomes a proposal."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from registers.admin.permissions import may_publish
from registers.changes import no_orphans, record_change, save
from registers.changes.propose import PROPOSABLE, propose
from registers.changes.transaction import States, dry_run
from registers.models import Organisation, Proposal, Protocol
from registers.models.proposal import ProposalQuerySet

ADDED = "‘{}’ is a new organisation, and was added."
PROPOSED = "Your change is proposed. Nothing public has changed: a Publisher decides about it."
NOTHING = "Nothing was proposed, because what you typed is stored already."


def changes_at_once(user: Any) -> bool:
    """Return whether what the user saves of a published record is public at once."""
    return may_publish(user) and not settings.SECOND_PAIR_OF_EYES


def is_published(thing: models.Model | None) -> bool:
    """Return whether a change of `thing` needs a Publisher."""
    status = getattr(thing, "status", Protocol.Status.PUBLISHED)
    return isinstance(thing, PROPOSABLE) and status != Protocol.Status.DRAFT


def seen_by(user: Any) -> ProposalQuerySet:
    """Return the proposals about what this user may see in admin."""
    names = [model._meta.model_name for model in PROPOSABLE]
    seen = [
        each
        for each in names
        if any(user.has_perm(f"registers.{verb}_{each}") for verb in ("view", "change"))
    ]
    # A suggestion may be about no record.
    return Proposal.objects.filter(subject_type__in=[*seen, ""] if seen else [])


def waiting_for(user: Any) -> ProposalQuerySet:
    """Return the proposals that wait for this user: to decide, or to be written anew."""
    seen = seen_by(user)
    if not may_publish(user):
        return seen.filter(status=Proposal.Status.RETURNED, by=user.pk)
    waiting = seen.waiting()
    return waiting if changes_at_once(user) else waiting.exclude(by=user.pk)


def propose_instead(request: HttpRequest, respond: Callable[[], HttpResponse]) -> HttpResponse:
    """Let `respond` save, and keep what it saved as a proposal only.

    Its response is returned where it leads nowhere, so that nothing was saved, as with an
    error on its form, or where what it saved differs in nothing from what is stored.
    """
    how: dict[str, Any] = {"at": timezone.now(), "by": cast(User, request.user)}
    how["why"] = request.POST.get("why", "")
    with no_orphans(), transaction.atomic():
        with dry_run() as states:
            response = respond()
        if response.status_code != HTTPStatus.FOUND:
            return response
        try:
            added = _add_organisations(states, **how)
            if not all(before and after for before, after in states.values()):
                raise PermissionDenied
            is_correction = "is_correction" in request.POST
            proposals = propose(states, **how, is_correction=is_correction)
        except ValidationError as refusal:  # of a reason that the page did not ask for
            transaction.set_rollback(True)
            forget_success(request)
            messages.error(request, " ".join(refusal.messages))
            return redirect(request.get_full_path())
    was_saved = forget_success(request)
    if proposals:
        messages.success(request, " ".join([PROPOSED, *map(ADDED.format, added)]))
        return redirect("admin:registers_proposal_change", proposals[0].pk)
    if was_saved:
        messages.info(request, NOTHING)
    return response


def _add_organisations(states: States, **how: Any) -> list[Organisation]:
    """Add what a dry run has added, as is done at once, and take it out of `states`.

    It gets the same keys, by which the rest of the proposal names it.
    """
    added = []
    for (model, key), (before, after) in list(states.items()):
        if model is Organisation and before is None and after:
            fields = after["fields"]
            organisation = Organisation(pk=key, name=fields["name"], kind=fields["kind"])
            with record_change(organisation, **how):
                save(organisation)
            added.append(organisation)
            del states[model, key]
    return added


def forget_success(request: HttpRequest) -> bool:
    """Remove the messages that something was saved, and return whether there were any."""
    said = list(messages.get_messages(request))  # which uses them up
    others = [each for each in said if each.level != messages.SUCCESS]
    for each in others:
        messages.add_message(request, each.level, each.message, each.extra_tags or "")
    return len(others) < len(said)
