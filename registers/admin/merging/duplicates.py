"""Likely duplicates: organisations with similar names, to merge or to mark as different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from registers import changes
from registers.admin.merging.preview import render_page
from registers.models import Apart, Organisation
from registers.search.duplicates import likely_duplicates
from registers.search.index_loader import index_now
from registers.search.organisations import current_counts

PAIRS_PER_PAGE = 50
URL_NAME = "admin:registers_organisation_duplicates"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Two organisations that may be the same, why, and the number of protocols of each."""

    one: Organisation
    other: Organisation
    reason: str
    names: tuple[str, str]
    counts: tuple[int, int]


class PairForm(forms.Form):
    """Two organisations by their keys."""

    one = forms.ModelChoiceField(Organisation.objects.all())
    other = forms.ModelChoiceField(Organisation.objects.all())


def duplicates_page(request: HttpRequest) -> HttpResponse:
    """Show suggested and dismissed pairs, or save a decision about a pair."""
    if request.method == "POST":
        _save_decision(request)
        return redirect(URL_NAME)
    pages = Paginator(likely_duplicates(), PAIRS_PER_PAGE)
    shown = pages.get_page(request.GET.get("page"))
    return render_page(
        request,
        "duplicates",
        title="Likely duplicates",
        page=shown,
        suggestions=_suggestions(list(shown)),
        dismissed=Apart.objects.select_related("one", "other").order_by("one__name", "pk"),
    )


def _suggestions(likely: list[Any]) -> list[Suggestion]:
    keys = {key for each in likely for key in (each.one, each.other)}
    organisations, counts = Organisation.objects.in_bulk(keys), current_counts(index_now())
    return [
        Suggestion(
            one=organisations[each.one],
            other=organisations[each.other],
            reason=each.reason,
            names=each.names,
            counts=(counts.get(each.one, 0), counts.get(each.other, 0)),
        )
        for each in likely
    ]


def _save_decision(request: HttpRequest) -> None:
    """Save that two organisations are different, or remove that; add a message."""
    form = PairForm(request.POST)
    if not form.is_valid():
        messages.error(request, "One of these organisations is no longer in this register.")
        return
    one, other = form.cleaned_data["one"], form.cleaned_data["other"]
    if "_again" in request.POST:
        for pair in Apart.objects.filter(one=one, other=other):
            changes.unmark_not_duplicate(pair)
        messages.success(request, f"{one} and {other} can be suggested again.")
        return
    try:
        changes.mark_not_duplicate(one, other)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return
    messages.success(
        request, f"{one} and {other} are marked as different and will not be suggested again."
    )
