"""Compare what is stored now with what an editor typed, field by field and row by row.

Rows are matched by the fields that identify them. So a row that the other
editor removed, added or made again is compared with the right one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from django import forms

from registers.admin.conflicts.form_values import (
    UPLOADED,
    FieldValues,
    FormState,
    FormValues,
    InlineFields,
    Row,
    display_value,
    field_label,
    normalised,
    same_values,
    typed_rows,
    typed_values,
)

# A stored row and the typed row that matches it. None if it is in only one of the two.
RowPair = tuple[Row | None, Row | None]


class ChangedBy(StrEnum):
    """Who has changed something since the form was shown."""

    THEIRS = "theirs"  # the stored value has changed, the typed one has not
    YOURS = "yours"  # the typed value has changed, the stored one has not
    BOTH = "both"  # also if it is not known what the form showed


class Choice(StrEnum):
    """Which of the two values is kept."""

    STORED = "stored"
    TYPED = "typed"


DEFAULT_CHOICES = {
    ChangedBy.THEIRS: Choice.STORED,
    ChangedBy.YOURS: Choice.TYPED,
    ChangedBy.BOTH: None,
}


@dataclass(kw_only=True)
class Difference:
    """One field, or one whole row, whose stored and typed values differ."""

    name: str  # of the radio buttons
    label: str
    changed_by: ChangedBy
    stored: list[tuple[str, str]]  # labels and words; empty where nothing is stored
    typed: list[tuple[str, str]]
    is_row: bool = False
    chosen: Choice | None = None
    error: str = ""
    # To keep what is stored: the values to put into the form, and the fields to remove from it.
    restore_values: FieldValues = field(default_factory=dict)
    remove_fields: list[str] = field(default_factory=list)
    uploads: dict[str, str] = field(default_factory=dict)  # field name -> name of the chosen file


def field_difference(
    name: str, each: forms.Field, stored: str, typed: str, base: FormValues | None
) -> Difference | None:
    """Return the difference of one of the form's own fields, or None if there is none."""
    if normalised(each, stored) == normalised(each, typed):
        return None
    before = None if base is None else base.values.get(name)
    label = field_label(each, name)
    a_file = is_file(each)
    return Difference(
        name=f"choose-{name}",
        label=label,
        changed_by=_changed_by(
            theirs=before is None or normalised(each, before) != normalised(each, stored),
            yours=before is None or normalised(each, before) != normalised(each, typed),
        ),
        stored=[("", display_value(each, stored))],
        typed=[("", display_value(each, typed))],
        restore_values={} if a_file else {name: stored},
        remove_fields=[name, f"{name}-clear"] if a_file else [],
        uploads=_uploads({name: each}, {name: typed}, ""),
    )


def row_differences(
    inline: InlineFields, pairs: list[RowPair], base: list[Row] | None
) -> Iterator[Difference]:
    """Yield the differences of the rows of an inline. `base` are the rows that the form showed."""
    before = _base_rows(inline, pairs, base or [])
    for number, pair in enumerate(pairs):
        if each := _row_difference(inline, number, pair, before[number], is_known=base is not None):
            yield each


def _row_difference(
    inline: InlineFields, number: int, pair: RowPair, before: Row | None, *, is_known: bool
) -> Difference | None:
    stored, typed = pair
    typed = None if typed and typed.is_deleted else typed
    if not inline.fields or _same_row(inline, stored, typed):
        return None
    start = f"{inline.prefix}-{number}-"
    shown = typed or stored or Row()
    files = [name for name, each in inline.fields.items() if is_file(each)]
    stored_values = stored.values if stored else inline.blank
    return Difference(
        name=f"choose-{inline.prefix}-{number}",
        label=_row_label(inline, shown),
        is_row=True,
        changed_by=_changed_by(
            theirs=not is_known or not _same_row(inline, before, stored),
            yours=not is_known or not _same_row(inline, before, typed),
        ),
        stored=_labelled_values(inline, stored),
        typed=_labelled_values(inline, typed),
        restore_values={
            start + name: value for name, value in stored_values.items() if name not in files
        },
        remove_fields=[
            f"{start}DELETE",
            *(start + name for name in files),
            *(f"{start}{name}-clear" for name in files),
        ],
        uploads=_uploads(inline.fields, typed.values if typed else {}, start),
    )


def is_file(field: forms.Field) -> bool:
    """Return whether `field` is a file field."""
    return isinstance(field, forms.FileField)


def _same_row(inline: InlineFields, one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return one is other
    return same_values(inline.fields, one.values, other.values)


def _base_rows(inline: InlineFields, pairs: list[RowPair], base: list[Row]) -> list[Row | None]:
    """Return for each pair the row of `base` that it comes from, or None. Each is used once."""
    left, found = list(base), []
    for pair in pairs:
        both = [row for row in pair if row]
        keys = {row.key for row in both if row.key}
        names = [name for row in both for name in row_identities(inline, [row])]
        same = [row for row in left if row.key in keys]
        same += [row for row in left if row_identities(inline, [row])[0] in names]
        found.append(same[0] if same else None)
        left = [row for row in left if row not in same[:1]]
    return found


def _changed_by(*, theirs: bool, yours: bool) -> ChangedBy:
    if theirs and yours:
        return ChangedBy.BOTH
    return ChangedBy.THEIRS if theirs else ChangedBy.YOURS


def _labelled_values(inline: InlineFields, row: Row | None) -> list[tuple[str, str]]:
    if row is None:
        return []
    values = [
        (field_label(each, name), display_value(each, row.values.get(name, "")))
        for name, each in inline.fields.items()
    ]
    return [(label, text) for label, text in values if text]


def _row_label(inline: InlineFields, row: Row) -> str:
    known = [
        display_value(inline.fields[name], row.values.get(name, ""))
        for name in inline.identified_by
    ]
    name = ", ".join(filter(None, known))
    return inline.name[:1].upper() + inline.name[1:] + (f": {name}" if name else "")


def _uploads(fields: dict[str, forms.Field], values: FieldValues, start: str) -> dict[str, str]:
    return {
        start + name: values[name].removeprefix(UPLOADED)
        for name, each in fields.items()
        if is_file(each) and values.get(name, "").startswith(UPLOADED)
    }


def row_identities(inline: InlineFields, rows: list[Row]) -> list[tuple[Any, ...]]:
    """Return what identifies each row: its identifying values, and a number for repeated ones."""
    seen: Counter[tuple[str, ...]] = Counter()
    names = []
    for row in rows:
        name = tuple(
            normalised(inline.fields[n], row.values.get(n, "")) for n in inline.identified_by
        )
        # Without fields that can be changed, the key identifies the row.
        name = name or (() if inline.fields else (row.key,))
        names.append((name, seen[name]))
        seen[name] += 1
    return names


@dataclass(kw_only=True)
class Comparison:
    """What was typed, matched with what is stored."""

    state: FormState
    stored: FormValues
    values: FieldValues
    pairs: dict[str, list[RowPair]]

    def form_data(self) -> FieldValues:
        """Return the typed values as form data, without files."""
        data = dict(self.values)
        for inline in self.state.inlines:
            pairs, prefix = self.pairs[inline.prefix], inline.prefix
            data[f"{prefix}-TOTAL_FORMS"] = str(len(pairs))
            data[f"{prefix}-INITIAL_FORMS"] = str(sum(1 for stored, _ in pairs if stored))
            for number, (stored, typed) in enumerate(pairs):
                start = f"{prefix}-{number}-"
                data[start + inline.key] = stored.key if stored else ""
                shown = typed or stored or Row()
                data |= {start + name: value for name, value in shown.values.items()}
                if typed is None or typed.is_deleted:
                    data[f"{start}DELETE"] = "on"
                data |= _clear_fields(inline.fields, stored, typed, start)
        first = Row(values=self.stored.values)
        return data | _clear_fields(self.state.fields, first, Row(values=self.values), "")

    def file_fields(self) -> set[str]:
        """Return the names of the file fields."""
        names = {name for name, each in self.state.fields.items() if is_file(each)}
        return names | {
            f"{inline.prefix}-{number}-{name}"
            for inline in self.state.inlines
            for number in range(len(self.pairs[inline.prefix]))
            for name, each in inline.fields.items()
            if is_file(each)
        }

    def differences(self, base: FormValues | None) -> list[Difference]:
        """Return every difference between what is stored and what was typed.

        `base` is what the form showed, or None if that is not known.
        """
        own = [
            field_difference(name, each, self.stored.values.get(name, ""), self.values[name], base)
            for name, each in self.state.fields.items()
        ]
        rows = [
            each
            for inline in self.state.inlines
            for before in [None if base is None else base.rows.get(inline.prefix, [])]
            for each in row_differences(inline, self.pairs[inline.prefix], before)
        ]
        return [each for each in own if each] + rows


def compare(state: FormState, data: Any, files: Any, *, initial: FormValues | None) -> Comparison:
    """Compare the form data with what is stored. `initial` is what the form showed, if known."""
    initial = initial or state.stored
    pairs = {}
    for inline in state.inlines:
        before = initial.rows.get(inline.prefix, [])
        rows = list(filter(None, typed_rows(inline, data, files, initial=before)))
        by_key = {row.key: row.values for row in before}
        pairs[inline.prefix] = match_rows(inline, state.stored.rows[inline.prefix], rows)
        for stored, typed in pairs[inline.prefix]:
            if stored and typed:
                shown = by_key.get(typed.key, {})
                _follow_untouched_files(inline.fields, typed.values, shown, stored.values)
    values = typed_values(state.fields, data, files, initial=initial.values)
    _follow_untouched_files(state.fields, values, initial.values, state.stored.values)
    return Comparison(state=state, stored=state.stored, values=values, pairs=pairs)


def read_comparison(state: FormState, data: Any, files: Any, *, stored: FormValues) -> Comparison:
    """Return the comparison with `stored` that the conflict page showed and sent back."""
    pairs = {}
    for inline in state.inlines:
        rows = stored.rows.get(inline.prefix, [])
        typed = typed_rows(inline, data, files, initial=rows)
        pairs[inline.prefix] = list(zip_longest(rows, typed))
    values = typed_values(state.fields, data, files, initial=stored.values)
    return Comparison(state=state, stored=stored, values=values, pairs=pairs)


def match_rows(inline: InlineFields, stored: list[Row], typed: list[Row]) -> list[RowPair]:
    """Return pairs of rows with the same identity or the same key, in the order stored.

    A row without a match is paired with None. No row is lost.
    """
    by_name = dict(zip(row_identities(inline, typed), typed, strict=True))
    partners: dict[int, Row] = {
        number: by_name.pop(name)
        for number, name in enumerate(row_identities(inline, stored))
        if name in by_name
    }
    by_key = {row.key: name for name, row in by_name.items() if row.key}
    for number, row in enumerate(stored):
        if number not in partners and row.key in by_key:
            partners[number] = by_name.pop(by_key[row.key])
    pairs: list[RowPair] = [(row, partners.get(number)) for number, row in enumerate(stored)]
    return pairs + [(None, row) for row in by_name.values() if not row.is_deleted]


def apply_choices(differences: list[Difference], data: Any, files: Any) -> None:
    """Put the stored values into `data` wherever they were chosen; remove the choices."""
    for each in differences:
        if each.chosen == Choice.STORED:
            for name in each.remove_fields:
                data.pop(name, None)
                files.pop(name, None)
            for name, value in each.restore_values.items():
                data[name] = value
        data.pop(each.name, None)


def _follow_untouched_files(
    fields: dict[str, forms.Field], typed: FieldValues, initial: FieldValues, stored: FieldValues
) -> None:
    """Replace each file that was not changed on the form by the one that is stored now."""
    for name, each in fields.items():
        if is_file(each) and typed[name] == initial.get(name):
            typed[name] = stored[name]


def _clear_fields(
    fields: dict[str, forms.Field], stored: Row | None, typed: Row | None, start: str
) -> FieldValues:
    """Return the checkboxes that clear a stored file."""
    return {
        f"{start}{name}-clear": "on"
        for name, each in fields.items()
        if is_file(each)
        and stored
        and typed
        and stored.values.get(name)
        and not typed.values.get(name)
    }
