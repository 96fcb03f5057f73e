"""The filters at the side of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import mark_safe

from registers.health.rules import BY_KEY as BY_RULE
from registers.health.rules import RULES
from registers.models import Organisation, Party, Protocol
from registers.models.completeness import BY_KEY, RECORD_ITEMS
from registers.models.review_dates import ReviewStatus, reviewed
from registers.search.admin_search import search_organisations
from registers.search.findings import found_by_any, references_in
from registers.search.index import current_index

MAX_LEADS = 40  # a person can read so many; with more, the filter is a box to type a name in


class SingleChoiceFilter(admin.SimpleListFilter):
    """A filter by one of its `options`. Any other value is refused, as Django refuses one."""

    options: Sequence[tuple[str, str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Return the options: values with their labels."""
        return self.options

    def apply(self, things: Any, value: str) -> Any:
        """Return those of `things` that match `value`, one of the choices."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what matches the choice, or all without one."""
        value = self.value()
        if value is None:
            return queryset
        if value not in dict(self.lookup_choices):
            raise IncorrectLookupParameters(f"{self.parameter_name}={value}")
        chosen: QuerySet[Any] = self.apply(queryset, value)
        return chosen


class ReviewFilter(SingleChoiceFilter):
    """The review status today. A withdrawn protocol has none."""

    title = "review today"
    parameter_name = "review"
    options = ReviewStatus.choices

    def apply(self, things: Any, value: str) -> Any:
        """Return those with this review status today."""
        due = things.exclude(status=Protocol.Status.WITHDRAWN)
        return due.filter(reviewed(ReviewStatus(value), timezone.localdate()))


class EndFilter(SingleChoiceFilter):
    """Whether the end that it was agreed until has passed today. A withdrawn protocol has none."""

    title = "end of the agreement"
    parameter_name = "ended"
    options = [("yes", "Has passed"), ("no", "Still to come"), ("unknown", "No end recorded")]

    def apply(self, things: Any, value: str) -> Any:
        """Return those whose last day is before today, is to come, or is not recorded."""
        today = timezone.localdate()
        which = {"yes": {"ends_on__lt": today}, "no": {"ends_on__gte": today}}
        standing = things.exclude(status=Protocol.Status.WITHDRAWN)
        return standing.filter(**which.get(value, {"ends_on": None}))


class MissingFilter(SingleChoiceFilter):
    """What its public page calls 'Not recorded'."""

    title = "what is missing"
    parameter_name = "missing"
    options = [(thing.key, thing.words) for thing in RECORD_ITEMS]

    def apply(self, things: Any, value: str) -> Any:
        """Return those without it."""
        return things.filter(BY_KEY[value].lacking)


class FindingFilter(SingleChoiceFilter):
    """What the rules find of what is in force: nothing of drafts, which are not finished."""

    title = "what to put right"
    parameter_name = "finding"
    options = [("any", "Anything"), *((rule.key, rule.label) for rule in RULES)]

    def apply(self, things: Any, value: str) -> Any:
        """Return those of which this rule, or any, finds something today."""
        keys = [value] if value in BY_RULE else list(BY_RULE)
        found = found_by_any(current_index(), keys, timezone.localdate())
        return things.filter(pk__in=references_in(found))


class RelatedFilter(admin.RelatedFieldListFilter):
    """What a field leads to, such as a theme; 'None' in place of a dash."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_value_display = mark_safe("None")


class LeadFilter(SingleChoiceFilter):
    """The lead organisation: a list of links, or a box for any of its names if there are many."""

    title = "lead organisation"
    parameter_name = "lead"
    template = "admin/registers/protocol/lead_filter.html"
    other_params: dict[str, Any]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the organisations that lead a protocol, by slug; none if there are too many."""
        leading = Party.objects.filter(role=Party.Role.LEAD).values("organisation")
        found = Organisation.objects.filter(pk__in=leading).values_list("slug", "name")
        few = list(found[: MAX_LEADS + 1])
        return few if len(few) <= MAX_LEADS else []

    def has_output(self) -> bool:
        """Show the filter without choices too: it is then a box to type in."""
        return True

    def choices(self, changelist: Any) -> Any:
        """Return the choices, and keep the other parameters for the form with the box."""
        others = {self.parameter_name, PAGE_VAR, ERROR_FLAG}
        self.other_params = {
            name: value for name, value in changelist.params.items() if name not in others
        }
        return super().choices(changelist)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what the organisation with this slug, or any with a similar name, leads."""
        value = (self.value() or "").strip()
        return self.apply(queryset, value) if value else queryset

    def apply(self, things: Any, value: str) -> Any:
        """Return the protocols that those organisations lead."""
        organisations: QuerySet[Organisation] = Organisation.objects.filter(slug=value)
        if not organisations.exists():
            organisations = search_organisations(value)
        return things.of_organisations(organisations, Party.Role.LEAD)


class UnclearFilter(SingleChoiceFilter):
    """Whether administrators noted that something is still unclear."""

    title = "what is unclear"
    parameter_name = "unclear"
    options = [("yes", "Noted as unclear"), ("no", "Nothing noted")]

    def apply(self, things: Any, value: str) -> Any:
        """Return those with such a note, or without."""
        return things.exclude(admin_note="") if value == "yes" else things.filter(admin_note="")


class ContactFilter(SingleChoiceFilter):
    """Whether an organisation has a contact for reminders."""

    title = "contact for reminders"
    parameter_name = "contact"
    # 'Has none' is for leads alone: others are never reminded.
    options = [("lacking", "Is a lead and has none"), ("has", "Has one")]

    def apply(self, things: Any, value: str) -> Any:
        """Return those with a contact, or those that lead and have none."""
        return things.lacking_contact() if value == "lacking" else things.exclude(contact=None)


class OutcomeFilter(SingleChoiceFilter):
    """Whether a reminder was sent."""

    title = "outcome"
    parameter_name = "outcome"
    options = [("unresolved", "Not sent, and no later one sent"), ("sent", "Sent")]

    def apply(self, things: Any, value: str) -> Any:
        """Return those that were sent, or those that failed with no later one sent."""
        return things.unresolved() if value == "unresolved" else things.sent()
