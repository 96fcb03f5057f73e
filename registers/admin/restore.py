"""Put an earlier state back: preview it, ask why, and save it as a new change."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format

from registers import changes
from registers.admin.asking import PlainForm
from registers.admin.forms import reason_field
from registers.admin.permissions import PUBLISH_FIELDS, may_publish
from registers.changes.locking import lock_one
from registers.history.snapshot import Snapshot, comparable_value, field_values
from registers.models import (
    Abbreviation,
    Change,
    News,
    Option,
    Organisation,
    Protocol,
    Resource,
    SynonymSet,
    Theme,
)

RESTORABLE: set[type[models.Model]] = {
    Protocol,
    Organisation,
    Theme,
    News,
    Resource,
    SynonymSet,
    Abbreviation,
    Option,
}
ALREADY_CURRENT = "The current state is the same. Nothing was changed."


@dataclass(frozen=True, kw_only=True)
class EarlierState:
    """An earlier state of an object, and when it was recorded."""

    snapshot: Snapshot
    made_at: datetime.datetime


class RestoreForm(PlainForm):
    """The reason, and the digest of the preview that the person saw."""

    why = reason_field(label="Why do you put it back?")
    digest = forms.CharField(required=False, widget=forms.HiddenInput)


def may_restore(request: HttpRequest, thing: models.Model, snapshot: Snapshot) -> bool:
    """Return whether the user, who may change the object, may put this state back."""
    if not isinstance(thing, Protocol) or may_publish(request.user):
        return True
    # The state must not withdraw the protocol, put it back in force, or change why it ended.
    now = field_values(thing)
    return all(
        comparable_value(snapshot["fields"].get(name)) == comparable_value(now[name])
        for name in PUBLISH_FIELDS
    )


def _refuse_others(request: HttpRequest, thing: models.Model, state: EarlierState) -> None:
    """Raise PermissionDenied where the user may not put the state back."""
    if not may_restore(request, thing, state.snapshot):
        raise PermissionDenied


def restore_view(
    model_admin: Any, request: HttpRequest, thing: models.Model | None, number: int
) -> HttpResponse:
    """Preview putting a state of `thing` back, or do it.

    `number` is the key of the official change that made this state.
    """
    if not model_admin.has_change_permission(request, thing):
        raise PermissionDenied
    if thing is None:
        raise Http404
    state = _state(thing, number)
    _refuse_others(request, thing, state)
    form = RestoreForm(request.POST or None)
    refusals: list[str] = []
    history = f"admin:registers_{model_admin.opts.model_name}_history"
    if form.is_valid():
        try:
            done = _restore(request, thing, state, form)
        except ValidationError as refusal:
            refusals = list(refusal.messages)
        else:
            _message_result(model_admin, request, state, done=done)
            return redirect(history, quote(thing.pk))
    preview = changes.preview_restore(
        thing, state.snapshot, at=timezone.now(), said_at=state.made_at
    )
    context = {
        "title": "Put an earlier state back",
        "opts": model_admin.opts,
        "thing": thing,
        "state": state,
        "form": form,
        "preview": preview,
        "refusals": preview.refusals or refusals,
        "history": history,
    }
    return render(
        request,
        "admin/registers/restore.html",
        context | admin.site.each_context(request),
    )


def _restore(
    request: HttpRequest, thing: models.Model, state: EarlierState, form: RestoreForm
) -> bool:
    """Put the state back. Raises PermissionDenied if the user is no longer allowed to."""
    with transaction.atomic():
        now = lock_one(thing)
        if now:
            _refuse_others(request, now, state)
        return changes.restore(
            thing,
            state.snapshot,
            at=timezone.now(),
            by=cast(User, request.user),
            why=form.cleaned_data["why"],
            said_at=state.made_at,
            expected_digest=form.cleaned_data["digest"],
        )


def official_changes(thing: models.Model) -> models.QuerySet[Change]:
    """Return its official changes; of an organisation also those of what was merged into it."""
    if isinstance(thing, Organisation):
        return thing.changes.all()
    return Change.objects.about(type(thing), thing.pk).public()


def _state(thing: models.Model, number: int) -> EarlierState:
    """Return the state after the official change with this key. Raises Http404."""
    change = get_object_or_404(official_changes(thing), pk=number, snapshot__isnull=False)
    return EarlierState(snapshot=cast(Snapshot, change.snapshot), made_at=change.made_at)


def _message_result(
    model_admin: Any, request: HttpRequest, state: EarlierState, *, done: bool
) -> None:
    when = date_format(timezone.localtime(state.made_at), "j F Y, H:i")
    if done:
        model_admin.message_user(request, f"The state of {when} is put back.", messages.SUCCESS)
    else:
        model_admin.message_user(request, ALREADY_CURRENT, messages.WARNING)
