"""The form of a protocol and its parties, with or without JavaScript.

A page without scripts links to `?plain=1`, where autocomplete fields are text boxes.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from registers.admin.base import RecordedInline
from registers.admin.forms import ReasonForm, RecordedFormSet, ReviewMonthField
from registers.admin.options import RecordBox, know_stored_options
from registers.admin.party_organisation import (
    CHOOSE,
    OrganisationField,
    OrganisationInput,
    OrganisationNameField,
    OrganisationSelect,
    PartyForm,
    sent_value,
)
from registers.imports.pasted_lists import likely_organisations
from registers.models import Organisation, Party, Protocol
from registers.models.keys import key_of
from registers.models.organisation import NO_APPROVAL
from registers.models.protocol_fields import FormSection
from registers.models.references import check_new_reference, example, reference_key
from registers.search.reference_log import next_reference

EMPTY_ROWS = 3
KEY = re.compile(r"[0-9]{1,18}")
FOLDED = "<details{}><summary>Written differently?</summary>{}</details>"
OPEN = mark_safe(" open")


def without_javascript(request: HttpRequest) -> bool:
    """Return whether the page is asked for without widgets that need JavaScript."""
    return "plain" in request.GET


class NoScriptRows:
    """An inline of text boxes, with empty rows, without JavaScript: no script can add them."""

    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        """Return none without JavaScript."""
        return () if without_javascript(request) else super().get_autocomplete_fields(request)  # type: ignore[misc]  # a mixin

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use a text box for the key, such as a reference, without JavaScript."""
        if without_javascript(request) and db_field.name in self.autocomplete_fields:  # type: ignore[attr-defined]  # a mixin
            kwargs.setdefault("widget", AdminTextInputWidget(attrs={"class": ""}))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the link to add an object without JavaScript: it would leave the form."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin
        widget = getattr(field, "widget", None)
        if without_javascript(request) and isinstance(widget, RelatedFieldWidgetWrapper):
            field.widget = widget.widget
        return field

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return how many empty rows to show."""
        rows: int = super().get_extra(request, obj, **kwargs)  # type: ignore[misc]  # a mixin
        return EMPTY_ROWS if without_javascript(request) else rows


class FoldedNameInput(forms.TextInput):
    """A box that is folded away unless it holds another name than the `usual` one."""

    usual = ""

    def render(self, name: str, value: Any, *args: Any, **kwargs: Any) -> SafeString:
        """Return the box in a `details`."""
        box = super().render(name, value, *args, **kwargs)
        opened = OPEN if (value or "") not in {"", self.usual} else ""
        return format_html(FOLDED, opened, box)


class PartyFormSet(RecordedFormSet):
    """All parties of a protocol, checked together as they will be once all are saved."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Let the boxes of a row know its organisation, and the one that is only written."""
        super().add_fields(form, index)
        if box := form.fields.get("organisation"):
            box.read = self._sent
            if index is not None and self.is_bound:
                self._set_sent(form, box)
        box = form.fields.get("name_as_published")
        if box and form.instance.pk:
            box.widget.usual = form.instance.organisation.name
        elif box and form.unknown:
            box.widget.usual = form.unknown

    def _set_sent(self, form: Any, box: Any) -> None:
        """Let the box of an organisation know the one that was sent, or what is written for it."""
        select: Any = getattr(box.widget, "widget", None)  # none without JavaScript
        sent = self._sent.get(sent_value(self.data, form.add_prefix("organisation")))
        if select and sent:
            select.known = sent
        if form.unknown:
            box.error_messages["required"] = CHOOSE.format(form.unknown)
            form.likely = lambda: self._likely.get(form.unknown, [])

    @cached_property
    def _likely(self) -> dict[str, list[Organisation]]:
        """Organisations of a like name, by what is written for one that is not known."""
        return likely_organisations(form.unknown for form in self.forms if form.unknown)

    @cached_property
    def _sent(self) -> dict[str, Organisation]:
        """The organisations that were sent by their keys: one query for all boxes."""
        boxes = (f"{self.prefix}-{row}-organisation" for row in range(self.total_form_count()))
        sent = {sent_value(self.data, box) for box in boxes} if self.is_bound else set()
        keys = [key for key in sent if KEY.fullmatch(key)]
        return {str(key): each for key, each in Organisation.objects.in_bulk(keys).items()}

    def clean(self) -> None:
        """Refuse a second lead, and an organisation with one role twice; errors are on `role`."""
        seen: set[tuple[int | str, str]] = set()
        lead: Organisation | None = None
        for form in self.forms:
            row = form.cleaned_data
            organisation, role = row.get("organisation"), row.get("role")
            if form.instance.pk and not form.has_changed():
                organisation, role = form.instance.organisation, form.instance.role
            if row.get("DELETE") or not (organisation and role):
                continue
            part = (organisation.pk or key_of(organisation.name), role)
            if part in seen:
                form.add_error("role", f"{organisation} has this role twice.")
            elif role == Party.Role.LEAD and lead:
                form.add_error(
                    "role",
                    f"A protocol can have only one lead organisation. {lead} is the lead already.",
                )
            elif role == Party.Role.LEAD:
                lead = organisation
            seen.add(part)

    @cached_property
    def new_organisations(self) -> dict[str, Organisation]:
        """The organisations that the rows ask to make, by the keys of their names."""
        going = set(self.deleted_forms)
        asked = (form.cleaned_data.get("organisation") for form in self.forms if form not in going)
        return {key_of(each.name): each for each in asked if each and each.pk is None}

    def save(self, commit: bool = True) -> list[Any]:  # noqa: FBT001, FBT002, C901 (Django's own)
        """Return what must be saved, in an order in which no row breaks a constraint."""
        parties = super().save(commit=commit)
        for party in parties:
            # Where two rows name one that is new, it is the same. It has its key now.
            new = self.new_organisations.get(key_of(party.organisation.name))
            party.organisation = new or party.organisation
        # A draft is not published yet, and its organisations can be renamed.
        named = self.instance.is_stored_public
        for party in self.new_objects:
            official = party.organisation.name
            if party.name_as_published in {"", official}:
                party.name_as_published = official if named else ""
        for party, changed in self.changed_objects:
            written = party.name_as_published
            if "organisation" in changed:
                # Another organisation is another party. So two rows can swap organisations, too.
                stored = Party.objects.select_related("organisation").get(pk=party.pk)
                self.deleted_objects.append(stored)
                party.pk = None
                party._state.adding = True
                if party.approval_source:
                    party.set_approval(NO_APPROVAL)  # it was the other organisation's
                if written in {"", stored.organisation.name}:
                    party.name_as_published = party.organisation.name if named else ""
            elif "name_as_published" in changed and named:
                party.name_as_published = written or party.organisation.name
        if self.new_objects:
            last = self.instance.parties.aggregate(last=models.Max("position"))["last"]
            for position, party in enumerate(self.new_objects, 0 if last is None else last + 1):
                party.position = position
        return sorted(parties, key=lambda party: party.role == Party.Role.LEAD)


class PartyInline(NoScriptRows, RecordedInline):
    """The organisations that take part, and their roles."""

    model = Party
    form = PartyForm
    formset = PartyFormSet
    identified_by = ("organisation", "role")
    filled_from = {"name_as_published": "organisation"}
    autocomplete_fields = ("organisation",)
    formfield_overrides = RecordedInline.formfield_overrides | {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 22})}
    }
    fields = (
        *("organisation", "role", "legal_role", "flow"),
        *("signed_on", "note", "name_as_published"),
    )
    verbose_name = "party"
    adds = "an organisation"
    takes_lists = True
    verbose_name_plural = "Who: the organisations"
    before_fieldset = FormSection.PARTIES.value

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form set, with text boxes for organisations without JavaScript."""
        kwargs["labels"] = {"name_as_published": "Published as"}
        kwargs["widgets"] = {"name_as_published": FoldedNameInput(attrs={"size": 22})}
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use a box for an organisation, or for one that the save makes."""
        if without_javascript(request):
            kwargs |= {"form_class": OrganisationNameField, "widget": OrganisationInput}
        else:
            kwargs["widget"] = OrganisationSelect(db_field, self.admin_site)
            kwargs["form_class"] = OrganisationField
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.may_add = request.user.has_perm("registers.add_organisation")
        return field


def reference_taken() -> str:
    """Return the message about a reference that is in use, with the next free one."""
    free = next_reference(timezone.localdate())
    also = f" The next free one is {free}." if free else ""
    return f"A protocol has this reference already.{also}"


class ProtocolForm(ReasonForm):
    """The protocol itself."""

    bound_field_class = RecordBox

    review_date = ReviewMonthField(
        label="Review month",
        required=False,
        help_text="Month and year, such as March 2027. The review is due on its last day.",
    )

    class Meta:
        help_texts = {
            "reference": f"Such as {example()}. It never changes and is never used again.",
        }

    is_correction = forms.BooleanField(
        label="Only a typing error",
        required=False,
        help_text="Readers find this change folded away. Only for spelling, spaces, punctuation and"
        " capitals of a text: not for another word or number, the version or the lawful basis.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        know_stored_options(self)

    def clean_reference(self) -> str:
        """Refuse a reference in use: two editors may have been offered the same one."""
        reference: str = self.cleaned_data["reference"]
        check_new_reference(reference)
        if Protocol.objects.filter(reference_key=reference_key(reference)).exists():
            raise ValidationError(reference_taken())
        return reference
