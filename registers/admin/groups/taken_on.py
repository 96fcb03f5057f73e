"""Split organisations, and who took their protocols on: decided one by one, or many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from registers import changes
from registers.admin.forms import reason_field
from registers.admin.merging.preview import PlanForm, render_page
from registers.admin.permissions import may_publish
from registers.changes.locking import plan_digest
from registers.models import Organisation, Protocol, Succession, TakenOn
from registers.search.index import Index, Mask, current_index
from registers.search.splits import Split, find_splits, undecided_count

PER_PAGE = 100
NOT_SPLIT = "{organisation} has fewer than two successors, so there is nothing to decide."
NONE_SELECTED = "Select at least one protocol in the list."
NOT_IN_LIST = "This list changed after you opened it. Nothing was saved: select again."
NO_SUCCESSOR = "Select at least one successor."


class DecisionFilter(models.TextChoices):
    """Which protocols of a split organisation the list shows."""

    UNDECIDED = "undecided", "Undecided"
    DECIDED = "decided", "Decided"
    ALL = "all", "All in force"


def may_see(request: HttpRequest) -> bool:
    """Return whether the user may see who took protocols on."""
    return request.user.has_perm("registers.view_takenon")


def may_decide(request: HttpRequest) -> bool:
    """Return whether the user may record who took protocols on."""
    rights = ("view_takenon", "add_takenon", "delete_takenon", "change_protocol")
    user = request.user
    return may_publish(user) and all(user.has_perm(f"registers.{right}") for right in rights)


@dataclass(frozen=True, kw_only=True)
class SplitLine:
    """One split organisation of the list, with its successors in words."""

    organisation: Organisation
    successions: list[Succession]
    split: Split
    is_past: bool


def splits_page(request: HttpRequest) -> HttpResponse:
    """Show the organisations that were split, or will be, with how many are undecided."""
    if not may_see(request):
        raise PermissionDenied
    index, today = current_index(), timezone.localdate()
    found = find_splits(index, today)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    keys = [each.organisation for each in page]
    successions = models.Prefetch("successions", Succession.objects.select_related("successor"))
    organisations = Organisation.objects.prefetch_related(successions).in_bulk(keys)
    return render_page(
        request,
        "splits",
        title="Split organisations",
        page=page,
        lines=[
            SplitLine(
                organisation=organisations[each.organisation],
                successions=list(organisations[each.organisation].successions.all()),
                split=each,
                is_past=each.is_past(today),
            )
            for each in page
        ],
        undecided=undecided_count(index, today),
    )


class DecisionForm(PlanForm):
    """Who took the selected protocols on."""

    references = forms.MultipleChoiceField(required=False, widget=forms.MultipleHiddenInput)
    every = forms.BooleanField(required=False)
    # Of the list, where all of it is meant and not only the page.
    digest = forms.CharField(required=False, widget=forms.HiddenInput)
    successors = forms.ModelMultipleChoiceField(
        Organisation.objects.none(),
        label="Taken on by",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "radiolist"}),
        error_messages={"invalid_choice": "Select successors of this organisation."},
    )
    why = reason_field("Public, and optional. The changes page of each protocol shows it.")

    def __init__(
        self, *args: Any, organisation: Organisation, listed: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.listed = listed
        successors = Organisation.objects.filter(predecessions__organisation=organisation)
        self.fields["successors"].queryset = successors  # type: ignore[attr-defined]  # this kind of field's
        self.fields["references"].choices = [(each, each) for each in listed]  # type: ignore[attr-defined]  # this kind of field's
        self.fields["references"].error_messages["invalid_choice"] = NOT_IN_LIST

    def clean(self) -> dict[str, Any]:
        """Find the protocols that are meant. Refuse none, and a list that is another one now."""
        cleaned = super().clean() or {}
        if cleaned.get("every"):
            cleaned["references"] = self.listed
            if cleaned.get("digest") != plan_digest(self.listed):
                self.add_error(None, NOT_IN_LIST)
        elif not cleaned.get("references") and "references" not in self.errors:
            self.add_error("references", NONE_SELECTED)
        if "_record" in self.data and not cleaned.get("successors"):
            self.add_error("successors", NO_SUCCESSOR)
        return cleaned


def taken_on_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Show the protocols of a split organisation, or record who took the selected ones on."""
    if not may_see(request):
        raise PermissionDenied
    index = current_index()
    splits = find_splits(index, timezone.localdate(), of=organisation.pk)
    if not splits:
        messages.error(request, NOT_SPLIT.format(organisation=organisation))
        return redirect("admin:registers_organisation_change", organisation.pk)
    (split,) = splits
    asked = request.GET.get("show", "")
    shown = DecisionFilter(asked if asked in DecisionFilter.values else "undecided")
    masks = {
        DecisionFilter.UNDECIDED: split.undecided,
        DecisionFilter.DECIDED: split.protocols & ~split.undecided,
        DecisionFilter.ALL: split.protocols,
    }
    listed = _references(index, masks[shown])
    form = DecisionForm(
        request.POST if request.method == "POST" else None,
        organisation=organisation,
        listed=listed,
    )
    if request.method == "POST":
        if not may_decide(request):
            raise PermissionDenied
        if form.is_valid() and (done := _record(request, organisation, form)):
            return done
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    fieldsets: Any = [("With the selected protocols", {"fields": ("successors", "why")})]
    return render_page(
        request,
        "taken_on",
        organisation,
        title=f"Who took on the protocols of {organisation}",
        split=split,
        is_past=split.is_past(timezone.localdate()),
        form=form,
        adminform=form.as_admin_form(fieldsets),
        shown=shown,
        choices=[(each, int(mask.sum())) for each, mask in masks.items()],
        page=page,
        lines=_lines(list(page), organisation),
        digest=plan_digest(listed),
        may_decide=may_decide(request),
    )


def _references(index: Index, mask: Mask) -> list[str]:
    """Return the references of a mask, in order."""
    positions = np.flatnonzero(mask)
    ordered = positions[np.argsort(index.reference_ranks[positions])]
    return index.references.at(ordered.tolist())


def _lines(
    references: list[str], organisation: Organisation
) -> list[tuple[Protocol, list[Organisation]]]:
    """Return the protocols with the successors that took each on."""
    decided: dict[str, list[Organisation]] = {}
    rows = TakenOn.objects.in_force().filter(predecessor=organisation, protocol__in=references)
    for row in rows.select_related("successor"):
        decided.setdefault(row.protocol_id, []).append(row.successor)
    protocols = Protocol.objects.in_bulk(references)
    return [(protocols[each], decided.get(each, [])) for each in references]


def _record(
    request: HttpRequest, organisation: Organisation, form: DecisionForm
) -> HttpResponse | None:
    """Record it, with no successors to undo a decision. Return None if it is refused."""
    successors = list(form.cleaned_data["successors"]) if "_record" in request.POST else []
    try:
        number = changes.record_taken_on(
            organisation,
            form.cleaned_data["references"],
            successors,
            at=timezone.now(),
            by=cast(User, request.user),
            why=form.cleaned_data["why"],
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None
    words = f"{number:,} protocol{'' if number == 1 else 's'}"
    who = " and ".join(str(each) for each in successors)
    did = f"recorded as taken on by {who}" if successors else "undecided again"
    messages.success(request, f"{words} {'is' if number == 1 else 'are'} {did}.")
    return redirect(request.get_full_path())
