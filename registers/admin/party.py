"""Parties, as rows on their protocol's form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest

from registers.admin.official import FormSet, ModelForm, PartInline
from registers.admin.plain import NamedOrganisation, PlainRows, is_plain
from registers.models import Organisation, Party


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


class PartyInline(PlainRows, PartInline):
    """Who takes part, and how."""

    model = Party
    form = PartyForm
    formset = PartyFormSet
    known_by = ("organisation", "role")
    autocomplete_fields = ("organisation",)
    formfield_overrides = PartInline.formfield_overrides | {
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
