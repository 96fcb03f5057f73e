"""The parameters of the query string: validated, applied as filters, and shown as tags."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.formats import date_format

from registers.health.rules import RULES
from registers.models import Organisation, Party, Protocol
from registers.models.protocol_fields import FILTERS
from registers.models.review_dates import ReviewStatus
from registers.search.binding import ANY, OWN, Binding, bindings_of, bound
from registers.search.fields import (
    DayField,
    MonthField,
    MultipleField,
    OrganisationsField,
    PageField,
    SingleField,
    TextField,
    shallow_copy,
)
from registers.search.findings import found_by_any
from registers.search.index import Index, Mask, current_index
from registers.search.text.search import Search, search


def with_query(path: str, query: str) -> str:
    """Return the address `path` with a query string, which may be empty."""
    return f"{path}?{query}" if query else path


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
VIEWS = [("list", "List"), ("table", "Table")]
MAX_SEARCH_LENGTH = 200
ENDED = [("yes", "Has passed"), ("no", "None, or to come")]
THROUGH = [(ANY, "In its own name, or through another"), (OWN, "In its own name only")]


PAST_WORDS = (
    "Search: words cannot be searched in the past. Remove the words, or leave the day empty."
)
PAST_RECORDS = (
    "Record: records are only looked through as of today. Remove this filter, or leave the day"
    " empty."
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

        Months that end before they begin, one organisation on both sides, words or findings
        with a day.
        """
        cleaned = self.cleaned_data
        if self.refused_day and "on" in cleaned:
            self.add_error("on", self.refused_day)
        if self.is_past and cleaned.get("q"):
            self.add_error("q", PAST_WORDS)
        if self.is_past and cleaned.get("record"):
            self.add_error("record", PAST_RECORDS)
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


class Parameter(django_filters.Filter):
    """One parameter of the query string. Its field is the same for all requests."""

    def __deepcopy__(self, memo: Any) -> Parameter:
        _ = self.field  # built once, and then shared by the copies
        return shallow_copy(self)


def parameter(field_class: type[forms.Field], label: str, **kwargs: Any) -> Any:
    """Return one parameter, with the class of its form field."""
    made = Parameter(label=label, **kwargs)
    made.field_class = field_class
    return made


class ProtocolFilter(django_filters.FilterSet):
    """The parameters that `/` and every export accept, and the protocols that each selects.

    `today` is the day, a date in Europe/London; `on` is the day on which reviews are
    judged and whose successions and members count: today, or the past day that the query
    string asks for. `past` gives the index of such a day, or raises ValidationError with
    what is wrong with it. With `relaxed`, words that no protocol has together select the
    protocols with the most of them.
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
    kind = parameter(MultipleField, FILTERS["kind"].label)
    basis = parameter(MultipleField, "Lawful basis")
    special = parameter(MultipleField, FILTERS["special"].label)
    people = parameter(MultipleField, FILTERS["people"].label)
    ended = parameter(SingleField, "End of the agreement", choices=ENDED)
    record = parameter(MultipleField, "Record", choices=[(rule.key, rule.label) for rule in RULES])
    status = parameter(SingleField, "Status", choices=STATUSES, default="current")
    on = parameter(DayField, "Day")
    sort = parameter(SingleField, "Sort by", choices=SORTS, default="theme")
    view = parameter(SingleField, "Show as", choices=VIEWS, default="list")
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
    ) -> None:
        super().__init__(query, queryset=self._no_queryset())
        self.today = self.on = on
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
        for name in FILTERS:
            form.fields[name].choices = self.index.options(name)

    @staticmethod
    @cache
    def _no_queryset() -> Any:
        """Return what django-filter would filter: nothing, since the index says what is found."""
        return Protocol.public.none()

    @classmethod
    @cache
    def _form_class(cls) -> type[forms.Form]:
        """Return the class of the form, which is the same for every request."""
        fields = {name: each.field for name, each in cls.base_filters.items()}
        return type(f"{cls.__name__}Form", (cls._meta.form,), fields)

    def get_form_class(self) -> type[forms.Form]:
        """Return the class of the form."""
        return self._form_class()

    def _index_of_day(self, past: Past) -> Index:
        """Return the index of the day that is asked for. Raises ValidationError."""
        try:
            day = self.form.fields["on"].clean(self.data.get("on", ""))
        except ValidationError:  # the form says so
            day = None
        if day is None or day == self.today:
            return current_index()
        if day > self.today:
            raise ValidationError(f"Day: enter today ({self.today.isoformat()}) or an earlier day.")
        index = past(day)
        self.on = day
        return index

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
            on=self.on,
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
        return bindings_of(self.index, self.cleaned[name], on=self.on, through=through)

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
            **{name: partial(index.has_any_option, name) for name in FILTERS},
            "ended": lambda ended: (
                index.ended(self.on) if ended == "yes" else index.public & ~index.ended(self.on)
            ),
            "record": lambda keys: found_by_any(index, keys, self.on),
            "status": lambda status: (
                index.in_status(MODEL_STATUS[status]) if status in MODEL_STATUS else index.public
            ),
        }
        masks = {name: mask(asked[name]) for name, mask in select.items() if asked.get(name)}
        if any(asked[name] for name in ("organisation", "with", "role")):
            masks["organisation"] = self._bound(self.bindings, asked["role"])
        return masks


NOT_FILTERS = {"sort", "view", "page"}  # so no tags are shown for them
PLAIN = {"q", "theme", "organisation", "review", "on"}
DEFAULTS = {"through": ANY, "status": "current", "sort": "theme", "view": "list", "page": 1}


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One filter in use, and the query string without it.

    `needs_name` says that the label alone would not say what it is of.
    """

    name: str
    label: str
    query_without: str
    needs_name: bool


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
                    needs_name=name not in PLAIN,
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


def query_part(name: str, value: Any) -> str:
    """Return the part of the query string that a parameter has; empty for its default."""
    if not value or value == DEFAULTS.get(name):
        return ""
    several = value if isinstance(value, list) else [value]
    return urlencode(sorted((name, query_value(each, name)) for each in several))


def query_value(value: Any, name: str = "") -> str:
    """Return a cleaned value in the form of the query string; of `on` a day, else a month."""
    if isinstance(value, datetime.date) and name == "on":
        return value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()[:7]  # strftime writes the year 987 with three digits
    return str(getattr(value, "slug", value))
