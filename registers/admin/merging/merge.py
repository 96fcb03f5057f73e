"""Merging two organisations: written on a form, shown beforehand, then done.

What was written travels in the form. Nothing is kept between the pages.
"""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import (
    AdminRadioSelect,
    AdminTextareaWidget,
    AdminTextInputWidget,
    AutocompleteSelect,
)
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify

from registers import changes
from registers.admin.base import ModelForm, RecordedAdmin, errors_by_field
from registers.admin.merging.duplicates import duplicates_page
from registers.admin.merging.preview import CHANGED_SINCE, page, refuse_who_may_not, sections
from registers.admin.merging.split import split_page
from registers.changes.merge import ITSELF, KINDS_OF_NAME
from registers.models import Name, Organisation, Party

ORGANISATION: Any = Party._meta.get_field("organisation")
THIS, OTHER = "this", "other"
BOXES = ("other", "stays", "kind_of_name", "why")
LONGEST = 255
UNKNOWN = "No organisation in this register has the name ‘{}’."


class MergeForm(forms.Form):
    """Another organisation, and which of the two stays."""

    other = forms.ModelChoiceField(
        Organisation.objects.all(),
        label="The other organisation",
        required=False,
        widget=AutocompleteSelect(ORGANISATION, admin.site),
        help_text="Any of its names finds it.",
        error_messages={"invalid_choice": "This organisation is not in the register any more."},
    )
    # For a browser without scripts, in which the box above offers nothing.
    other_name = forms.CharField(
        label="Or write any of its names",
        required=False,
        max_length=LONGEST,
        widget=AdminTextInputWidget,
    )
    stays = forms.ChoiceField(
        label="Which one stays",
        initial=THIS,
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
        help_text="It keeps its official name and its address. The other’s lead to it.",
    )
    kind_of_name = forms.ChoiceField(
        label="The other’s official name becomes",
        choices=[(kind.value, kind.label) for kind in KINDS_OF_NAME],
        initial=Name.Kind.ALIAS,
        help_text="It stays findable, whichever it becomes.",
    )
    why = forms.CharField(
        label="Why this change?",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Public, and optional. The changes page of every protocol concerned says it.",
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        choices = [(THIS, f"{organisation} stays"), (OTHER, "The other one stays")]
        self.fields["stays"].choices = choices  # type: ignore[attr-defined]  # this kind of field's

    def clean(self) -> dict[str, Any]:
        """Find the other organisation. One that is none, or this one, is refused beside its box."""
        cleaned = super().clean() or {}
        name = cleaned.get("other_name", "")
        if name and not cleaned.get("other"):
            found = Organisation.objects.named(name) or Organisation.objects.at(slugify(name))
            cleaned["other"] = found.first()
            if not cleaned["other"]:
                self.add_error("other_name", UNKNOWN.format(name))
        elif not cleaned.get("other") and "other" not in self.errors:
            self.add_error("other", "Choose the other organisation.")
        if cleaned.get("other") == self.organisation:
            self.add_error("other", ITSELF)
        return cleaned

    def both(self) -> tuple[Organisation, Organisation]:
        """Return the one that stays and the one that goes, once the form is valid."""
        other = self.cleaned_data["other"]
        if self.cleaned_data["stays"] == THIS:
            return self.organisation, other
        return other, self.organisation

    def refuse(self, refusal: ValidationError) -> None:
        """Say why the two cannot be merged, beside the box where there is one."""
        for field, errors in errors_by_field(refusal).items():
            self.add_error(field if field in self.fields else None, errors)

    def in_admin(self) -> AdminForm:
        """Return the form as the templates of Django's admin show one."""
        boxes: Any = [(None, {"fields": ("other", "other_name", "stays", "kind_of_name", "why")})]
        return AdminForm(cast(ModelForm, self), boxes, {})


class MergingAdmin(RecordedAdmin):
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
        """Show which organisations may be the same, or keep that two are not."""
        refuse_who_may_not(request)
        return duplicates_page(request)

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead from what was written, over what will happen, to the merge."""
        refuse_who_may_not(request)
        return merge_page(request, self._organisation(request, object_id))

    def split_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead from a name, over what will happen, to an organisation of its own."""
        refuse_who_may_not(request)
        return split_page(request, self._organisation(request, object_id))

    def _organisation(self, request: HttpRequest, object_id: str) -> Organisation:
        organisation: Organisation | None = self.get_object(request, unquote(object_id))
        if organisation is None:
            raise Http404
        return organisation


def merge_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Show the form, or what will happen, or merge; the button that was pressed says which."""
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
        return _forecast_page(request, form)
    except ValidationError as refusal:
        form.refuse(refusal)
        return _form_page(request, form)


def _merge(request: HttpRequest, form: MergeForm) -> HttpResponse | None:
    """Merge them as was shown. None if something else would happen by now."""
    stays, goes = form.both()
    try:
        changes.merge(
            stays,
            goes,
            kind_of_name=form.cleaned_data["kind_of_name"],
            why=form.cleaned_data["why"],
            at=timezone.now(),
            by=cast(User, request.user),
            expected_digest=request.POST.get("promised", ""),
        )
    except ValidationError:
        messages.warning(request, CHANGED_SINCE)
        return None
    said = format_html(
        '{} was merged with {}. <a href="{}">See its public page</a>.',
        goes.name,
        stays.name,
        stays.get_absolute_url(),
    )
    messages.success(request, said)
    return redirect("admin:registers_organisation_change", stays.pk)


def _form_page(request: HttpRequest, form: MergeForm) -> HttpResponse:
    return page(
        request,
        "merge",
        form.organisation,
        title="Merge with another",
        adminform=form.in_admin(),
    )


def _forecast_page(request: HttpRequest, form: MergeForm) -> HttpResponse:
    """Show what merging them would do. Raises ValidationError where it cannot be done."""
    stays, goes = form.both()
    plan = changes.plan_merge(stays, goes, kind_of_name=form.cleaned_data["kind_of_name"])
    boxes = {
        "other": form.cleaned_data["other"].pk,
        "stays": form.cleaned_data["stays"],
        "kind_of_name": form.cleaned_data["kind_of_name"],
        "why": form.cleaned_data["why"],
        "promised": plan.digest,
    }
    return page(
        request,
        "merge_forecast",
        form.organisation,
        title="What will happen",
        plan=plan,
        sections=sections(plan.steps, plan=plan),
        boxes=boxes,
    )
