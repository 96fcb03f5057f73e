"""What one value of a query string may be, and the sentence for one that cannot be right."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from registers.models import Organisation, Slug


def shown(value: str) -> str:
    """Return `value` as an error message can carry it: 60 characters at most."""
    return value if len(value) <= 60 else f"{value[:60]}…"  # noqa: PLR2004 (said above)


class TextField(forms.CharField):
    """Text. The sentence about a wrong one names the field."""

    def clean(self, value: Any) -> Any:
        """Return the text without the spaces around it. Raises ValidationError."""
        try:
            # What could not be decoded on its way here arrives as this sign.
            if "\ufffd" in str(value or ""):
                raise ValidationError("A sign in this cannot be read.")
            return super().clean(value)
        except ValidationError as problem:
            raise ValidationError(f"{self.label}: {problem.messages[0]}") from problem


class ManyField(forms.MultipleChoiceField):
    """Any of some words, repeated in the query string. Empty ones are as if absent.

    `right` holds the values that were right, also when the whole was refused:
    a page shows them again beside the sentence.
    """

    right: list[Any]

    def to_python(self, value: Any) -> list[str]:
        """Return each word once, in the order of first mention."""
        return [word for word in dict.fromkeys(super().to_python(value)) if word]

    def validate(self, value: list[str]) -> None:
        """Raise ValidationError, with a sentence, for the first word that is no choice."""
        self.right = [word for word in value if self.valid_value(word)]
        for word in value:
            if word not in self.right:
                raise ValidationError(f"{self.label}: ‘{shown(word)}’ is not one of the choices.")


class OneField(forms.ChoiceField):
    """One of some words; `absent` stands for an absent or empty one."""

    def __init__(self, *, absent: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.absent = absent

    def to_python(self, value: Any) -> str:
        """Return the word, or what stands for none."""
        return super().to_python(value) or self.absent

    def validate(self, value: str) -> None:
        """Raise ValidationError, with a sentence, for a word that is none of the choices."""
        if value and not self.valid_value(value):
            raise ValidationError(f"{self.label}: ‘{shown(value)}’ is not one of the choices.")


class OrganisationsField(ManyField):
    """Organisations by any of their slugs, past ones too, or by any name that gives such a slug.

    `wrong` holds the words that lead to none, to be put right.
    """

    wrong: list[str]

    def clean(self, value: Any) -> list[Organisation]:
        """Return the organisations asked for, each once.

        Raises ValidationError, which names the first that nobody here is called.
        """
        asked = {word: slugify(word) for word in self.to_python(value)}
        if not asked:
            return []
        slugs = Slug.objects.filter(text__in=asked.values()).select_related("organisation")
        found = {slug.text: slug.organisation for slug in slugs}
        self.right = list(dict.fromkeys(found[slug] for slug in asked.values() if slug in found))
        self.wrong = [word for word, slug in asked.items() if slug not in found]
        if self.wrong:
            raise ValidationError(
                f"{self.label}: no organisation in this register is called"
                f" ‘{shown(self.wrong[0])}’."
            )
        return self.right


class MonthField(TextField):
    """A month such as 2024-03, as its first day."""

    def clean(self, value: Any) -> datetime.date | None:
        """Return the first day of the month, or None. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
            raise ValidationError(
                f"{self.label}: ‘{shown(text)}’ is not a month. Write it like 2024-03."
            )
        return datetime.date.fromisoformat(f"{text}-01")


class DayField(TextField):
    """A day such as 2022-06-30."""

    # Others have no month before, or three months on, in Python's calendar.
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
            raise ValidationError(f"{self.label}: this is not a day. Write it like 2022-06-30.")
        if day.year not in self.YEARS:
            raise ValidationError(f"{self.label}: write a day of the years 2 to 9998.")
        return day


class PageField(TextField):
    """The number of a page, from 1."""

    LARGEST = 10**9  # no register has as many: it stands for every number beyond

    def clean(self, value: Any) -> int:
        """Return the number; 1 if absent. Raises ValidationError."""
        text = super().clean(value)
        if not re.fullmatch(r"[0-9]*", text) or (text and not text.strip("0")):
            raise ValidationError(f"Page: ‘{shown(text)}’ is not the number of a page.")
        digits = text.lstrip("0")
        return min(int(digits[:10] or 1), self.LARGEST)
