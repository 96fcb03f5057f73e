"""The forms of the editors: months, edit tokens, and each refusal beside the field it is about."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import (
    AdminTextareaWidget,
    AdminTextInputWidget,
    AutocompleteSelect,
    RelatedFieldWidgetWrapper,
)
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.formats import date_format

from registers.admin.asking import ModelForm
from registers.models.keys import refuse_email
from registers.models.review_dates import FIRST_YEAR, LAST_YEAR, months_later

if TYPE_CHECKING:
    FormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    FormSet = forms.BaseInlineFormSet

MONTH_FORMATS = ("%Y %m", "%m %Y", "%B %Y", "%b %Y")


def read_month(text: str) -> datetime.date:
    """Return the first day of the month in `text`: 'March 2027', 'Mar-2027', '2027-03', '03/2027'.

    Raises ValidationError for anything else.
    """
    words = re.sub(r"[\s/.,–—-]+", " ", text).strip()
    words = re.sub(r"\bsept\b", "Sep", words, flags=re.IGNORECASE)
    for form in MONTH_FORMATS:
        try:
            month = datetime.datetime.strptime(words, form).date()  # noqa: DTZ007 (a day, no time)
        except ValueError:
            continue
        if not FIRST_YEAR <= month.year <= LAST_YEAR:
            raise ValidationError(f"Write a year from {FIRST_YEAR} to {LAST_YEAR}.")
        return month
    raise ValidationError(f"'{text}' is not a month and a year. Write it like March 2027.")


class MonthField(forms.DateField):
    """A month and a year, as the first day of that month."""

    widget = AdminTextInputWidget

    def to_python(self, value: Any) -> datetime.date | None:
        """Return the month that was written, or None. Raises ValidationError."""
        return read_month(value) if value else None

    def prepare_value(self, value: Any) -> Any:
        """Return a stored month as words, and what was typed as it is."""
        return date_format(value, "F Y") if isinstance(value, datetime.date) else value


class ReviewMonthField(MonthField):
    """The month of a next review. One that is far ahead, such as 2099, is asked about once."""

    meant = "The month is right"

    def asks_about(self, month: datetime.date | None) -> dict[str, str]:
        """Return the month in words with what is odd about it, where it is far ahead."""
        years = settings.PARTNERSHIP.review.years_ahead
        if month is None or month <= months_later(timezone.localdate(), 12 * years):
            return {}
        return {date_format(month, "F Y"): f"more than {years} year{pluralize(years)} ahead"}

    def question(self, words: Mapping[str, str]) -> str:
        """Return the sentence that asks about the month."""
        ((month, far),) = words.items()
        return f"{month} is {far}. Correct it, or tick ‘{self.meant}’."


DATE_ERRORS = {"error_messages": {"invalid": "This is not a day. Write it like 31/03/2027."}}


class EditTokenField(forms.CharField):
    """The hidden field of the token. It never counts as changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return False."""
        return False


class RecordedForm(ModelForm):
    """A form that shows what registers/changes refused, beside the field where there is one."""

    edit_token = EditTokenField(required=False)
    refusal: ValidationError | None = None

    def _post_clean(self) -> None:
        """Leave the constraints to the save: it checks all of them, and its refusal is shown."""
        # Django has no switch for it.
        self.instance.full_clean = partial(self.instance.full_clean, validate_constraints=False)
        try:
            super()._post_clean()  # type: ignore[misc]  # Django's own
        finally:
            del self.instance.full_clean

    def _get_validation_exclusions(self) -> set[str]:
        """Leave out the objects that are chosen: their boxes have just found them."""
        chosen = {
            name for name, box in self.fields.items() if isinstance(box, forms.ModelChoiceField)
        }
        return chosen | super()._get_validation_exclusions()  # type: ignore[misc,no-any-return]  # Django's own

    def clean(self) -> dict[str, Any] | None:
        """Add the errors of the refusal, if saving this form was refused."""
        cleaned = super().clean()
        if self.refusal:
            add_refusal(self, self.refusal)
        return cleaned


def reason_field(
    help_text: str = "Public, and optional. It is shown beside what changed.",
    *,
    label: str = "Why this change?",
) -> forms.CharField:
    """Return the field for the public reason of a change."""
    return forms.CharField(
        label=label,
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        validators=[refuse_email],
        help_text=help_text,
    )


class ReasonForm(RecordedForm):
    """A form that asks for the public reason of the change."""

    why = reason_field()


def add_refusal(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Add the errors of a refusal to `form`: each to its field where there is one."""
    by_field = getattr(refusal, "error_dict", None) or {NON_FIELD_ERRORS: refusal.error_list}
    for name, errors in by_field.items():
        form.add_error(name if name in form.fields else None, errors)


def offer_only_to_add(field: Any) -> Any:
    """Return the form's field, which offers to add an object, not to change or delete it."""
    if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget.can_change_related = False
        field.widget.can_delete_related = False
        field.widget.can_view_related = False
    return field


class KnownAutocompleteSelect(AutocompleteSelect):
    """Django's autocomplete box, which does not query for an object that the form knows."""

    known: models.Model | None = None

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Return the options: the one that is selected and, if it may be left, the empty one."""
        if self.known is None or value != [str(self.known.pk)]:
            return super().optgroups(name, value, attrs)
        options = (
            [] if self.is_required else [self.create_option(name, "", "", selected=False, index=0)]
        )
        chosen = self.create_option(
            name, self.known.pk, str(self.known), selected=True, index=len(options)
        )
        return [(None, [*options, chosen], 0)]


class RecordedFormSet(FormSet):
    """The rows of an inline. A row that was not changed is not looked up, checked or saved."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Let the row's autocomplete boxes know what was read with the row."""
        super().add_fields(form, index)
        if form.instance.pk:
            # Then Django reads no value of a row whose values are the initial ones.
            form.empty_permitted = True
            for name, field in form.fields.items():
                box = getattr(field.widget, "widget", None)
                if isinstance(box, KnownAutocompleteSelect):
                    box.known = getattr(form.instance, name)
