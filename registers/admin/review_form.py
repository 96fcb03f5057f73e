"""The form of a review, for one or many protocols."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.widgets import (
    AdminDateWidget,
    AdminRadioSelect,
    AdminTextareaWidget,
    AdminTextInputWidget,
    AutocompleteSelect,
)
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registers.admin.asking import ModelForm
from registers.admin.forms import DATE_ERRORS, ReviewMonthField
from registers.models import Approver, Party, Protocol, Review

# What each outcome does to the protocol, shown beside its radio button.
OUTCOME_EFFECTS = {
    Review.Outcome.UNCHANGED: "The protocol stays in force, and its review date moves on.",
    Review.Outcome.CHANGING: (
        "The protocol stays in force, its review date moves on, and its page says that changes"
        " are coming."
    ),
    Review.Outcome.REPLACED: (
        "The protocol is withdrawn on the day of the review. Its page stays, and leads to the"
        " other protocol."
    ),
    Review.Outcome.ENDED: (
        "The protocol is withdrawn on the day of the review. Its page stays, and says why."
    ),
}
FIELDS = ("outcome", "reviewed_on", "next_review", "replaced_by", "job_title", "note")
REPLACED_BY = Review._meta.get_field("replaced_by")
REVIEWED_SINCE = (
    "Your review has not been recorded, because another one was recorded while you were writing:"
    " {review}. To record yours as well, send the form again."
)


class DatalistInput(AdminTextInputWidget):
    """A text box with suggestions, which takes any text."""

    suggestions: Sequence[str] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the box with its suggestions, which need no JavaScript."""
        list_id = f"{name}-offers"
        box = super().render(name, value, (attrs or {}) | {"list": list_id}, renderer)
        options = format_html_join("", '<option value="{}">', ((s,) for s in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', box, list_id, options)


class ReviewForm(ModelForm):
    """One review, to be recorded for each of `protocols`.

    Only the outcomes in `outcomes` can be selected. `build_review` returns an
    unsaved review; `add_errors` shows why it could not be recorded.
    """

    outcome = forms.ChoiceField(
        choices=[(one, f"{one.label}. {OUTCOME_EFFECTS[one]}") for one in Review.Outcome],
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
    )
    next_review = ReviewMonthField(
        label="Next review",
        required=False,
        help_text="Month and year, such as March 2027. Needed where the protocol stays in force.",
    )
    # The last review when the form was opened, so that a newer one is noticed.
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Review
        fields = FIELDS
        help_texts = {
            "reviewed_on": "The day on which it was decided: today or earlier.",
            "replaced_by": "Only for ‘Replaced by another protocol’.",
            "job_title": (
                "Public. The job title that decided, such as Caldicott Guardian. Never enter"
                " a person’s name."
            ),
            "note": (
                "Public, so never enter a person’s name. If the protocol is withdrawn, its page"
                " gives this as the reason."
            ),
        }
        error_messages = {"reviewed_on": DATE_ERRORS["error_messages"]}
        widgets = {
            "reviewed_on": AdminDateWidget(),
            "replaced_by": AutocompleteSelect(REPLACED_BY, admin.site),
            "job_title": DatalistInput(),
            "note": AdminTextareaWidget(attrs={"rows": 4}),
        }

    def __init__(
        self,
        *args: Any,
        protocols: Sequence[Protocol],
        outcomes: Collection[Review.Outcome],
        **kwargs: Any,
    ) -> None:
        self.protocols = protocols
        self.last = Review.objects.filter(protocol__in=protocols).order_by("-pk").first()
        kwargs["initial"] = {"seen": self.last and self.last.pk} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.fields["job_title"].widget.suggestions = _job_titles(protocols)
        outcome: Any = self.fields["outcome"]
        outcome.choices = [choice for choice in outcome.choices if choice[0] in outcomes]
        if Review.Outcome.REPLACED not in outcomes:
            del self.fields["replaced_by"]
            # Whoever may not withdraw a protocol does not read about it.
            self.fields["next_review"].required = True
            self.fields["note"].help_text = "Public, so never enter a person’s name."

    def clean(self) -> dict[str, Any]:
        """Refuse the first time if a review was recorded since the form was opened."""
        cleaned, box = super().clean() or {}, self.add_prefix("seen")
        if box in self.data and self.last and self.last.pk != cleaned.get("seen"):
            self.data = {name: self.data[name] for name in self.data} | {box: self.last.pk}
            raise ValidationError(REVIEWED_SINCE.format(review=self.last))
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error, except a model error of a field that has an error of its own."""
        if field is None and hasattr(error, "error_dict"):
            left = {f: errors for f, errors in error.error_dict.items() if f not in self.errors}
            if not left:
                return
            error = ValidationError(left)
        super().add_error(field, error)

    @property
    def shown_fields(self) -> list[str]:
        """The names of the fields that are shown, in order."""
        return [name for name in FIELDS if name in self.fields]

    def build_review(self, protocol: Protocol) -> Review:
        """Return an unsaved review of `protocol`. The form must be valid."""
        values = {name: self.cleaned_data[name] for name in self.shown_fields}
        return Review(protocol=protocol, **values)

    def as_admin_form(self) -> AdminForm:
        """Return the form for the templates of Django's admin."""
        shown_fields: Any = [("Decision", {"fields": self.shown_fields})]
        return AdminForm(self, shown_fields, {})


def _job_titles(protocols: Sequence[Protocol]) -> list[str]:
    """Return the job titles that approve protocols for the organisations that lead these."""
    leads = Party.objects.filter(protocol__in=protocols, role=Party.Role.LEAD)
    approvers = Approver.objects.filter(organisation__in=leads.values("organisation"))
    return list(approvers.order_by("job_title").values_list("job_title", flat=True).distinct())
