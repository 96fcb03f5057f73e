"""The forms of the pages that publish, withdraw, put back in force or move protocols."""

from __future__ import annotations

import datetime
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.admin.widgets import (
    AdminRadioSelect,
    AdminTextareaWidget,
    AdminTextInputWidget,
)
from django.core.exceptions import ValidationError
from django.utils import timezone

from registers.admin.asking import PlainForm
from registers.admin.forms import DATE_ERRORS, reason_field
from registers.changes.publishing import PUBLISHED_BY_MISTAKE, in_force, withdrawn
from registers.models import Protocol, Theme


class ReasonedForm(PlainForm):
    """The public reason of what is done."""

    why = reason_field(
        "Public, and optional. The changes page of each protocol shows it.", label="Why?"
    )


class ActForm(ReasonedForm):
    """A form that says what each protocol gets. `many`: it is shown for more than one."""

    def __init__(self, *args: Any, many: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.many = many

    @property
    @abstractmethod
    def values(self) -> dict[str, Any]:
        """The values by their names. The form must be valid."""


class ReinstateForm(ActForm):
    """Nothing but the reason."""

    @property
    def values(self) -> dict[str, Any]:
        """The status, and no withdrawal."""
        return in_force()


class PublishForm(ActForm):
    """Nothing but the reason."""

    @property
    def values(self) -> dict[str, Any]:
        """The status."""
        return {"status": Protocol.Status.PUBLISHED}


class MoveForm(ActForm):
    """The theme."""

    theme = forms.ModelChoiceField(Theme.objects.all(), label="Move to")
    field_order = ("theme", "why")

    @property
    def values(self) -> dict[str, Any]:
        """The theme."""
        return {"theme": self.cleaned_data["theme"]}


class WithdrawForm(ActForm):
    """The day, the reason and what replaces it. The reason stands on the protocol's page."""

    because = forms.ChoiceField(
        label="Why is it withdrawn?",
        choices=[("mistake", PUBLISHED_BY_MISTAKE), ("other", "Another reason, written below")],
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
    )
    withdrawn_reason = forms.CharField(
        label="Reason",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        help_text="Public, so never enter a person’s name. The page of the protocol gives it.",
    )
    withdrawn_on = forms.DateField(
        label="Withdrawn on",
        initial=timezone.localdate,
        widget=forms.DateInput({"class": "vDateField"}, format="%d/%m/%Y"),
        help_text="Like 31/03/2027: today or earlier.",
        error_messages=DATE_ERRORS["error_messages"],
    )
    replaced_by = forms.CharField(
        label="Replaced by",
        required=False,
        max_length=40,
        widget=AdminTextInputWidget(),
        help_text="The reference of the protocol that takes its place, if there is one.",
    )
    field_order = ("because", "withdrawn_reason", "withdrawn_on", "replaced_by")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The reason of the withdrawal is the reason of the change.
        del self.fields["why"]
        if self.many:
            self.fields["replaced_by"].help_text += " Left empty, each keeps the one it has."

    def _public_boxes(self) -> Iterator[tuple[str, str]]:
        """Leave out words beside a mistake: they are refused, and not published."""
        if self.cleaned_data.get("because") != "mistake":
            yield from super()._public_boxes()

    def clean_withdrawn_on(self) -> datetime.date:
        """Refuse a day to come."""
        day: datetime.date = self.cleaned_data["withdrawn_on"]
        if day > timezone.localdate():
            raise ValidationError("Enter today or an earlier day.")
        return day

    def clean_replaced_by(self) -> Protocol | None:
        """Return the protocol with this reference. Raises ValidationError where there is none."""
        if not (reference := self.cleaned_data["replaced_by"].strip()):
            return None
        found = Protocol.public.get_queryset().with_reference(reference).first()
        if found is None:
            raise ValidationError(f"No published protocol has the reference '{reference}'.")
        return found

    def clean(self) -> dict[str, Any]:
        """Require the words of another reason, and refuse words beside a mistake."""
        cleaned = super().clean() or {}
        words = cleaned.get("withdrawn_reason", "").strip()
        if cleaned.get("because") == "other" and not words:
            self.add_error("withdrawn_reason", "Enter why it is withdrawn. This is public.")
        if cleaned.get("because") == "mistake":
            if words:
                sentence = "Clear this box, or select ‘Another reason’."
                self.add_error("withdrawn_reason", sentence)
            words = PUBLISHED_BY_MISTAKE
        return cleaned | {"withdrawn_reason": words}

    @property
    def values(self) -> dict[str, Any]:
        """The withdrawal. An empty box for many leaves what replaces each as it is recorded."""
        values = withdrawn(
            on=self.cleaned_data["withdrawn_on"],
            reason=self.cleaned_data["withdrawn_reason"],
            replaced_by=self.cleaned_data["replaced_by"],
        )
        if self.many and not values["replaced_by"]:
            del values["replaced_by"]
        return values
