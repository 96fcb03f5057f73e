"""What the fields of a form hold as text: as a browser sends it, and as it is shown to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst

Fields = Mapping[str, forms.Field]
Values = dict[str, Any]
# The hidden value of a file field on a page that is sent again: a browser sends a file once.
UPLOADED = "Chosen: "


@dataclass(frozen=True)
class Upload:
    """A file that was chosen: the name of its field in the form data, and the file's own."""

    field: str
    name: str

    def __str__(self) -> str:
        return f"{UPLOADED}{self.name}"


def initial_values(form: Any, names: Iterable[str]) -> dict[str, str]:
    """Return the initial values of fields of an unbound form, as a browser would send them."""
    return {name: _initial_value(form[name]) for name in names}


def _initial_value(bound: Any) -> str:
    value, widget = bound.initial, bound.field.widget
    if isinstance(bound.field, forms.FileField):
        return value.name if value else ""
    if isinstance(widget, forms.CheckboxInput):
        return "on" if value else ""
    shown = widget.format_value(bound.field.prepare_value(value))
    if isinstance(shown, list | tuple):
        shown = next(iter(shown), "")
    return "" if shown is None else str(shown)


def typed_values(fields: Fields, data: Any, files: Any, start: str = "") -> Values:
    """Return the values that were sent for `fields`, without a file that was left as it is."""
    values: Values = {}
    for name, field in fields.items():
        box = start + name
        if not isinstance(field, forms.FileField):
            # A box that can be of several controls says which of them counts.
            sent = field.widget.value_from_datadict(data, files, box)
            values[name] = sent if isinstance(sent, str) else data.get(box, "")
        elif box in files:
            values[name] = Upload(box, files[box].name)
        elif data.get(box, "").startswith(UPLOADED):
            values[name] = Upload(box, data[box].removeprefix(UPLOADED))
        elif f"{box}-clear" in data:
            values[name] = ""
    return values


def normalised(field: forms.Field, value: Any) -> str:
    """Return the value of a field in one form: 1/2/2027 is the same as 01/02/2027."""
    text = str(value)
    if not isinstance(field, forms.FileField | forms.ModelChoiceField):
        try:
            value = field.to_python(text)
        except ValidationError:
            value = text
    # A browser sends other line ends than were stored.
    return "" if value is None else "\n".join(str(value).splitlines()).strip()


def words(fields: Fields, row: Values) -> list[tuple[str, str]]:
    """Return the labels and values of a row that are not empty, as they are shown to a person."""
    shown = {name: display_value(field, row.get(name, "")) for name, field in fields.items()}
    return [(field_label(fields[name], name), text) for name, text in shown.items() if text]


def display_value(field: forms.Field, value: Any) -> str:
    """Return a value as it is shown to a person."""
    if isinstance(field, forms.ModelChoiceField):
        try:
            return str(field.to_python(value) or "")
        except ValidationError:
            return str(value)
    if isinstance(field, forms.NullBooleanField):
        return {"true": "Yes", "false": "No"}.get(value, "")
    if isinstance(field, forms.BooleanField):
        return "Yes" if value else "No"
    if isinstance(field, forms.ChoiceField) and value:
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]  # choices are pairs
    return str(value)


def field_label(field: forms.Field, name: str) -> str:
    """Return the label of a field."""
    return str(capfirst(field.label or name.replace("_", " ")))
