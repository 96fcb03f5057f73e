"""Splitting a name off an organisation: chosen, shown beforehand, then done."""

from __future__ import annotations

import re
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.widgets import AdminRadioSelect, AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html

from registers import changes
from registers.admin.base import ModelForm
from registers.admin.merging.preview import CHANGED_SINCE, page, sections
from registers.changes.merge import SplitPlan
from registers.models import Name, Organisation, Party
from registers.models.keys import key_of

BRACKETS = re.compile(r" ?\([^()]*\)$")
MOST = 500  # boxes to tick on one page
MOVED = "‘{name}’ was not split off: somebody moved it, or its parts, in the same moment."


class NameForm(forms.Form):
    """Which of its names is to be an organisation of its own."""

    name = forms.ModelChoiceField(
        Name.objects.none(),
        empty_label=None,
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
        error_messages={
            "required": "Choose a name.",
            "invalid_choice": "Choose one of the names of this organisation.",
        },
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = organisation.names.exclude(kind=Name.Kind.OFFICIAL)
        self.fields["name"].queryset = names  # type: ignore[attr-defined]  # this kind of field's

    def in_admin(self) -> AdminForm:
        """Return the form as the templates of Django's admin show one."""
        boxes: Any = [(None, {"fields": tuple(self.fields)})]
        return AdminForm(cast(ModelForm, self), boxes, {})


class SplitForm(NameForm):
    """The name, and the parts in protocols that go with it."""

    parties = forms.MultipleChoiceField(
        label="Parts that go with it",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "radiolist"}),
        error_messages={"invalid_choice": "Choose among the parts of this organisation."},
    )
    why = forms.CharField(
        label="Why this change?",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Public, and optional. The changes page of every protocol concerned says it.",
    )

    def __init__(self, *args: Any, organisation: Organisation, name: Name, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": name.pk} | kwargs.get("initial", {})
        super().__init__(*args, organisation=organisation, **kwargs)
        self.fields["name"].widget = forms.HiddenInput()
        all_parties = organisation.parties.select_related("protocol").order_by("protocol", "pk")
        parties = list(all_parties)
        theirs = [each for each in parties if _published_as(each, name)]
        shown = [*theirs, *(each for each in parties if each not in theirs)][:MOST]
        field = self.fields["parties"]
        field.choices = [(str(each.pk), _words(each)) for each in shown]  # type: ignore[attr-defined]  # this kind of field's
        field.help_text = (
            "Those that were published under this name are ticked. Tick what else belongs to it."
        )
        if left := len(parties) - len(shown):
            field.help_text += (
                f" {left:,} more are not shown: change them on their protocols’ own pages."
            )
        self.initial.setdefault("parties", [str(each.pk) for each in theirs[:MOST]])


def _published_as(party: Party, name: Name) -> bool:
    """Whether a part was published under a name, alone or with brackets behind it: (EPUT)."""
    published = key_of(party.name_as_published)
    return name.key in {published, BRACKETS.sub("", published)}


def _words(party: Party) -> str:
    role = party.get_role_display().lower()
    return f"{party.protocol} ({role}; published as ‘{party.name_as_published or 'not recorded'}’)"


def split_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Ask for the name, then for its parts, show what will happen, and split it off."""
    data = request.POST if request.method == "POST" else request.GET
    asked = NameForm(data if "name" in data else None, organisation=organisation)
    if not asked.is_valid():
        return _name_page(request, organisation, asked)
    name = asked.cleaned_data["name"]
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
    asked = "_split" in request.POST
    if asked and (done := _split(request, form, parties)):
        return done
    try:
        plan = changes.plan_split(name, parties)
    except ValidationError:
        # It moved after the form was read, such as with a merge of the whole organisation.
        messages.error(request, MOVED.format(name=name))
        return redirect("admin:registers_organisation_changelist")
    if asked:
        messages.warning(request, CHANGED_SINCE)
    return _forecast_page(request, form, plan)


def _split(request: HttpRequest, form: SplitForm, parties: list[int]) -> HttpResponse | None:
    """Split the name off as was shown. None if something else would happen by now."""
    name = form.cleaned_data["name"]
    try:
        new = changes.split(
            name,
            parties=parties,
            why=form.cleaned_data["why"],
            at=timezone.now(),
            by=cast(User, request.user),
            expected_digest=request.POST.get("promised", ""),
        )
    except ValidationError:
        return None
    said = format_html(
        '{} is an organisation of its own now. <a href="{}">See its public page</a>. To undo'
        " this, merge the two.",
        new.name,
        new.get_absolute_url(),
    )
    messages.success(request, said)
    return redirect("admin:registers_organisation_change", new.pk)


def _name_page(request: HttpRequest, organisation: Organisation, form: NameForm) -> HttpResponse:
    has_names = form.fields["name"].queryset.exists()  # type: ignore[attr-defined]  # this kind of field's
    shown = {"title": "Split a name off", "adminform": form.in_admin(), "has_names": has_names}
    return page(request, "split_name", organisation, **shown)


def _form_page(request: HttpRequest, organisation: Organisation, form: SplitForm) -> HttpResponse:
    name = organisation.names.get(pk=form["name"].value())
    shown = {"title": f"Split off ‘{name}’", "adminform": form.in_admin(), "name": name}
    return page(request, "split", organisation, **shown)


def _forecast_page(request: HttpRequest, form: SplitForm, plan: SplitPlan) -> HttpResponse:
    cleaned = form.cleaned_data
    boxes = {"name": cleaned["name"].pk, "why": cleaned["why"], "promised": plan.digest}
    return page(
        request,
        "split_forecast",
        plan.organisation,
        title="What will happen",
        plan=plan,
        sections=sections(plan.steps),
        boxes=boxes,
        parties=cleaned["parties"],
    )
