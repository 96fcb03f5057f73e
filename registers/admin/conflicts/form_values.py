"""The values of an editor's form, as stored and as typed, and the token that carries them.

Both are text, as a browser sends it. So they can be compared, carried in a
hidden field of the form, and sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import capfirst

FieldValues = dict[str, str]
# The hidden field with the token. Its name is also the salt of the signature.
HIDDEN_FIELD = "drawn_from"
NOT_MODEL_FIELDS = {"why", HIDDEN_FIELD}
# The value of a file field is this and the name of the file: a browser sends a file once.
UPLOADED = "Chosen: "
MAX_ROWS = 1000  # Django's own limit
MAX_DIGITS = 20


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of an inline: the key of the stored object, if there is one, and its values."""

    key: str = ""
    values: FieldValues = field(default_factory=dict)
    is_deleted: bool = False  # 'Delete' is selected


@dataclass(frozen=True, kw_only=True)
class FormValues:
    """The values of a whole form: of its own fields, and of the rows of each inline."""

    values: FieldValues
    rows: dict[str, list[Row]]

    def as_data(self) -> Any:
        """Return it as plain data."""
        rows = {name: [[row.key, row.values] for row in rows] for name, rows in self.rows.items()}
        return [self.values, rows]

    @classmethod
    def from_data(cls, data: Any) -> FormValues:
        """Return what `as_data` was made from."""
        values, rows = data
        read = {name: [Row(key=k, values=v) for k, v in rows] for name, rows in rows.items()}
        return cls(values=values, rows=read)


@dataclass(frozen=True, kw_only=True)
class InlineFields:
    """One inline of a form: its prefix, and the fields of its rows that can be changed."""

    prefix: str
    name: str
    key: str  # the name of the field with the primary key
    fields: dict[str, forms.Field]
    identified_by: tuple[str, ...]  # the fields by which a person tells one row from another
    blank: FieldValues


@dataclass(frozen=True, kw_only=True)
class FormState:
    """A form with its inlines, and the values that are stored now."""

    fields: dict[str, forms.Field]
    inlines: list[InlineFields]
    stored: FormValues


def form_state(form: Any, formsets: Iterable[tuple[Any, Any]], *, may_change: Any) -> FormState:
    """Return the state of an unbound form. `formsets` are pairs of a form set and its inline.

    `may_change` returns whether the user may change the rows of an inline. Nothing
    typed is read from other rows, nor from a disabled field, which no browser
    sends: their stored values stay.
    """
    fields = _editable_fields(form, NOT_MODEL_FIELDS)
    inlines, rows = [], {}
    for formset, options in formsets:
        own = {formset.model._meta.pk.name, formset.fk.name, "DELETE"}
        blank = formset.empty_form
        typed = _editable_fields(blank, own) if may_change(options) else {}
        inline = InlineFields(
            prefix=formset.prefix,
            name=str(options.verbose_name),
            key=formset.model._meta.pk.name,
            fields=typed,
            identified_by=_identifying_fields(options, typed),
            blank=initial_values(blank, typed),
        )
        inlines.append(inline)
        rows[inline.prefix] = [
            Row(key=str(row.instance.pk), values=initial_values(row, typed))
            for row in formset.initial_forms
        ]
    stored = FormValues(values=initial_values(form, fields), rows=rows)
    return FormState(fields=fields, inlines=inlines, stored=stored)


def _editable_fields(form: Any, own: set[str]) -> dict[str, forms.Field]:
    """Return the fields of a form without `own` and without the disabled ones."""
    return {
        name: each for name, each in form.fields.items() if name not in own and not each.disabled
    }


def _identifying_fields(inline: Any, typed: Mapping[str, forms.Field]) -> tuple[str, ...]:
    """Return the fields by which a person tells rows apart; none if there is only one row."""
    if inline.max_num == 1:
        return ()
    names: tuple[str, ...] | None = getattr(inline, "identified_by", None)
    return tuple(typed)[:1] if names is None else tuple(name for name in names if name in typed)


def initial_values(form: Any, names: Iterable[str]) -> FieldValues:
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


def typed_values(
    fields: Mapping[str, forms.Field],
    data: Any,
    files: Any,
    *,
    initial: FieldValues,
    prefix: str = "",
) -> FieldValues:
    """Return the values that were sent for `fields`. A file that was not chosen is as `initial`."""
    return {
        name: _typed_file(prefix + name, data, files, initial.get(name, ""))
        if isinstance(field, forms.FileField)
        else data.get(prefix + name, "")
        for name, field in fields.items()
    }


def _typed_file(name: str, data: Any, files: Any, initial: str) -> str:
    chosen = files.get(name)
    if isinstance(chosen, UploadedFile):
        return f"{UPLOADED}{chosen.name}"
    if data.get(name, "").startswith(UPLOADED):
        return str(data[name])
    return "" if f"{name}-clear" in data else initial


def typed_rows(
    inline: InlineFields, data: Any, files: Any, *, initial: list[Row]
) -> list[Row | None]:
    """Return the rows of an inline as they were sent; None for a row that was left blank."""
    total = data.get(f"{inline.prefix}-TOTAL_FORMS")
    if total is None:
        # No rows were sent at all. That does not mean that all were deleted.
        return list(initial)
    by_key = {row.key: row.values for row in initial}
    rows: list[Row | None] = []
    for number in range(_row_count(total)):
        start = f"{inline.prefix}-{number}-"
        key = data.get(start + inline.key, "")
        before = by_key.get(key, {})
        values = typed_values(inline.fields, data, files, initial=before, prefix=start)
        is_blank = not key and same_values(inline.fields, values, inline.blank)
        is_deleted = f"{start}DELETE" in data
        rows.append(None if is_blank else Row(key=key, values=values, is_deleted=is_deleted))
    return rows


def _row_count(total: str) -> int:
    """Return the number of rows in `total`, at most MAX_ROWS."""
    if not total.isdecimal():
        return 0
    # Python does not read numbers of thousands of digits.
    return min(int(total), MAX_ROWS) if len(total) < MAX_DIGITS else MAX_ROWS


def normalised(field: forms.Field, text: str) -> str:
    """Return the value of a field in one form: 1/2/2027 is the same as 01/02/2027."""
    value: Any = text
    if not isinstance(field, forms.FileField | forms.ModelChoiceField):
        try:
            value = field.to_python(text)
        except ValidationError:
            value = text
    # A browser sends other line ends than were stored.
    return "" if value is None else "\n".join(str(value).splitlines()).strip()


def same_values(fields: Mapping[str, forms.Field], one: FieldValues, other: FieldValues) -> bool:
    """Return whether two sets of values are the same in each of `fields`."""
    return all(
        normalised(field, one.get(name, "")) == normalised(field, other.get(name, ""))
        for name, field in fields.items()
    )


def display_value(field: forms.Field, value: str) -> str:
    """Return a value as it is shown to a person."""
    if isinstance(field, forms.ModelChoiceField):
        try:
            return str(field.to_python(value) or "")
        except ValidationError:
            return value
    if isinstance(field, forms.NullBooleanField):
        return {"true": "Yes", "false": "No"}.get(value, "")
    if isinstance(field, forms.BooleanField):
        return "Yes" if value else "No"
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]  # choices are pairs
    return value


def field_label(field: forms.Field, name: str) -> str:
    """Return the label of a field."""
    return str(capfirst(field.label or name.replace("_", " ")))


class EditTokenField(forms.CharField):
    """The hidden field of the token. It never counts as changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True, kw_only=True)
class EditToken:
    """What was stored when a form was shown: a fingerprint of all of it, and the form's values.

    `of` names the object. On the conflict page, `base` holds the values of the
    form that was shown first.
    """

    of: str
    fingerprint: str
    values: FormValues
    base: FormValues | None = None

    def signed(self) -> str:
        """Return the token as signed text."""
        base = self.base and self.base.as_data()
        data = [self.of, self.fingerprint, self.values.as_data(), base]
        return signing.dumps(data, salt=HIDDEN_FIELD, compress=True)

    @classmethod
    def read(cls, text: str, *, of: str) -> EditToken | None:
        """Return the token in `text`; None unless it was signed for the object that `of` names."""
        try:
            named, fingerprint, values, base = signing.loads(text, salt=HIDDEN_FIELD)
        except signing.BadSignature:
            return None
        if named != of:
            return None
        return cls(
            of=of,
            fingerprint=fingerprint,
            values=FormValues.from_data(values),
            base=base and FormValues.from_data(base),
        )
