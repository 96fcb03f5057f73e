"""What an officer writes about a review: one form, of however many protocols."""

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

from registers.admin.base import DATE_ERRORS, ModelForm, MonthField, errors_by_field
from registers.models import Approver, Party, Protocol, Review

# What each outcome does to the protocol, said beside its button.
DOES = {
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
BOXES = ("outcome", "reviewed_on", "next_review", "replaced_by", "job_title", "note")
REPLACED_BY = Review._meta.get_field("replaced_by")
MEANWHILE = (
    "Since this form was opened, a review has been recorded: {review}. Yours is not recorded. If"
    " it is to stand beside that one, send the form again."
)


class Suggesting(AdminTextInputWidget):
    """A text box that offers some texts and takes any."""

    suggestions: Sequence[str] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the box with its offers, which need no script."""
        offers = f"{name}-offers"
        box = super().render(name, value, (attrs or {}) | {"list": offers}, renderer)
        options = format_html_join("", '<option value="{}">', ((s,) for s in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', box, offers, options)


class ReviewForm(ModelForm):
    """One review of each of `protocols`. `initial` is what stands in the boxes at first.

    Of the outcomes only those in `offered` can be chosen.

    `review_of` gives what was written as a review that is not stored yet, and
    `refuse` shows beside the boxes why it could not be recorded.
    """

    outcome = forms.ChoiceField(
        choices=[(one, f"{one.label}. {DOES[one]}") for one in Review.Outcome],
        widget=AdminRadioSelect(attrs={"class": "radiolist"}),
    )
    next_review = MonthField(
        label="Next review",
        required=False,
        help_text="Month and year, such as March 2027. Only for a protocol that is still needed.",
    )
    # The last review when the form was opened, so that the second of two officers is told.
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Review
        fields = BOXES
        help_texts = {
            "reviewed_on": "The day on which it was decided: today, or one before.",
            "replaced_by": "Only for ‘Replaced by another protocol’.",
            "job_title": (
                "Public: the job title that decided, such as Caldicott Guardian. Never a"
                " person’s name."
            ),
            "note": (
                "Public, so never a person’s name. Of a protocol that is withdrawn, this is the"
                " reason that its page gives."
            ),
        }
        error_messages = {"reviewed_on": DATE_ERRORS["error_messages"]}
        widgets = {
            "reviewed_on": AdminDateWidget(),
            "replaced_by": AutocompleteSelect(REPLACED_BY, admin.site),
            "job_title": Suggesting(),
            "note": AdminTextareaWidget(attrs={"rows": 4}),
        }

    def __init__(
        self,
        *args: Any,
        protocols: Sequence[Protocol],
        offered: Collection[Review.Outcome],
        **kwargs: Any,
    ) -> None:
        self.protocols = protocols
        self.last = Review.objects.filter(protocol__in=protocols).order_by("-pk").first()
        kwargs["initial"] = {"seen": self.last and self.last.pk} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.fields["job_title"].widget.suggestions = _job_titles(protocols)
        outcome: Any = self.fields["outcome"]
        outcome.choices = [choice for choice in outcome.choices if choice[0] in offered]
        if Review.Outcome.REPLACED not in offered:
            del self.fields["replaced_by"]

    def clean(self) -> dict[str, Any]:
        """Refuse once where a review was recorded since the form was opened."""
        cleaned, box = super().clean() or {}, self.add_prefix("seen")
        if box in self.data and self.last and self.last.pk != cleaned.get("seen"):
            self.data = {name: self.data[name] for name in self.data} | {box: self.last.pk}
            raise ValidationError(MEANWHILE.format(review=self.last))
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """Add a sentence, unless the model has one more for a box that has its own already."""
        if field is None and hasattr(error, "error_dict"):
            left = {f: said for f, said in error.error_dict.items() if f not in self.errors}
            if not left:
                return
            error = ValidationError(left)
        super().add_error(field, error)

    @property
    def boxes(self) -> list[str]:
        """The names of the boxes that are shown, in their order."""
        return [name for name in BOXES if name in self.fields]

    def review_of(self, protocol: Protocol) -> Review:
        """Return what was written as a review of `protocol`, once the form is valid."""
        written = {name: self.cleaned_data[name] for name in self.boxes}
        return Review(protocol=protocol, **written)

    def refuse(self, refusal: ValidationError) -> None:
        """Say why the review could not be recorded, beside the box where there is one."""
        for field, errors in errors_by_field(refusal).items():
            self.add_error(field if field in self.fields else None, errors)

    def in_admin(self) -> AdminForm:
        """Return the form as the templates of Django's admin show one."""
        boxes: Any = [("Decision", {"fields": self.boxes})]
        return AdminForm(self, boxes, {})


def _job_titles(protocols: Sequence[Protocol]) -> list[str]:
    """Return the job titles that approve protocols for the organisations that lead these."""
    leads = Party.objects.filter(protocol__in=protocols, role=Party.Role.LEAD)
    approvers = Approver.objects.filter(organisation__in=leads.values("organisation"))
    return list(approvers.order_by("job_title").values_list("job_title", flat=True).distinct())
