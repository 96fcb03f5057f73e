"""The parameters of the query string: validated, applied as filters, and shown as tags."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.formats import date_format

from registers.models import Organisation, Party, Protocol, Slug
from registers.models.keys import slug_of
from registers.models.review_dates import ReviewStatus
from registers.search.binding import ANY, OWN, Binding, bindings_of, bound
from registers.search.index import Index, Mask, current_index
from registers.search.text.search import Search, search


def shorten(value: str) -> str:
    """Return `value` cut to 60 characters, for an error message."""
    return value if len(value) <= 60 else f"{value[:60]}…"  # noqa: PLR2004 (as documented)


def with_query(path: str, query: str) -> str:
    """Return the address `path` with a query string, which may be empty."""
    return f"{path}?{query}" if query else path


def _not_an_option(label: Any, value: str) -> str:
    return f"{label}: ‘{shorten(value)}’ is not one of the options. Select one of the options."


class TextField(forms.CharField):
    """Text. The error message names the field."""

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

    def to_python(self, value: Any) -> str:
        """Return the value, or the default."""
        return super().to_python(value) or self.default

    def validate(self, value: str) -> None:
        """Raise ValidationError for a value that is not a choice."""
        if value and not self.valid_value(value):
            raise ValidationError(_not_an_option(self.label, value))


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
        slugs = Slug.objects.filter(text__in=wanted.values()).select_related("organisation")
        found = {slug.text: slug.organisation for slug in slugs}
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
            raise ValidationError(
                f"{self.label}: ‘{shorten(text)}’ is not a month. Enter it like 2024-03."
            )
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
            raise ValidationError(f"{self.label}: enter a real date, like 2022-06-30.")
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


STATUSES = [("current", "In force"), ("withdrawn", "Withdrawn"), ("all", "In force and withdrawn")]
MODEL_STATUS = {"current": Protocol.Status.PUBLISHED, "withdrawn": Protocol.Status.WITHDRAWN}
SORTS = [
    ("theme", "Theme"),
    ("reference", "Reference"),
    ("title", "Title"),
    ("review", "Review date, earliest first"),
    ("-review", "Review date, latest first"),
    ("relevance", "Best match"),
]
MAX_SEARCH_LENGTH = 200
THROUGH = [(ANY, "In its own name, or through another"), (OWN, "In its own name only")]


PAST_WORDS = (
    "Search: words cannot be searched in the past. Remove the words, or leave the day empty."
)
Past = Callable[[datetime.date], Index]


def no_past(on: datetime.date) -> Index:
    """Refuse every past day: for lists that are only of today."""
    raise ValidationError("Day: this list is only shown as of today. Leave the day empty.")


class QuestionForm(forms.Form):
    """The form of all parameters, with the check of one value against another.

    `refused_day` says why the register of the day that was asked for cannot be shown.
    """

    refused_day, is_past = "", False

    def clean(self) -> dict[str, Any]:
        """Refuse values that do not go together, and days of which nothing is recorded.

        Months that end before they begin, one organisation on both sides, words with a day.
        """
        cleaned = self.cleaned_data
        if self.refused_day and "on" in cleaned:
            self.add_error("on", self.refused_day)
        if self.is_past and cleaned.get("q"):
            self.add_error("q", PAST_WORDS)
        asked = cleaned.get("organisation") or []
        for other in cleaned.get("with") or []:
            if other in asked:
                self.add_error(
                    "with",
                    f"Named together with: {other} is the organisation that you asked for. Enter"
                    " another one.",
                )
        first, last = cleaned.get("review_from"), cleaned.get("review_to")
        if first and last and last < first:
            self.add_error(
                "review_to", "Review to: enter the same month as ‘from’, or a later one."
            )
        return cleaned


def parameter(field_class: type[forms.Field], label: str, **kwargs: Any) -> Any:
    """Return one parameter, with the class of its form field."""
    made = django_filters.Filter(label=label, **kwargs)
    made.field_class = field_class
    return made


class ProtocolFilter(django_filters.FilterSet):
    """The parameters that `/` and every export accept, and the protocols that each selects.

    `today` is the day, a date in Europe/London; `on` is the day on which reviews are
    judged: today, or the past day that the query string asks for. `past` gives the index
    of such a day, or raises ValidationError with what is wrong with it. `linked_on` is the day
    of successions and members, where that is another than `on`. With `relaxed`,
    words that no protocol has together select the protocols with the most of them.
    """

    # In the order of canonical query strings.
    q = parameter(TextField, "Search", max_length=MAX_SEARCH_LENGTH)
    theme = parameter(MultipleField, "Theme")
    organisation = parameter(OrganisationsField, "Organisation")
    role = parameter(SingleField, "Role", choices=Party.Role.choices)
    # `with` is a keyword of Python.
    locals()["with"] = parameter(OrganisationsField, "Named together with")
    through = parameter(SingleField, "Through", choices=THROUGH, default=ANY)
    review = parameter(MultipleField, "Review", choices=ReviewStatus.choices)
    review_from = parameter(MonthField, "Review from")
    review_to = parameter(MonthField, "Review to")
    status = parameter(SingleField, "Status", choices=STATUSES, default="current")
    on = parameter(DayField, "Day")
    sort = parameter(SingleField, "Sort by", choices=SORTS, default="theme")
    page = parameter(PageField, "Page")

    class Meta:
        model = Protocol
        fields: ClassVar[list[str]] = []
        form = QuestionForm

    def __init__(
        self,
        query: QueryDict,
        *,
        on: datetime.date,
        relaxed: bool = False,
        past: Past = no_past,
        linked_on: datetime.date | None = None,
    ) -> None:
        super().__init__(query, queryset=Protocol.public.none())
        self.today = self.on = on
        self._linked_on = linked_on
        self.relaxed = relaxed
        form: Any = self.form
        try:
            self.index = self._index_of_day(past)
        except ValidationError as problem:
            form.refused_day = problem.messages[0]
            self.index = current_index()
        form.is_past = self.is_past
        self.themes = {theme.slug: theme for theme in self.index.themes}
        form.fields["theme"].choices = [(t.slug, t.name) for t in self.themes.values()]

    def _index_of_day(self, past: Past) -> Index:
        """Return the index of the day that is asked for. Raises ValidationError."""
        try:
            day = self.form.fields["on"].clean(self.data.get("on", ""))
        except ValidationError:  # the form says so
            day = None
        if day is None or day == self.today:
            return current_index()
        if day > self.today:
            raise ValidationError("Day: enter today or an earlier day, like 2022-06-30.")
        index = past(day)
        self.on = day
        return index

    @property
    def linked_on(self) -> datetime.date:
        """The day of the links between organisations."""
        return self._linked_on or self.on

    @property
    def is_past(self) -> bool:
        """Whether a past day was asked for, and can be shown."""
        return bool(self.on < self.today)

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        """The value of each parameter, without the invalid ones. Today is no day of its own."""
        self.form.is_valid()
        values = dict(self.form.cleaned_data)
        return values | ({"on": None} if values.get("on") == self.today else {})

    @cached_property
    def valid_values(self) -> dict[str, Any]:
        """The same, and the valid ones of several values of which another is invalid."""
        several = {
            name: field.valid_values
            for name, field in self.form.fields.items()
            if name in self.form.errors and isinstance(field, MultipleField)
        }
        return self.cleaned | several

    @cached_property
    def search(self) -> Search:
        """What the search words find, ignoring all other filters."""
        return search(self.cleaned["q"], self.index)

    def excluding(self, *names: str) -> Mask:
        """Return the mask of all filters except those of the parameters `names`."""
        chosen = self.index.public
        for name, mask in self._masks.items():
            if name not in names:
                chosen &= mask
        return chosen

    def mask_with_role(self, role: str) -> Mask:
        """Return the mask of all filters, with `role` ('' for any) instead of the one asked for."""
        return self.excluding("organisation") & self._bound(self.bindings, role)

    def mask_through(self, through: str) -> Mask:
        """Return the mask of all filters, with `through` instead of the one asked for."""
        asked, others = (self._bindings(name, through) for name in ("organisation", "with"))
        role = self.cleaned["role"]
        return self.excluding("organisation") & self._bound(asked, role, others)

    def bound_with_others(self, organisation: Organisation) -> Mask | None:
        """Return the mask of what binds this organisation, in the role and with those asked for.

        None where that is what names it itself.
        """
        binding = Binding(
            self.index,
            organisation.pk,
            on=self.linked_on,
            through=self.cleaned["through"],
        )
        if not binding.is_linked and not self.together:
            return None
        return self._bound([binding], self.cleaned["role"])

    @cached_property
    def bindings(self) -> list[Binding]:
        """What binds each organisation that was asked for."""
        return self._bindings("organisation", self.cleaned["through"])

    @cached_property
    def together(self) -> list[Binding]:
        """What binds each organisation that must take part too."""
        return self._bindings("with", self.cleaned["through"])

    def _bindings(self, name: str, through: str) -> list[Binding]:
        return bindings_of(self.index, self.cleaned[name], on=self.linked_on, through=through)

    def _bound(
        self, asked: list[Binding], role: str, together: list[Binding] | None = None
    ) -> Mask:
        together = self.together if together is None else together
        if not asked and role:
            chosen = self.index.with_role(role)
            return chosen & bound([], together) if together else chosen
        return bound(asked, together, role) if asked or together else self.index.public

    @cached_property
    def _masks(self) -> dict[str, Mask]:
        """The mask of each parameter that filters. That of organisations is of their role too."""
        asked, index = self.cleaned, self.index
        select: dict[str, Callable[[Any], Mask]] = {
            "q": lambda _: self.search.most_words if self.relaxed else self.search.mask,
            "theme": lambda slugs: index.in_themes([self.themes[slug].pk for slug in slugs]),
            "review": lambda statuses: index.with_review_status(statuses, self.on),
            "review_from": lambda month: index.review_between(month, None),
            "review_to": lambda month: index.review_between(None, month),
            "status": lambda status: (
                index.in_status(MODEL_STATUS[status]) if status in MODEL_STATUS else index.public
            ),
        }
        masks = {name: mask(asked[name]) for name, mask in select.items() if asked.get(name)}
        if any(asked[name] for name in ("organisation", "with", "role")):
            masks["organisation"] = self._bound(self.bindings, asked["role"])
        return masks


NOT_FILTERS = {"sort", "page"}  # so no tags are shown for them
DEFAULTS = {"through": ANY, "status": "current", "sort": "theme", "page": 1}


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One filter in use, and the query string without it."""

    name: str
    label: str
    query_without: str


def tags(filters: ProtocolFilter, query: Callable[..., str]) -> list[Tag]:
    """Return a tag for each filter value; `query` returns the query string with changes."""
    made: list[Tag] = []
    for name, value in filters.valid_values.items():
        if name in NOT_FILTERS or not value or value == DEFAULTS.get(name):
            continue
        for one in value if isinstance(value, list) else [value]:
            rest = [other for other in value if other != one] if isinstance(value, list) else None
            made.append(
                Tag(
                    name=str(filters.filters[name].label),
                    label=_label(filters, name, one),
                    query_without=query(**{name: rest}),
                )
            )
    return made


def _label(filters: ProtocolFilter, name: str, value: Any) -> str:
    """Return a value as pages show it."""
    if name == "on":
        return f"As recorded on {date_format(value, 'j F Y')}"
    if isinstance(value, datetime.date):
        return f"{value:%B %Y}"
    choices = dict(getattr(filters.form.fields[name], "choices", ()))
    return str(choices.get(value, value))


def query_value(value: Any, name: str = "") -> str:
    """Return a cleaned value in the form of the query string; of `on` a day, else a month."""
    if isinstance(value, datetime.date) and name == "on":
        return value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()[:7]  # strftime writes the year 987 with three digits
    return str(getattr(value, "slug", value))
