"""The query string: read once at the door, cleaned into a question, turned into a queryset."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.http import QueryDict

from registers.finding.fields import (
    ManyField,
    MonthField,
    OneField,
    OrganisationsField,
    PageField,
    TextField,
)
from registers.finding.search import by_relevance, search
from registers.models import Organisation, Party, Protocol, Theme
from registers.models.protocol_queryset import URGENCY, ProtocolQuerySet
from registers.models.review_dates import ReviewStatus, reviewed

STATUSES = [("current", "In force"), ("withdrawn", "Withdrawn"), ("all", "In force and withdrawn")]
SORTS = [
    ("theme", "Theme"),
    ("reference", "Reference"),
    ("title", "Title"),
    ("review", "Review date, earliest first"),
    ("-review", "Review date, latest first"),
    ("relevance", "Best match"),
]
ORDERS: dict[str, list[Any]] = {
    "theme": ["theme__position", "theme__name", "reference"],
    "reference": ["reference"],
    "title": [Lower("title"), "reference"],
    "review": [URGENCY, "reference"],
    "-review": [F("review_date").desc(nulls_last=True), "reference"],
}
LONGEST_WORDS = 200


def any_review(statuses: list[str], on: datetime.date) -> Q:
    """Return the condition that a review has any of `statuses` on the day `on`; none means all."""
    condition = Q()
    for status in statuses:
        condition |= reviewed(ReviewStatus(status), on)
    return condition


def in_status(status: str) -> Q:
    """Return the condition for a word of the parameter `status`."""
    return {
        "current": Q(status=Protocol.Status.PUBLISHED),
        "withdrawn": Q(status=Protocol.Status.WITHDRAWN),
        "all": Q(),
    }[status]


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
        super().__init__(query, queryset=Protocol.public.all())
        self.on = on
        self.themes = {theme.slug: theme for theme in Theme.objects.all()}
        choices: Any = self.form.fields["theme"]
        choices.choices = [(t.slug, t.name) for t in self.themes.values()]

    @property
    def cleaned(self) -> dict[str, Any]:
        """The question: each parameter's value; one that cannot be right is absent."""
        self.form.is_valid()
        return dict(self.form.cleaned_data)

    @property
    def kept(self) -> dict[str, Any]:
        """The question, and where some of several values cannot be right, the others."""
        several = {
            name: field.right
            for name, field in self.form.fields.items()
            if name in self.form.errors and isinstance(field, ManyField)
        }
        return self.cleaned | several

    def without(self, *names: str) -> ProtocolQuerySet:
        """Return what the question finds when the parameters `names` are left out of it."""
        protocols = Protocol.public.get_queryset()
        for name, value in self.cleaned.items():
            if name not in names:
                protocols = self.filters[name].filter(protocols, value)
        return protocols

    def found(self) -> ProtocolQuerySet:
        """Return what the question finds, in the order that it asks for."""
        cleaned = self.cleaned
        if cleaned["sort"] == "relevance" and cleaned["q"]:
            return by_relevance(self.without(), cleaned["q"])
        return self.without().order_by(*ORDERS.get(cleaned["sort"], ORDERS["theme"]))

    def keep_words(self, protocols: ProtocolQuerySet, _: str, words: str) -> ProtocolQuerySet:
        """Keep those that the words find."""
        return search(protocols, words)

    def keep_themes(
        self, protocols: ProtocolQuerySet, _: str, slugs: list[str]
    ) -> ProtocolQuerySet:
        """Keep those under any of the themes."""
        return protocols.in_themes([self.themes[slug] for slug in slugs])

    def keep_organisations(
        self, protocols: ProtocolQuerySet, _: str, organisations: list[Organisation]
    ) -> ProtocolQuerySet:
        """Keep those in which any of the organisations has a part, or the part asked for."""
        return protocols.of_organisations(organisations, self.cleaned["role"])

    def keep_role(self, protocols: ProtocolQuerySet, _: str, role: str) -> ProtocolQuerySet:
        """Keep those with such a part, if no organisation says whose."""
        return protocols if self.cleaned["organisation"] else protocols.with_role_taken(role)

    def keep_reviews(
        self, protocols: ProtocolQuerySet, _: str, statuses: list[str]
    ) -> ProtocolQuerySet:
        """Keep those whose review has any of the statuses."""
        return protocols.filter(any_review(statuses, self.on))

    def keep_from(
        self, protocols: ProtocolQuerySet, _: str, month: datetime.date
    ) -> ProtocolQuerySet:
        """Keep those to be reviewed in the month or later."""
        return protocols.filter(review_date__gte=month)

    def keep_to(
        self, protocols: ProtocolQuerySet, _: str, month: datetime.date
    ) -> ProtocolQuerySet:
        """Keep those to be reviewed in the month or earlier."""
        return protocols.filter(review_date__lte=month)

    def keep_status(self, protocols: ProtocolQuerySet, _: str, status: str) -> ProtocolQuerySet:
        """Keep those in force, those withdrawn, or both."""
        return protocols.filter(in_status(status))

    def keep_all(self, protocols: ProtocolQuerySet, _: str, _value: object) -> ProtocolQuerySet:
        """Keep every one: order and page choose nothing."""
        return protocols
