"""The values of a form with its inlines, as stored and as typed, in the shape of a snapshot.

A value is text, as a browser sends it. So it can be compared, carried in a hidden
field of the form, and sent again, also where it is no valid value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst

from registers.admin.field_text import (
    Fields,
    Upload,
    display_value,
    initial_values,
    normalised,
    typed_values,
)
from registers.changes.locking import EDIT_TOKEN
from registers.history.compare import KEY, Comparison, Matching, Row, compare
from registers.history.snapshot import Snapshot

NOT_MODEL_FIELDS = {"why", "is_correction", EDIT_TOKEN}
MAX_ROWS = 1000  # Django's own limit
MAX_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class InlineFields:
    """The rows of one inline: its name, and the fields of a row that the user may change."""

    name: str
    key: str  # the name of the field with the primary key
    fields: Fields
    identified_by: tuple[str, ...]  # the fields by which a person tells one row from another
    filled_from: Mapping[str, str]  # of a new row: fields that say the same as another if empty
    blank: Row

    def identity(self, row: Row) -> tuple[str, ...]:
        """Return what makes two rows the same one."""
        return tuple(normalised(self.fields[n], row.get(n, "")) for n in self.identified_by)

    def label(self, row: Row) -> str:
        """Return the name of the inline, with what identifies the row."""
        named = (display_value(self.fields[name], row.get(name, "")) for name in self.identified_by)
        return ": ".join(filter(None, [capfirst(self.name), ", ".join(filter(None, named))]))

    def typed(self, data: Any, files: Any, start: str) -> Row | None:
        """Return a row as it was sent; None for one that is blank or to be deleted."""
        key, row = data.get(start + self.key, ""), typed_values(self.fields, data, files, start)
        is_blank = all(
            normalised(self.fields[name], value) == normalised(self.fields[name], self.blank[name])
            for name, value in row.items()
        )
        if f"{start}DELETE" in data or (is_blank and not key):
            return None
        for name, other in self.filled_from.items():
            if not (key or row.get(name)) and name in row:
                row[name] = display_value(self.fields[other], row[other])
        return {KEY: key, **row}


@dataclass(frozen=True, kw_only=True)
class FormValues:
    """The fields of a form and of its inlines, by prefix, and the values that are stored."""

    fields: Fields
    inlines: dict[str, InlineFields]
    stored: Snapshot

    def fields_of(self, prefix: str) -> Fields:
        """Return the fields of an inline's rows, or of the form itself where `prefix` is empty."""
        return self.inlines[prefix].fields if prefix else self.fields

    def compare(self, base: Snapshot | None, stored: Snapshot, request: Any) -> Comparison:
        """Compare what was typed with what is stored. `base` is what the form showed, if known."""
        matching = Matching(
            value=lambda prefix, name, value: normalised(self.fields_of(prefix)[name], value),
            identity=lambda prefix, row: self.inlines[prefix].identity(row),
        )
        return compare(base, stored, self.typed(request.POST, request.FILES), matching)

    def typed(self, data: Any, files: Any) -> Snapshot:
        """Return what was typed. What was not sent, or may not be changed, is left out."""
        parts = {}
        for prefix, inline in self.inlines.items():
            total = data.get(f"{prefix}-TOTAL_FORMS", "")
            # No rows at all does not mean that all were deleted. Thousands of digits are no number.
            if inline.fields and total.isdecimal() and len(total) <= MAX_DIGITS:
                numbers = range(min(int(total), MAX_ROWS))
                rows = (inline.typed(data, files, f"{prefix}-{number}-") for number in numbers)
                parts[prefix] = [row for row in rows if row is not None]
        return {"fields": typed_values(self.fields, data, files), "parts": parts}

    def write(self, wanted: Snapshot, data: QueryDict, files: Any) -> None:
        """Put values into the form data, as if they were typed on the form as it is stored."""
        chosen = dict(files.items())
        for name in [*data, *files]:
            if name.startswith(tuple(f"{prefix}-" for prefix in self.inlines)):
                data.pop(name, None)
                files.pop(name, None)
        form = _Writer(data, files, chosen)
        form.write(self.fields, wanted["fields"], self.stored["fields"])
        for prefix, inline in self.inlines.items():
            stored, rows = self.stored["parts"][prefix], wanted["parts"][prefix]
            kept = {row[KEY]: row for row in rows if row[KEY]}
            pairs = [(row, kept.get(row[KEY])) for row in stored]
            pairs += [({}, row) for row in rows if not row[KEY]]
            data[f"{prefix}-TOTAL_FORMS"] = str(len(pairs))
            data[f"{prefix}-INITIAL_FORMS"] = str(len(stored))
            for number, (before, row) in enumerate(pairs):
                start = f"{prefix}-{number}-"
                data[start + inline.key] = before.get(KEY, "")
                if row is None:
                    data[f"{start}DELETE"] = "on"
                form.write(inline.fields, before if row is None else row, before, start)


@dataclass(frozen=True)
class _Writer:
    """Puts values into form data and files. `chosen` are the files as they were sent."""

    data: QueryDict
    files: Any
    chosen: Mapping[str, Any]

    def write(self, fields: Fields, values: Row, stored: Row, start: str = "") -> None:
        for name, field in fields.items():
            value, box = values.get(name, ""), start + name
            if not isinstance(field, forms.FileField):
                self.data[box] = value
                continue
            for old in (box, f"{box}-clear"):
                self.data.pop(old, None)
            self.files.pop(box, None)
            if isinstance(value, Upload):
                self.files[box] = self.chosen[value.field]
            elif stored.get(name) and not value:
                self.data[f"{box}-clear"] = "on"


def form_values(form: Any, formsets: Iterable[tuple[Any, Any]], *, may_change: Any) -> FormValues:
    """Return the fields and values of an unbound form. `formsets` are pairs with their inlines.

    `may_change` returns whether the user may change the rows of an inline. A
    disabled field, which no browser sends, is left out: its stored value stays.
    """
    fields, inlines, parts = _editable_fields(form, NOT_MODEL_FIELDS), {}, {}
    for rows, options in formsets:
        key, blank = rows.model._meta.pk.name, rows.empty_form
        own = {key, rows.fk.name, "DELETE"}
        typed = _editable_fields(blank, own) if may_change(options) else {}
        names = getattr(options, "identified_by", None) or list(typed)[:1]
        fills = typed and getattr(rows.instance, "is_stored_public", False)
        inlines[rows.prefix] = InlineFields(
            name=str(options.verbose_name),
            key=key,
            fields=typed,
            # One row at most needs nothing to be told apart.
            identified_by=tuple(n for n in names if n in typed and options.max_num != 1),
            filled_from=getattr(options, "filled_from", {}) if fills else {},
            blank=initial_values(blank, typed),
        )
        parts[rows.prefix] = [
            {KEY: str(row.instance.pk), **initial_values(row, typed)} for row in rows.initial_forms
        ]
    stored = {"fields": initial_values(form, fields), "parts": parts}
    return FormValues(fields=fields, inlines=inlines, stored=stored)


def _editable_fields(form: Any, own: set[str]) -> Fields:
    """Return the fields of a form without `own` and without the disabled ones."""
    return {
        name: each for name, each in form.fields.items() if name not in own and not each.disabled
    }
