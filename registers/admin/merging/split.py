"""Splitting a name off an organisation: two forms, a preview, and the split."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminRadioSelect
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from registers import changes
from registers.admin.asking import ticks
from registers.admin.forms import reason_field
from registers.admin.merging.preview import (
    CHANGED_SINCE,
    REASON_HELP,
    PlanForm,
    do_as_previewed,
    redirect_with_success,
    render_page,
    sections,
)
from registers.changes.merge import SplitPlan
from registers.models import Name, Organisation, Party
from registers.models.keys import key_of

BRACKETS = re.compile(r" ?\([^()]*\)$")
MAX_PARTIES = 500  # checkboxes on one page
MOVED_AT_SAME_TIME = (
    "‘{name}’ was not split off, because somebody else changed it at the same time. Try again."
)


class NameForm(PlanForm):
    """Which of its names is to be an organisation of its own."""

    name = forms.ModelChoiceField(
        Name.objects.none(),
        empty_label=None,
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
        error_messages={
            "required": "Select a name.",
            "invalid_choice": "Select one of the names of this organisation.",
        },
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = organisation.names.exclude(kind=Name.Kind.OFFICIAL)
        self.fields["name"].queryset = names  # type: ignore[attr-defined]  # this kind of field's


class SplitForm(NameForm):
    """The name, and the protocols (its parties) that go with it."""

    parties = forms.MultipleChoiceField(
        label="Protocols that go with it",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "radiolist"}),
        error_messages={"invalid_choice": "Select protocols of this organisation."},
    )
    why = reason_field(REASON_HELP)

    def __init__(self, *args: Any, organisation: Organisation, name: Name, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": name.pk} | kwargs.get("initial", {})
        super().__init__(*args, organisation=organisation, **kwargs)
        self.fields["name"].widget = forms.HiddenInput()
        all_parties = organisation.parties.select_related("protocol").order_by("protocol", "pk")
        parties = list(all_parties)
        theirs = [each for each in parties if _is_published_as(each, name)]
        shown = [*theirs, *(each for each in parties if each not in theirs)][:MAX_PARTIES]
        field = self.fields["parties"]
        field.choices = [(str(each.pk), _party_label(each)) for each in shown]  # type: ignore[attr-defined]  # this kind of field's
        field.help_text = (
            "Those published under this name are selected. Select any others that belong to it."
        )
        if left := len(parties) - len(shown):
            field.help_text += (
                f" {left:,} more are not shown: change these on the pages of the protocols."
            )
        self.initial.setdefault("parties", [str(each.pk) for each in theirs[:MAX_PARTIES]])


def _is_published_as(party: Party, name: Name) -> bool:
    """Return whether a party was published under a name, with or without brackets: (EPUT)."""
    published = key_of(party.name_as_published)
    return name.key in {published, BRACKETS.sub("", published)}


def _party_label(party: Party) -> str:
    role = party.get_role_display().lower()
    return f"{party.protocol} ({role}; published as ‘{party.name_as_published or 'not recorded'}’)"


def split_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Ask for the name, then for its protocols; show the preview; split it off."""
    data = request.POST if request.method == "POST" else request.GET
    name_form = NameForm(data if "name" in data else None, organisation=organisation)
    if not name_form.is_valid():
        return _name_page(request, organisation, name_form)
    name = name_form.cleaned_data["name"]
    if request.method != "POST":
        return _form_page(request, organisation, SplitForm(organisation=organisation, name=name))
    return _answer(request, organisation, name)


def _answer(request: HttpRequest, organisation: Organisation, name: Name) -> HttpResponse:
    """Answer what was sent from one of these pages; its button says which step is next."""
    form = SplitForm(request.POST, organisation=organisation, name=name)
    if "_write" in request.POST:
        typed = {"parties": request.POST.getlist("parties"), "why": request.POST.get("why", "")}
        form = SplitForm(organisation=organisation, name=name, initial=typed)
        return _form_page(request, organisation, form)
    if not form.is_valid():
        return _form_page(request, organisation, form)
    parties = [int(key) for key in form.cleaned_data["parties"]]
    confirmed = "_split" in request.POST
    if confirmed and (done := _split(request, form, parties)):
        return done
    try:
        plan = changes.plan_split(name, parties)
    except ValidationError:
        # It moved after the form was read, for example by a merge of the whole organisation.
        messages.error(request, MOVED_AT_SAME_TIME.format(name=name))
        return redirect("admin:registers_organisation_changelist")
    if confirmed:
        messages.warning(request, CHANGED_SINCE)
    return _preview_page(request, form, plan)


def _split(request: HttpRequest, form: SplitForm, parties: list[int]) -> HttpResponse | None:
    """Split the name off as previewed. Return None if it would now do something else."""
    name, why = form.cleaned_data["name"], form.cleaned_data["why"]
    new = do_as_previewed(request, changes.split, name, parties=parties, why=why)
    message = "{} is now an organisation of its own. {link}. To undo this, merge the two."
    return redirect_with_success(request, new, message, new.name) if new else None


def _name_page(request: HttpRequest, organisation: Organisation, form: NameForm) -> HttpResponse:
    has_names = form.fields["name"].queryset.exists()  # type: ignore[attr-defined]  # this kind of field's
    context = {
        "title": "Split a name off",
        "adminform": form.as_admin_form(),
        "has_names": has_names,
    }
    return render_page(request, "split_name", organisation, **context)


def _form_page(request: HttpRequest, organisation: Organisation, form: SplitForm) -> HttpResponse:
    name = organisation.names.get(pk=form["name"].value())
    context = {"title": f"Split off ‘{name}’", "adminform": form.as_admin_form(), "name": name}
    return render_page(request, "split", organisation, **context)


def _preview_page(request: HttpRequest, form: SplitForm, plan: SplitPlan) -> HttpResponse:
    cleaned = form.cleaned_data
    hidden_fields = {"name": cleaned["name"].pk, "why": cleaned["why"], "digest": plan.digest}
    hidden_fields |= ticks(request.POST)
    return render_page(
        request,
        "split_preview",
        plan.organisation,
        title="What will happen",
        plan=plan,
        sections=sections(plan.steps),
        hidden_fields=hidden_fields,
        parties=cleaned["parties"],
    )
