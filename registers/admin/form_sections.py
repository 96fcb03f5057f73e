"""The sections of a protocol's form: what each lacks, and which are folded until somebody looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.admin.helpers import AdminForm

from registers.models.options import lines_of
from registers.models.protocol_fields import BY_NAME, FormSection, ProtocolField

# Most of the fields of these can be recorded later, and they are long.
FOLDED = {
    section.value
    for section in (FormSection.SHARED, FormSection.LAW, FormSection.CARE, FormSection.RIGHTS)
}


class Section(NamedTuple):
    """A section of the form, how many of its `asked` fields are not recorded, and its state."""

    fieldset: Any  # Django’s; the stubs do not know what it holds
    asked: int
    lacking: int
    is_open: bool


def sections_of(adminform: AdminForm) -> list[Section]:
    """Return the sections of a protocol's form, as stored or as sent."""
    return [_section(fieldset) for fieldset in adminform]


def _section(fieldset: Any) -> Section:
    form, names = fieldset.form, list(fieldset.fields)
    asked = [field for field in _fields(names) if _is_asked(field)]
    not_applying = lines_of(_value(form, "does_not_apply") or "")
    lacking = [
        field
        for field in asked
        if field.name not in not_applying and _value(form, field.name) in {None, ""}
    ]
    is_open = fieldset.name not in FOLDED or any(name in form.errors for name in names)
    return Section(fieldset, len(asked), len(lacking), is_open)


def _fields(names: Iterable[Any]) -> list[ProtocolField]:
    return [BY_NAME[name] for name in names if name in BY_NAME]


def _is_asked(field: ProtocolField) -> bool:
    """Return whether a record should say it. Free words beside the options of a field need not."""
    return bool(field.missing or field.law) and not field.composed


def _value(form: Any, name: str) -> Any:
    """Return the value as it was sent, or as it is stored, of a field that is only shown too."""
    return form[name].value() if name in form.fields else getattr(form.instance, name)
