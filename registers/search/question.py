"""The query string: read once at the door, cleaned into a question, and said back in words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import slugify

from registers.models import Organisation, Party, Protocol, Slug
from registers.models.review_dates import ReviewStatus
from registers.search.index import Chosen
from registers.search.index_loader import index_now
from registers.search.text.search import Search, search


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


STATUSES = [("current", "In force"), ("withdrawn", "Withdrawn"), ("all", "In force and withdrawn")]
IN_STATUS = {"current": Protocol.Status.PUBLISHED, "withdrawn": Protocol.Status.WITHDRAWN}
SORTS = [
    ("theme", "Theme"),
    ("reference", "Reference"),
    ("title", "Title"),
    ("review", "Review date, earliest first"),
    ("-review", "Review date, latest first"),
    ("relevance", "Best match"),
]
LONGEST_WORDS = 200


class CheckedForm(forms.Form):
    """The whole question: what must be right between two values."""

    def clean(self) -> dict[str, Any]:
        """Refuse a span of months that ends before it begins."""
        cleaned = self.cleaned_data
        first, last = cleaned.get("review_from"), cleaned.get("review_to")
        if first and last and last < first:
            self.add_error("review_to", "Review to: this month is before the month ‘from’.")
        return cleaned


def asks(field_class: type[forms.Field], method: str, label: str, **kwargs: Any) -> Any:
    """Return a filter over one parameter; `method` of the set does the work."""
    made = django_filters.Filter(method=method, label=label, **kwargs)
    made.field_class = field_class
    return made


class ProtocolFilter(django_filters.FilterSet):
    """The parameters that `/` and every ending take, and what each keeps.

    `on` is the day, a date in Europe/London, on which reviews are judged.
    """

    # In this order they stand in an address that the register makes.
    q = asks(TextField, "keep_words", "Search", max_length=LONGEST_WORDS)
    theme = asks(ManyField, "keep_themes", "Theme")
    organisation = asks(OrganisationsField, "keep_organisations", "Organisation")
    role = asks(OneField, "keep_role", "Role", choices=Party.Role.choices)
    review = asks(ManyField, "keep_reviews", "Review", choices=ReviewStatus.choices)
    review_from = asks(MonthField, "keep_from", "Review from")
    review_to = asks(MonthField, "keep_to", "Review to")
    status = asks(OneField, "keep_status", "Status", choices=STATUSES, absent="current")
    sort = asks(OneField, "keep_all", "Sort by", choices=SORTS, absent="theme")
    page = asks(PageField, "keep_all", "Page")

    class Meta:
        model = Protocol
        fields: ClassVar[list[str]] = []
        form = CheckedForm

    def __init__(self, query: QueryDict, *, on: datetime.date) -> None:
        super().__init__(query, queryset=Protocol.public.none())
        self.on = on
        self.index = index_now()
        self.themes = {theme.slug: theme for theme in self.index.themes}
        choices: Any = self.form.fields["theme"]
        choices.choices = [(t.slug, t.name) for t in self.themes.values()]

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        """The question: each parameter's value; one that cannot be right is absent."""
        self.form.is_valid()
        return dict(self.form.cleaned_data)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """The question, and where some of several values cannot be right, the others."""
        several = {
            name: field.right
            for name, field in self.form.fields.items()
            if name in self.form.errors and isinstance(field, ManyField)
        }
        return self.cleaned | several

    @cached_property
    def search(self) -> Search:
        """What the words of the question find, whatever else it asks."""
        return search(self.cleaned["q"], self.index)

    def excluding(self, *names: str) -> Chosen:
        """Choose what the question finds when the parameters `names` are left out of it."""
        chosen = self.index.public
        for name, part in self._parts.items():
            if name not in names:
                chosen &= part
        return chosen

    def with_role(self, role: str) -> Chosen:
        """Choose what the question finds when it asks for the part `role` ('' for any)."""
        return self.excluding("organisation", "role") & self._parties(role)

    @cached_property
    def _parts(self) -> dict[str, Chosen]:
        """What each parameter keeps by itself, of those that keep not everything."""
        everything = self.index.public
        return {
            name: self.filters[name].filter(everything, value)
            for name, value in self.cleaned.items()
            if value
        }

    def _parties(self, role: str) -> Chosen:
        if self.cleaned["organisation"]:
            if not role:
                return reduce(or_, self._asked_parties.values())
            return self._asked_parties[role]
        return self.index.with_role_taken(role) if role else self.index.public

    @cached_property
    def _asked_parties(self) -> dict[str, Chosen]:
        keys = [each.pk for each in self.cleaned["organisation"]]
        return {role: self.index.of_organisations(keys, role) for role in Party.Role.values}

    def keep_words(self, _all: Chosen, _: str, words: str) -> Chosen:
        """Keep those that the words find."""
        return self.search.mask

    def keep_themes(self, _all: Chosen, _: str, slugs: list[str]) -> Chosen:
        """Keep those under any of the themes."""
        return self.index.in_themes([self.themes[slug].pk for slug in slugs])

    def keep_organisations(self, _all: Chosen, _: str, asked: list[Organisation]) -> Chosen:
        """Keep those in which any of the organisations has a part, or the part asked for."""
        return self._parties(self.cleaned["role"])

    def keep_role(self, everything: Chosen, _: str, role: str) -> Chosen:
        """Keep those with such a part, if no organisation says whose."""
        return everything if self.cleaned["organisation"] else self._parties(role)

    def keep_reviews(self, _all: Chosen, _: str, statuses: list[str]) -> Chosen:
        """Keep those whose review has any of the statuses."""
        return self.index.reviewed(statuses, self.on)

    def keep_from(self, _all: Chosen, _: str, month: datetime.date) -> Chosen:
        """Keep those to be reviewed in the month or later."""
        return self.index.between(month, None)

    def keep_to(self, _all: Chosen, _: str, month: datetime.date) -> Chosen:
        """Keep those to be reviewed in the month or earlier."""
        return self.index.between(None, month)

    def keep_status(self, everything: Chosen, _: str, status: str) -> Chosen:
        """Keep those in force, those withdrawn, or both."""
        return self.index.in_status(IN_STATUS[status]) if status in IN_STATUS else everything

    def keep_all(self, everything: Chosen, _: str, _value: object) -> Chosen:
        """Keep every one: order and page choose nothing."""
        return everything


UNSAID = {"sort", "page"}  # they choose nothing


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One thing that was asked for, and the query string of the question without it."""

    name: str
    label: str
    query_without: str


def tags(asked: ProtocolFilter, query: Callable[..., str]) -> list[Tag]:
    """Return a tag for each value of a question; `query` writes the question with some changed."""
    found: list[Tag] = []
    for name, value in asked.kept.items():
        if name in UNSAID or not value or (name, value) == ("status", "current"):
            continue
        for one in value if isinstance(value, list) else [value]:
            rest = [other for other in value if other != one] if isinstance(value, list) else None
            found.append(
                Tag(
                    name=str(asked.filters[name].label),
                    label=_label(asked, name, one),
                    query_without=query(**{name: rest}),
                )
            )
    return found


def _label(asked: ProtocolFilter, name: str, value: Any) -> str:
    """Return a value as the page shows it."""
    if isinstance(value, datetime.date):
        return f"{value:%B %Y}"
    choices = dict(getattr(asked.form.fields[name], "choices", ()))
    return str(choices.get(value, value))


def written(value: Any) -> str:
    """Return a cleaned value as it stands in a query string."""
    if isinstance(value, datetime.date):
        return value.isoformat()[:7]  # strftime writes the year 987 with three digits
    return str(getattr(value, "slug", value))
