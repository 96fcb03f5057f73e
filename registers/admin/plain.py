"""Forms for browsers without JavaScript: boxes to type in, where others choose from a list.

A page has them with `?plain=1` in its address, which it offers where scripts do not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from registers.models import Organisation

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
