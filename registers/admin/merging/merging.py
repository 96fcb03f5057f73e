"""Merging two organisations, and splitting a name off one: written, shown beforehand, then done.

What was written travels in the form. Nothing is kept between the pages.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from registers import changes
from registers.admin.merging.duplicates import duplicates_page
from registers.admin.merging.merge_form import MergeForm
from registers.admin.merging.merge_words import sections
from registers.admin.merging.shared import CHANGED_SINCE, page, refuse_who_may_not
from registers.admin.merging.splitting import split_page
from registers.admin.official import OfficialAdmin
from registers.models import Organisation


class MergingAdmin(OfficialAdmin):
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
            promised=request.POST.get("promised", ""),
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
        "promised": plan.promise,
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
