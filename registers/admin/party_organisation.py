"""The box of a party's organisation: one of the register, or a new one that the save makes.

A row whose organisation is not known says what is written, and offers those of a like name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from registers.admin.asking import LabelledBox, ModelForm
from registers.admin.forms import KnownAutocompleteSelect
from registers.imports.spreadsheet.public_text import refuse_name
from registers.models import ImportName, Organisation

MAY_NOT_ADD = "You may not add organisations. Ask somebody who may to add ‘{}’ first."
CHOOSE = "Choose which organisation ‘{}’ is, or delete the row."
# The value of one that the save makes: its kind, and its name.
NEW = re.compile(r"new-(body|group):(.*)")
# How the name of the choice beside a box ends, and its value where the box counts.
CHOICE, BOX = "-is", "box"


def new_organisation(value: Any) -> Organisation | None:
    """Return the organisation that the value of a box asks to make, not saved; None if none."""
    found = NEW.fullmatch(str(value or ""))
    return Organisation(kind=found[1], name=found[2]) if found else None


def new_value(kind: str, name: str) -> str:
    """Return the value by which a box asks to make an organisation."""
    return f"new-{kind}:{name}"


def sent_value(data: Mapping[str, Any], box: str) -> str:
    """Return what was sent for an organisation: what is chosen beside its box, or the box."""
    chosen = data.get(f"{box}{CHOICE}", BOX)
    return str(data.get(box, "") if chosen == BOX else chosen)


class OrganisationSelect(KnownAutocompleteSelect):
    """Django's autocomplete box, beside which something else can be chosen."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Return what counts of the two."""
        return sent_value(data, name)


class OrganisationInput(AdminTextInputWidget):
    """A text box, beside which something else can be chosen."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Return what counts of the two."""
        return sent_value(data, name)


class OrganisationBox(LabelledBox):
    """A box with the choice beside it, where it is not known who is written in its row."""

    form: PartyForm

    def as_widget(self, *args: Any, **kwargs: Any) -> SafeString:
        """Return the box, behind the choice if there is one."""
        box = super().as_widget(*args, **kwargs)
        if not (written := self.form.unknown):
            return box
        field: Any = self.field
        likely = [(field.prepare_value(each), each.name) for each in self.form.likely()]
        kinds = Organisation.Kind if field.may_add else ()
        context = {
            "box": box,
            "name": f"{self.html_name}{CHOICE}",
            "id": self.auto_id,
            "written": written,
            "likely": likely,
            "new": [(new_value(kind, written), kind) for kind in kinds],
            "chosen": str(self.data or BOX),
            "plain": isinstance(field, OrganisationNameField),
            "delete": self.form.add_prefix("DELETE"),
        }
        return render_to_string("admin/registers/protocol/which_organisation.html", context)


class OrganisationField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none
    """Chooses an organisation by its key, or asks to make one, where the user may add any."""

    bound_field_class = OrganisationBox
    may_add = False
    # Organisations that were read with the form, by the texts of their keys.
    read: Mapping[str, Organisation] = {}

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box: nothing where one is to be made."""
        return "" if new_organisation(value) else super().prepare_value(value)

    def to_python(self, value: Any) -> Organisation | None:
        """Return the organisation; a new one is not saved yet. Raises ValidationError."""
        if (new := new_organisation(value)) is None:
            return self.stored(value)
        if there := Organisation.objects.named(new.name).first():
            return there  # somebody has added it in the meantime
        if not self.may_add:
            raise ValidationError(MAY_NOT_ADD.format(new.name))
        refuse_name(ImportName.Kind.ORGANISATION, new.name)
        return new

    def stored(self, value: Any) -> Organisation | None:
        """Return the organisation of the register that is chosen. Raises ValidationError."""
        found: Organisation | None = self.read.get(str(value)) or super().to_python(value)
        return found


class OrganisationNameField(OrganisationField):
    """The same without JavaScript: a text box for any name of an organisation."""

    def prepare_value(self, value: Any) -> Any:
        """Return the official name of the chosen organisation, or the text as typed."""
        return value.name if isinstance(value, Organisation) else super().prepare_value(value)

    def stored(self, value: Any) -> Organisation | None:
        """Return the organisation with this name. Raises ValidationError if there is none."""
        if value in self.empty_values:
            return None
        found = Organisation.objects.named(str(value)).first()
        if found is None:
            raise ValidationError(
                f"No organisation has the name '{value}'. Enter any of its names in full."
            )
        return found


class PartyForm(ModelForm):
    """One party. `likely` gives organisations of a like name, where it is not known who it is."""

    likely: Callable[[], list[Organisation]] = list

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Not its key: a text box would query for the name in each row.
            self.initial["organisation"] = self.instance.organisation
        if self.instance.approval_source and "signed_on" in self.fields:
            # Of an approval by link or from paper: it is changed on the page of approvals.
            self.fields["signed_on"].disabled = True

    @property
    def unknown(self) -> str:
        """What is written for an organisation that is to be chosen; empty where one is."""
        if not self.is_bound:
            return ""
        value = self["organisation"].data
        if new := new_organisation(value):
            return new.name
        return "" if value else str(self["name_as_published"].data or "").strip()

    def _get_validation_exclusions(self) -> set[str]:
        """Leave out the organisation, which its box has found: a new one has no key yet."""
        return {"organisation"} | super()._get_validation_exclusions()  # type: ignore[misc,no-any-return]  # Django's own
