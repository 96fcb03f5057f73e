"""Likely duplicates, and merging two organisations: a form, a preview, and the merge.

The values travel in the form. Nothing is stored between the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import (
    AdminRadioSelect,
    AdminTextInputWidget,
    AutocompleteSelect,
)
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from registers import changes
from registers.admin.asking import ticks
from registers.admin.base import RecordedAdmin
from registers.admin.forms import add_refusal, reason_field
from registers.admin.history import object_or_404
from registers.admin.merging.preview import (
    CHANGED_SINCE,
    REASON_HELP,
    PlanForm,
    do_as_previewed,
    redirect_with_success,
    render_page,
    require_merge_permission,
    sections,
)
from registers.admin.merging.split import split_page
from registers.changes.merge import ITSELF, KINDS_OF_NAME
from registers.models import Apart, Name, Organisation, Party, Protocol
from registers.models.keys import slug_of
from registers.search.duplicates import likely_duplicates
from registers.search.index import current_index

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
    organisations, index = Organisation.objects.in_bulk(keys), current_index()
    in_force = index.in_status(Protocol.Status.PUBLISHED)
    counts = {key: int((index.of_organisations([key]) & in_force).sum()) for key in keys}
    return [
        Suggestion(
            one=organisations[each.one],
            other=organisations[each.other],
            reason=each.reason,
            names=each.names,
            counts=(counts[each.one], counts[each.other]),
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


ORGANISATION: Any = Party._meta.get_field("organisation")
THIS, OTHER = "this", "other"
MAX_NAME_LENGTH = 255
UNKNOWN_NAME = "No organisation in this register has the name ‘{}’."


class MergeForm(PlanForm):
    """Another organisation, and which of the two stays."""

    other = forms.ModelChoiceField(
        Organisation.objects.all(),
        label="The other organisation",
        required=False,
        widget=AutocompleteSelect(ORGANISATION, admin.site),
        help_text="Search by any of its names.",
        error_messages={"invalid_choice": "This organisation is no longer in the register."},
    )
    # For a browser without JavaScript, in which the field above offers nothing.
    other_name = forms.CharField(
        label="Or enter any of its names",
        required=False,
        max_length=MAX_NAME_LENGTH,
        widget=AdminTextInputWidget,
    )
    stays = forms.ChoiceField(
        label="Which one stays?",
        initial=THIS,
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
        help_text="It keeps its official name and address. The other’s addresses redirect to it.",
    )
    kind_of_name = forms.ChoiceField(
        label="The other’s official name becomes",
        choices=[(kind.value, kind.label) for kind in KINDS_OF_NAME],
        initial=Name.Kind.ALIAS,
        help_text="People can still search for it.",
    )
    why = reason_field(REASON_HELP)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        choices = [(THIS, f"{organisation} stays"), (OTHER, "The other one stays")]
        self.fields["stays"].choices = choices  # type: ignore[attr-defined]  # this kind of field's

    def clean(self) -> dict[str, Any]:
        """Find the other organisation. Refuse an unknown name, and this organisation itself."""
        cleaned = super().clean() or {}
        name = cleaned.get("other_name", "")
        if name and not cleaned.get("other"):
            found = Organisation.objects.named(name) or Organisation.objects.at(slug_of(name))
            cleaned["other"] = found.first()
            if not cleaned["other"]:
                self.add_error("other_name", UNKNOWN_NAME.format(name))
        elif not cleaned.get("other") and "other" not in self.errors:
            self.add_error("other", "Select the other organisation.")
        if cleaned.get("other") == self.organisation:
            self.add_error("other", ITSELF)
        return cleaned

    def stays_and_goes(self) -> tuple[Organisation, Organisation]:
        """Return the one that stays and the one that goes. The form must be valid."""
        other = self.cleaned_data["other"]
        if self.cleaned_data["stays"] == THIS:
            return self.organisation, other
        return other, self.organisation


class MergeableAdmin(RecordedAdmin):
    """An admin of organisations that can be merged and split."""

    def get_urls(self) -> list[Any]:
        """Add the pages for likely duplicates, merging and splitting."""
        return [
            path(
                "duplicates/",
                admin.site.admin_view(self.duplicates_view),
                name="registers_organisation_duplicates",
            ),
            path(
                "<path:object_id>/merge/",
                admin.site.admin_view(self.merge_view),
                name="registers_organisation_merge",
            ),
            path(
                "<path:object_id>/split/",
                admin.site.admin_view(self.split_view),
                name="registers_organisation_split",
            ),
            *super().get_urls(),
        ]

    def duplicates_view(self, request: HttpRequest) -> HttpResponse:
        """Show likely duplicates, or save that two organisations are different."""
        require_merge_permission(request)
        return duplicates_page(request)

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form of a merge, its preview, or merge."""
        require_merge_permission(request)
        return merge_page(request, object_or_404(self, request, object_id))

    def split_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the forms of a split, its preview, or split."""
        require_merge_permission(request)
        return split_page(request, object_or_404(self, request, object_id))


def merge_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Show the form or the preview, or merge, as the pressed button says."""
    if request.method != "POST":
        other = request.GET.get("other", "")
        initial = {"other": int(other)} if other.isdecimal() and len(other) < 10 else {}  # noqa: PLR2004 (digits of a key)
        return _form_page(request, MergeForm(organisation=organisation, initial=initial))
    form = MergeForm(request.POST, organisation=organisation)
    if "_write" in request.POST:
        typed = {name: request.POST[name] for name in form.fields if name in request.POST}
        return _form_page(request, MergeForm(organisation=organisation, initial=typed))
    if not form.is_valid():
        return _form_page(request, form)
    try:
        if "_merge" in request.POST and (done := _merge(request, form)):
            return done
        return _preview_page(request, form)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return _form_page(request, form)


def _merge(request: HttpRequest, form: MergeForm) -> HttpResponse | None:
    """Merge them as previewed. Return None if it would now do something else."""
    stays, goes = form.stays_and_goes()
    values = {name: form.cleaned_data[name] for name in ("kind_of_name", "why")}
    if not do_as_previewed(request, changes.merge, stays, goes, **values):
        messages.warning(request, CHANGED_SINCE)
        return None
    message = "{} was merged with {}. {link}."
    return redirect_with_success(request, stays, message, goes.name, stays.name)


def _form_page(request: HttpRequest, form: MergeForm) -> HttpResponse:
    return render_page(
        request,
        "merge",
        form.organisation,
        title="Merge with another",
        adminform=form.as_admin_form(),
    )


def _preview_page(request: HttpRequest, form: MergeForm) -> HttpResponse:
    """Show what the merge would do. Raises ValidationError where it cannot be done."""
    stays, goes = form.stays_and_goes()
    plan = changes.plan_merge(stays, goes, kind_of_name=form.cleaned_data["kind_of_name"])
    hidden_fields = {
        "other": form.cleaned_data["other"].pk,
        "stays": form.cleaned_data["stays"],
        "kind_of_name": form.cleaned_data["kind_of_name"],
        "why": form.cleaned_data["why"],
        "digest": plan.digest,
        **ticks(request.POST),
    }
    return render_page(
        request,
        "merge_preview",
        form.organisation,
        title="What will happen",
        plan=plan,
        sections=sections(plan.steps, plan=plan),
        hidden_fields=hidden_fields,
    )
