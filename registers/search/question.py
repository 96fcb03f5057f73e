"""The query string: read once at the door, cleaned into a question, turned into a choice."""

from __future__ import annotations

import datetime
from functools import cached_property, reduce
from operator import or_
from typing import Any, ClassVar

import django_filters
from django import forms
from django.http import QueryDict

from registers.models import Organisation, Party, Protocol
from registers.models.review_dates import ReviewStatus
from registers.search.fields import (
    ManyField,
    MonthField,
    OneField,
    OrganisationsField,
    PageField,
    TextField,
)
from registers.search.index import Chosen
from registers.search.index_loader import index_now
from registers.search.text.search import Search, search

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

    def without(self, *names: str) -> Chosen:
        """Choose what the question finds when the parameters `names` are left out of it."""
        chosen = self.index.public
        for name, part in self._parts.items():
            if name not in names:
                chosen &= part
        return chosen

    def with_role(self, role: str) -> Chosen:
        """Choose what the question finds when it asks for the part `role` ('' for any)."""
        return self.without("organisation", "role") & self._parties(role)

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
