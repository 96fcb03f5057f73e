"""The form of a protocol and its parties, with or without JavaScript.

A page has them with `?plain=1` in its address, which it offers where scripts do not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from registers.admin.base import FormSet, ModelForm, MonthField, ReasonForm, RecordedInline
from registers.admin.permissions import GuardedForm
from registers.models import Organisation, Party, Protocol
from registers.models.keys import spellings_of
from registers.search.reference_log import next_reference

EMPTY_ROWS = 3

if TYPE_CHECKING:
    OrganisationField = forms.ModelChoiceField[Organisation]
else:
    OrganisationField = forms.ModelChoiceField


def is_plain(request: HttpRequest) -> bool:
    """Say whether this page is asked for without what needs JavaScript."""
    return "plain" in request.GET


class NamedOrganisation(OrganisationField):
    """A box for any name of an organisation."""

    widget = AdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """Return the official name of the organisation that is chosen, or what was typed."""
        if isinstance(value, int):
            return Organisation.objects.filter(pk=value).values_list("name", flat=True).first()
        return value

    def to_python(self, value: Any) -> Organisation | None:
        """Return the organisation with this name. Raises ValidationError if there is none."""
        if value in self.empty_values:
            return None
        found = Organisation.objects.named(str(value)).first()
        if found is None:
            raise ValidationError(
                f"No organisation has the name '{value}'. Write any of its names, in full."
            )
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether another name stands there than the one that was shown."""
        return str(self.prepare_value(initial) or "") != str(data or "")


class PlainChoices:
    """A form or rows of it, whose choices of other things are typed where a page is plain."""

    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        """Return none where the page is plain."""
        return () if is_plain(request) else super().get_autocomplete_fields(request)  # type: ignore[misc]  # a mixin

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let the key be typed, such as a reference, where the page is plain."""
        if is_plain(request) and db_field.name in self.autocomplete_fields:  # type: ignore[attr-defined]  # a mixin
            kwargs["widget"] = AdminTextInputWidget(attrs={"class": ""})
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin


class PlainRows(PlainChoices):
    """Rows that stand there empty where the page is plain: no script can add them."""

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return how many."""
        rows: int = super().get_extra(request, obj, **kwargs)  # type: ignore[misc]  # a mixin
        return EMPTY_ROWS if is_plain(request) else rows


class PartyForm(ModelForm):
    """One row. Whether it fits the other rows is for all of them to say."""

    def validate_constraints(self) -> None:
        """Leave it to the form set: a lead may go to another row in the same breath."""


class PlainPartyForm(PartyForm):
    """One row whose organisation is typed."""

    organisation = NamedOrganisation(Organisation.objects.all())


class PartyFormSet(FormSet):
    """All parties of a protocol, judged together as they will be, not one by one as they are."""

    def clean(self) -> None:
        """Refuse a second lead, and an organisation that has a role twice, beside its role."""
        seen: set[tuple[Organisation, str]] = set()
        lead: Organisation | None = None
        for form in self.forms:
            row = form.cleaned_data
            organisation, role = row.get("organisation"), row.get("role")
            if row.get("DELETE") or not (organisation and role):
                continue
            if (organisation, role) in seen:
                form.add_error("role", f"{organisation} has this role twice.")
            elif role == Party.Role.LEAD and lead:
                form.add_error("role", f"A protocol has one lead organisation. {lead} leads it.")
            elif role == Party.Role.LEAD:
                lead = organisation
            seen.add((organisation, role))

    def save(self, commit: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 (Django's own)
        """Return what must be saved, in an order in which no row stands in another's way."""
        parties = super().save(commit=commit)
        for party, changed in self.changed_objects:
            if "organisation" in changed:
                # Another organisation is another party; so two rows may change places too.
                self.deleted_objects.append(Party.objects.get(pk=party.pk))
                party.pk = None
                party._state.adding = True
        last = self.instance.parties.aggregate(last=models.Max("position"))["last"]
        for position, party in enumerate(self.new_objects, 0 if last is None else last + 1):
            party.position = position
        return sorted(parties, key=lambda party: party.role == Party.Role.LEAD)


class PartyInline(PlainRows, RecordedInline):
    """Who takes part, and how."""

    model = Party
    form = PartyForm
    formset = PartyFormSet
    known_by = ("organisation", "role")
    autocomplete_fields = ("organisation",)
    formfield_overrides = RecordedInline.formfield_overrides | {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 22})}
    }
    fields = ("organisation", "role", "name_as_published", "note", "signed_on")
    verbose_name = "organisation"
    verbose_name_plural = "Who: the organisations"
    stands_before = "Who: is the list complete?"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the rows' class, with a box to type in where the page is plain."""
        if is_plain(request):
            kwargs["form"] = PlainPartyForm
        return super().get_formset(request, obj, **kwargs)


WITHDRAWAL = ("withdrawn_on", "withdrawn_reason", "replaced_by")


def taken() -> str:
    """Return what is said of a reference that a protocol has: another officer was quicker."""
    free = next_reference()
    also = f" The next free one is {free}." if free else ""
    return f"A protocol has this reference already.{also}"


class ProtocolForm(GuardedForm, ReasonForm):
    """The protocol itself."""

    review_date = MonthField(
        label="Review month",
        required=False,
        help_text="Month and year, such as March 2027. The review is due on its last day.",
    )

    class Meta:
        help_texts = {
            "status": "A draft is seen by editors alone. A withdrawn protocol stays public.",
            "withdrawn_on": "Only for the status Withdrawn.",
            "withdrawn_reason": "Only for the status Withdrawn. Public.",
            "replaced_by": "If another protocol took its place. Readers are led there.",
        }

    def clean_reference(self) -> str:
        """Refuse a number that a protocol has: another officer may have been offered it too."""
        reference: str = self.cleaned_data["reference"]
        if Protocol.objects.filter(pk__in=[reference, *spellings_of(reference)]).exists():
            raise ValidationError(taken())
        return reference

    def clean(self) -> dict[str, Any] | None:
        """Ask for the day and the reason of a withdrawal; forget them when it is back in force."""
        cleaned = super().clean() or {}
        if "status" not in cleaned:
            return cleaned
        before, now = self.initial.get("status"), cleaned["status"]
        if now == Protocol.Status.PUBLISHED and before == Protocol.Status.WITHDRAWN:
            self._forget_withdrawal(cleaned)
        withdrawn = now == Protocol.Status.WITHDRAWN
        for field, wanted in (
            ("withdrawn_on", "Write the day on which it was withdrawn."),
            ("withdrawn_reason", "Write why it was withdrawn. The public reads it."),
        ):
            if field in self.errors:
                continue
            if withdrawn and not cleaned.get(field):
                self.add_error(field, wanted)
            if not withdrawn and cleaned.get(field):
                self.add_error(field, "Choose the status Withdrawn, or empty this box.")
        return cleaned

    def _forget_withdrawal(self, cleaned: dict[str, Any]) -> None:
        """Empty what stands there still. What was typed anew is a slip, and is asked about."""
        for field in WITHDRAWAL:
            if field in cleaned and field not in self.changed_data:
                cleaned[field] = "" if field == "withdrawn_reason" else None
