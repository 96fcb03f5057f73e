"""Putting an earlier state back: shown beforehand, asked why, and done as a new change."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format

from registers import changes
from registers.admin.permissions import GUARDED, may_publish
from registers.changes.locking import lock_for_update
from registers.history.backfill import SUBJECTS
from registers.history.snapshot import Snapshot, comparable_value, field_values
from registers.models import Change, News, Protocol, Resource, Theme

# Of these no change keeps a record, but simple-history has every state.
PAGES: set[type[models.Model]] = {Theme, News, Resource}
NOTHING = "It says all of this already. Nothing was changed."


@dataclass(frozen=True, kw_only=True)
class State:
    """An earlier state of a thing, and when it was made official."""

    record: Snapshot
    made_at: datetime.datetime


class RestoringForm(forms.Form):
    """Why the state is put back, and what the person was shown."""

    why = forms.CharField(
        label="Why is it put back?",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Public, and optional. It is kept beside what changed.",
    )
    promised = forms.CharField(required=False, widget=forms.HiddenInput)


def may_restore(request: HttpRequest, thing: models.Model, record: Snapshot) -> bool:
    """Say whether this person may put this state back, who may change the thing."""
    if not isinstance(thing, Protocol) or may_publish(request.user):
        return True
    # Else it would withdraw the protocol, put it back in force, or say otherwise why it ended.
    now = field_values(thing)
    return all(
        comparable_value(record["fields"].get(name)) == comparable_value(now[name])
        for name in GUARDED
    )


def restore_view(
    door: Any, request: HttpRequest, thing: models.Model | None, number: int
) -> HttpResponse:
    """Show what putting a state of `thing` back would do, or do it.

    `door` is its admin; `number` the key of the change after which it said so,
    or of the save.
    """
    if not door.has_change_permission(request, thing):
        raise PermissionDenied
    if thing is None:
        raise Http404
    state = _state(thing, number)
    if not may_restore(request, thing, state.record):
        raise PermissionDenied
    form = RestoringForm(request.POST or None)
    refusals: list[str] = []
    history = f"admin:registers_{door.opts.model_name}_history"
    if form.is_valid():
        try:
            done = _put_back(request, thing, state, form)
        except ValidationError as refusal:
            refusals = list(refusal.messages)
        else:
            _tell(door, request, state, done=done)
            return redirect(history, thing.pk)
    foreseen = changes.preview_restore(
        thing, state.record, at=timezone.now(), said_at=state.made_at
    )
    context = {
        "title": "Put an earlier state back",
        "opts": door.opts,
        "thing": thing,
        "state": state,
        "form": form,
        "foreseen": foreseen,
        "refusals": foreseen.refusals or refusals,
        "history": history,
    }
    return render(
        request,
        "admin/registers/restore.html",
        context | admin.site.each_context(request),
    )


def _put_back(request: HttpRequest, thing: models.Model, state: State, form: RestoringForm) -> bool:
    """Put the state back. Raises PermissionDenied where by now this person may not any more."""
    with transaction.atomic():
        lock_for_update(thing, [])
        now = type(thing)._default_manager.filter(pk=thing.pk).first()
        if now and not may_restore(request, now, state.record):
            raise PermissionDenied
        return changes.restore(
            thing,
            state.record,
            at=timezone.now(),
            by=cast(User, request.user),
            why=form.cleaned_data["why"],
            said_at=state.made_at,
            expected_digest=form.cleaned_data["promised"],
        )


def _state(thing: Any, number: int) -> State:
    """Return the state that is meant. Raises Http404."""
    if subject := SUBJECTS.get(type(thing)):
        change = Change.objects.filter(pk=number, **{subject: thing.pk}).first()
        if change is None or change.record is None:
            raise Http404
        return State(record=change.record, made_at=change.made_at)
    row = thing.history.filter(history_id=number).first()
    if row is None:
        raise Http404
    return State(
        record={"fields": field_values(row.instance), "parts": {}}, made_at=row.history_date
    )


def _tell(door: Any, request: HttpRequest, state: State, *, done: bool) -> None:
    when = date_format(timezone.localtime(state.made_at), "j F Y, H:i")
    if done:
        door.message_user(request, f"The state of {when} is put back.", messages.SUCCESS)
    else:
        door.message_user(request, NOTHING, messages.WARNING)
