"""What an officer writes to merge an organisation with another."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.widgets import (
    AdminRadioSelect,
    AdminTextareaWidget,
    AdminTextInputWidget,
    AutocompleteSelect,
)
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from registers.admin.official import ModelForm, by_field
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
        for field, errors in by_field(refusal).items():
            self.add_error(field if field in self.fields else None, errors)

    def in_admin(self) -> AdminForm:
        """Return the form as the templates of Django's admin show one."""
        boxes: Any = [(None, {"fields": ("other", "other_name", "stays", "kind_of_name", "why")})]
        return AdminForm(cast(ModelForm, self), boxes, {})
