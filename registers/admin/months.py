"""A review month on a form: a month and a year in one text box, as people write them."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.utils.formats import date_format

from registers.models.review_dates import FIRST_YEAR

FORMATS = ("%Y %m", "%m %Y", "%B %Y", "%b %Y")
LAST_YEAR = 2099  # a later one is a slip of the hand, as one before the first is


def read_month(text: str) -> datetime.date:
    """Return the first day of the month in `text`: 'March 2027', 'Mar-2027', '2027-03', '03/2027'.

    Raises ValidationError for anything else.
    """
    words = re.sub(r"[\s/.,–—-]+", " ", text).strip()
    words = re.sub(r"\bsept\b", "Sep", words, flags=re.IGNORECASE)
    for form in FORMATS:
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
