"""The fields of query strings: each cleans the values of one parameter, or refuses them."""

from __future__ import annotations

import datetime
import re
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError

from registers.models import Organisation, Slug
from registers.models.keys import slug_of
from registers.search.statements import Statements

Thing = TypeVar("Thing")


def shallow_copy(thing: Thing) -> Thing:
    """Return what `copy.copy` does, in a fifth of the time: each page has twenty."""
    made = object.__new__(type(thing))
    vars(made).update(vars(thing))
    return made


def shorten(value: str) -> str:
    """Return `value` cut to 60 characters, for an error message."""
    return value if len(value) <= 60 else f"{value[:60]}…"  # noqa: PLR2004 (as documented)


def _not_an_option(label: Any, value: str) -> str:
    return f"{label}: ‘{shorten(value)}’ is not one of the options. Select one of the options."


class TextField(forms.CharField):
    """Text. The error message names the field."""

    def __deepcopy__(self, _: Any) -> TextField:
        return self  # a form copies its fields, and this one holds nothing of a request

    def clean(self, value: Any) -> Any:
        """Return the text without the spaces around it. Raises ValidationError."""
        try:
            # Bytes that could not be decoded arrive as this character.
            if "\ufffd" in str(value or ""):
                raise ValidationError("This contains a character that cannot be read. Remove it.")
            return super().clean(value)
        except ValidationError as problem:
            raise ValidationError(f"{self.label}: {problem.messages[0]}") from problem


class MultipleField(forms.MultipleChoiceField):
    """Any of some choices, repeated in the query string. Empty values are ignored.

    `valid_values` are the valid ones, also when another was refused: the page
    shows them again beside the error.
    """

    valid_values: list[Any]

    def __deepcopy__(self, _: Any) -> MultipleField:
        return shallow_copy(self)  # but not its widget, which is never shown

    def to_python(self, value: Any) -> list[str]:
        """Return the values without duplicates, in order."""
        return [word for word in dict.fromkeys(super().to_python(value)) if word]

    def validate(self, value: list[str]) -> None:
        """Raise ValidationError for the first value that is not a choice."""
        self.valid_values = [word for word in value if self.valid_value(word)]
        for word in value:
            if word not in self.valid_values:
                raise ValidationError(_not_an_option(self.label, word))


class SingleField(forms.ChoiceField):
    """One of some choices; `default` where it is absent or empty."""

    def __init__(self, *, default: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.default = default

    def __deepcopy__(self, _: Any) -> SingleField:
        return self

    def to_python(self, value: Any) -> str:
        """Return the value, or the default."""
        return super().to_python(value) or self.default

    def validate(self, value: str) -> None:
        """Raise ValidationError for a value that is not a choice."""
        if value and not self.valid_value(value):
            raise ValidationError(_not_an_option(self.label, value))


_ORGANISATION = [field.attname for field in Organisation._meta.concrete_fields]
_SLUGS = Statements(
    lambda slugs: Slug.objects.filter(text__in=slugs).values_list(
        "text", *(f"organisation__{name}" for name in _ORGANISATION)
    )
)


def organisations_with(slugs: list[str]) -> dict[str, Organisation]:
    """Return the organisations that some slugs lead to, by slug: one query."""
    return {
        slug: Organisation.from_db(None, _ORGANISATION, row) for slug, *row in _SLUGS.rows(slugs)
    }


class OrganisationsField(MultipleField):
    """Organisations by any present or past slug, or by a name that gives such a slug.

    `unknown` are the values that match no organisation.
    """

    unknown: list[str]

    def clean(self, value: Any) -> list[Organisation]:
        """Return the organisations, without duplicates.

        Raises ValidationError, which names the first unknown one.
        """
        wanted = {word: slug_of(word) for word in self.to_python(value)}
        if not wanted:
            return []
        found = organisations_with([*dict.fromkeys(wanted.values())])
        self.valid_values = list(
            dict.fromkeys(found[slug] for slug in wanted.values() if slug in found)
        )
        self.unknown = [word for word, slug in wanted.items() if slug not in found]
        if self.unknown:
            raise ValidationError(
                f"{self.label}: no organisation in this register is called"
                f" ‘{shorten(self.unknown[0])}’."
            )
        return self.valid_values


class MonthField(TextField):
    """A month such as 2024-03, as its first day."""

    def clean(self, value: Any) -> datetime.date | None:
        """Return the first day of the month, or None. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
            wrong = (
                f"‘{shorten(text)}’ is not a month. Enter a month and a year, like 3 2024"
                " (in an address, 2024-03)."
            )
            if re.fullmatch(r"[0-9]{4}-([0-9]{2}|\D+)", text) and not text.startswith("0000"):
                wrong = "month must be a number from 1 to 12"
            elif text.startswith("-") or text.endswith("-"):  # one of two boxes was left empty
                wrong = "enter both a month and a year"
            raise ValidationError(f"{self.label}: {wrong}")
        return datetime.date.fromisoformat(f"{text}-01")


class DayField(TextField):
    """A day such as 2022-06-30."""

    # Python has no month before the first of these, or three months after the last.
    YEARS = range(2, 9999)

    def clean(self, value: Any) -> datetime.date | None:
        """Return the day, or None. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            day = None
        # fromisoformat also takes other ways to write a day, such as 2022-W26-4.
        if day is None or text != day.isoformat():
            wrong = "enter a real date, like 30 6 2022 (in an address, 2022-06-30)."
            if re.fullmatch(r"[0-9]*-[0-9]*-[0-9]*", text) and not all(text.split("-")):
                wrong = "enter a day, a month and a year"  # one of three boxes was left empty
            raise ValidationError(f"{self.label}: {wrong}")
        if day.year not in self.YEARS:
            raise ValidationError(f"{self.label}: enter a date in the years 2 to 9998.")
        return day


class PageField(TextField):
    """The number of a page, from 1."""

    LARGEST = 10**9  # larger numbers count as this: no register has as many pages

    def clean(self, value: Any) -> int:
        """Return the number; 1 if absent. Raises ValidationError."""
        text = super().clean(value)
        if not re.fullmatch(r"[0-9]*", text) or (text and not text.strip("0")):
            raise ValidationError(f"Page: ‘{shorten(text)}’ is not the number of a page.")
        digits = text.lstrip("0")
        return min(int(digits[:10] or 1), self.LARGEST)
