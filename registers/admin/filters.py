"""The questions at the side of a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from registers.models import Organisation, Party
from registers.models.review_dates import ReviewStatus, reviewed

Choices = list[tuple[str, str]]


class OneOf(admin.SimpleListFilter):
    """A filter that keeps what fits one of its choices. A value that is none of them is refused."""

    def choose(self, things: Any, value: str) -> Any:
        """Return those of `things` that fit the choice `value`. Each filter says how."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what fits the choice that was made, or all."""
        value = self.value()
        if value is None:
            return queryset
        if value not in dict(self.lookup_choices):
            raise IncorrectLookupParameters(f"{self.parameter_name}={value}")
        chosen: QuerySet[Any] = self.choose(queryset, value)
        return chosen


class ReviewFilter(OneOf):
    """How the review stands today."""

    title = "review today"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return every review status."""
        return ReviewStatus.choices

    def choose(self, things: Any, value: str) -> Any:
        """Return those whose review stands so today."""
        return things.filter(reviewed(ReviewStatus(value), timezone.localdate()))


class LeadFilter(OneOf):
    """The organisation that leads."""

    title = "lead organisation"
    parameter_name = "lead"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the organisations that lead anything, by their addresses."""
        leading = Party.objects.filter(role=Party.Role.LEAD).values("organisation")
        return list(Organisation.objects.filter(pk__in=leading).values_list("slug", "name"))

    def choose(self, things: Any, value: str) -> Any:
        """Return the protocols that the organisation leads."""
        return things.of_organisations(Organisation.objects.filter(slug=value), Party.Role.LEAD)


class UnclearFilter(OneOf):
    """Whether administrators noted that something is still unclear."""

    title = "still unclear"
    parameter_name = "unclear"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return yes and no."""
        return [("yes", "Noted as unclear"), ("no", "Nothing noted")]

    def choose(self, things: Any, value: str) -> Any:
        """Return those with such a note, or without."""
        return things.exclude(admin_note="") if value == "yes" else things.filter(admin_note="")


class ContactFilter(OneOf):
    """Whether it can be reminded of its reviews."""

    title = "contact for reminders"
    parameter_name = "contact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return yes, and no where that matters."""
        return [("lacking", "Leads, and has none"), ("has", "Has one")]

    def choose(self, things: Any, value: str) -> Any:
        """Return those with a contact, or those that should have one."""
        return things.lacking_contact() if value == "lacking" else things.exclude(contact=None)


class OutcomeFilter(OneOf):
    """What became of a reminder."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the good end and the bad."""
        return [("unresolved", "Not sent, and none since"), ("sent", "Sent")]

    def choose(self, things: Any, value: str) -> Any:
        """Return those that were sent, or those that still matter."""
        return things.unresolved() if value == "unresolved" else things.sent()
