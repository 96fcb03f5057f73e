"""The questions at the side of a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from registers.models import Organisation, Party, Protocol
from registers.models.completeness import BY_KEY, RECORD_ITEMS
from registers.models.review_dates import ReviewStatus, reviewed
from registers.search.admin_search import called_anything_like

Choices = list[tuple[str, str]]
MOST_LEADS = 40  # a person reads so many; of more, a name is typed


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
    """How the review stands today. None is due of what is withdrawn."""

    title = "review today"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return every review status."""
        return ReviewStatus.choices

    def choose(self, things: Any, value: str) -> Any:
        """Return those whose review stands so today."""
        due = things.exclude(status=Protocol.Status.WITHDRAWN)
        return due.filter(reviewed(ReviewStatus(value), timezone.localdate()))


class MissingFilter(OneOf):
    """What its public page calls 'Not recorded'."""

    title = "what is missing"
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return each thing that can be missing."""
        return [(thing.key, thing.words) for thing in RECORD_ITEMS]

    def choose(self, things: Any, value: str) -> Any:
        """Return those without it."""
        return things.filter(BY_KEY[value].lacking)


class LeadFilter(OneOf):
    """The organisation that leads: of a few, or by any of its names where they are many."""

    title = "lead organisation"
    parameter_name = "lead"
    template = "admin/registers/protocol/lead_filter.html"
    asked: dict[str, Any]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the organisations that lead anything, by their addresses; none if too many."""
        leading = Party.objects.filter(role=Party.Role.LEAD).values("organisation")
        found = Organisation.objects.filter(pk__in=leading).values_list("slug", "name")
        few = list(found[: MOST_LEADS + 1])
        return few if len(few) <= MOST_LEADS else []

    def has_output(self) -> bool:
        """Stand there with a box to type in, also without choices."""
        return True

    def choices(self, changelist: Any) -> Any:
        """Return the choices, and remember what else is asked, for the form with the box."""
        others = {self.parameter_name, PAGE_VAR, ERROR_FLAG}
        self.asked = {
            name: value for name, value in changelist.params.items() if name not in others
        }
        return super().choices(changelist)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what the organisation with this address leads, or any with such a name."""
        value = (self.value() or "").strip()
        return self.choose(queryset, value) if value else queryset

    def choose(self, things: Any, value: str) -> Any:
        """Return the protocols that such an organisation leads."""
        organisations: QuerySet[Organisation] = Organisation.objects.filter(slug=value)
        if not organisations.exists():
            organisations = called_anything_like(value)
        return things.of_organisations(organisations, Party.Role.LEAD)


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
