"""What the boxes of an editor's form hold: as drawn from what is stored, and as typed.

Both are plain text, as a browser sends it. So they can be compared, carried by
the form itself, and sent again.
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

Boxes = dict[str, str]
# Boxes that hold nothing of the thing itself.
NOT_STORED = {"why", "drawn_from"}
# What stands for a file that somebody has chosen: the file itself is not sent twice.
CHOSEN = "Chosen: "
MOST_ROWS = 1000  # Django's own limit
MOST_DIGITS = 20


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a form: the key of what is stored there, if anything is, and its boxes."""

    key: str = ""
    boxes: Boxes = field(default_factory=dict)
    gone: bool = False  # somebody has ticked that it is to be deleted


@dataclass(frozen=True, kw_only=True)
class Said:
    """What all boxes of a form held: the thing's own, and the rows of each kind of part."""

    boxes: Boxes
    rows: dict[str, list[Row]]

    def as_data(self) -> Any:
        """Return it as plain data."""
        rows = {kind: [[row.key, row.boxes] for row in rows] for kind, rows in self.rows.items()}
        return [self.boxes, rows]

    @classmethod
    def from_data(cls, data: Any) -> Said:
        """Return what `as_data` was made from."""
        boxes, rows = data
        read = {kind: [Row(key=k, boxes=b) for k, b in rows] for kind, rows in rows.items()}
        return cls(boxes=boxes, rows=read)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of part on a form: how its rows' boxes begin, and what they mean."""

    prefix: str
    name: str
    key: str  # the box with the key of what is stored
    fields: dict[str, forms.Field]
    known_by: tuple[str, ...]  # the boxes by which a person tells one row from another
    blank: Boxes


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A form with its kinds of parts, as it is drawn from what is stored."""

    fields: dict[str, forms.Field]
    kinds: list[Kind]
    stored: Said


def sheet_of(form: Any, formsets: Iterable[tuple[Any, Any]], *, may_change: Any) -> Sheet:
    """Return the sheet of an unbound form, with its formsets and their inlines.

    `may_change` says of an inline whether its rows can be typed into. Others
    are drawn, and nothing typed is looked for there; nor in a box that is
    disabled, which no browser sends: what is stored stays, whatever it is now.
    """
    fields = _typed_into(form, NOT_STORED)
    kinds, rows = [], {}
    for formset, inline in formsets:
        own = {formset.model._meta.pk.name, formset.fk.name, "DELETE"}
        blank = formset.empty_form
        typed = _typed_into(blank, own) if may_change(inline) else {}
        kind = Kind(
            prefix=formset.prefix,
            name=str(inline.verbose_name),
            key=formset.model._meta.pk.name,
            fields=typed,
            known_by=_known_by(inline, typed),
            blank=boxes_of(blank, typed),
        )
        kinds.append(kind)
        rows[kind.prefix] = [
            Row(key=str(row.instance.pk), boxes=boxes_of(row, typed))
            for row in formset.initial_forms
        ]
    return Sheet(fields=fields, kinds=kinds, stored=Said(boxes=boxes_of(form, fields), rows=rows))


def _typed_into(form: Any, own: set[str]) -> dict[str, forms.Field]:
    """Return the fields of a form but for `own` and for those that are disabled."""
    return {
        name: each for name, each in form.fields.items() if name not in own and not each.disabled
    }


def _known_by(inline: Any, typed: Mapping[str, forms.Field]) -> tuple[str, ...]:
    """Return the boxes by which a person tells the rows apart: none for what is there once."""
    if inline.max_num == 1:
        return ()
    known: tuple[str, ...] | None = getattr(inline, "known_by", None)
    return tuple(typed)[:1] if known is None else tuple(name for name in known if name in typed)


def boxes_of(form: Any, names: Iterable[str]) -> Boxes:
    """Return what the boxes of an unbound form hold, as a browser would send it."""
    return {name: _drawn(form[name]) for name in names}


def _drawn(bound: Any) -> str:
    value, widget = bound.initial, bound.field.widget
    if isinstance(bound.field, forms.FileField):
        return value.name if value else ""
    if isinstance(widget, forms.CheckboxInput):
        return "on" if value else ""
    shown = widget.format_value(bound.field.prepare_value(value))
    if isinstance(shown, list | tuple):
        shown = next(iter(shown), "")
    return "" if shown is None else str(shown)


def typed_boxes(
    fields: Mapping[str, forms.Field], data: Any, files: Any, *, drawn: Boxes, prefix: str = ""
) -> Boxes:
    """Return what was typed into the boxes of `fields`. A file not chosen anew is as `drawn`."""
    return {
        name: _typed_file(prefix + name, data, files, drawn.get(name, ""))
        if isinstance(field, forms.FileField)
        else data.get(prefix + name, "")
        for name, field in fields.items()
    }


def _typed_file(name: str, data: Any, files: Any, drawn: str) -> str:
    chosen = files.get(name)
    if isinstance(chosen, UploadedFile):
        return f"{CHOSEN}{chosen.name}"
    if data.get(name, "").startswith(CHOSEN):
        return str(data[name])
    return "" if f"{name}-clear" in data else drawn


def typed_rows(kind: Kind, data: Any, files: Any, *, drawn: list[Row]) -> list[Row | None]:
    """Return each row of the kind as it was typed; None for one that was left blank."""
    total = data.get(f"{kind.prefix}-TOTAL_FORMS")
    if total is None:
        # No rows were sent at all, which is not to say that each was deleted.
        return list(drawn)
    by_key = {row.key: row.boxes for row in drawn}
    rows: list[Row | None] = []
    for number in range(_number(total)):
        start = f"{kind.prefix}-{number}-"
        key = data.get(start + kind.key, "")
        before = by_key.get(key, {})
        boxes = typed_boxes(kind.fields, data, files, drawn=before, prefix=start)
        is_blank = not key and means_the_same(kind.fields, boxes, kind.blank)
        gone = f"{start}DELETE" in data
        rows.append(None if is_blank else Row(key=key, boxes=boxes, gone=gone))
    return rows


def _number(said: str) -> int:
    """Return how many rows a form says that it has; of more than it may have, as many."""
    if not said.isdecimal():
        return 0
    # Python does not read numbers of thousands of digits.
    return min(int(said), MOST_ROWS) if len(said) < MOST_DIGITS else MOST_ROWS


def meaning(field: forms.Field, box: str) -> str:
    """Return what a box says, however it is written: 1/2/2027 is 01/02/2027."""
    value: Any = box
    if not isinstance(field, forms.FileField | forms.ModelChoiceField):
        try:
            value = field.to_python(box)
        except ValidationError:
            value = box
    # A browser sends other line ends than were stored.
    return "" if value is None else "\n".join(str(value).splitlines()).strip()


def means_the_same(fields: Mapping[str, forms.Field], one: Boxes, other: Boxes) -> bool:
    """Return whether two sets of boxes say the same in each of `fields`."""
    return all(
        meaning(field, one.get(name, "")) == meaning(field, other.get(name, ""))
        for name, field in fields.items()
    )


def words(field: forms.Field, box: str) -> str:
    """Return what a box says, for a person."""
    if isinstance(field, forms.ModelChoiceField):
        try:
            return str(field.to_python(box) or "")
        except ValidationError:
            return box
    if isinstance(field, forms.NullBooleanField):
        return {"true": "Yes", "false": "No"}.get(box, "")
    if isinstance(field, forms.BooleanField):
        return "Yes" if box else "No"
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(box, box))  # type: ignore[arg-type]  # choices are pairs
    return box


def label_of(field: forms.Field, name: str) -> str:
    """Return what stands beside a box."""
    return str(capfirst(field.label or name.replace("_", " ")))


BOX = "drawn_from"


class DrawnFromField(forms.CharField):
    """The hidden box for it. It is nothing that a person types."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return that nobody has changed it."""
        return False


@dataclass(frozen=True, kw_only=True)
class DrawnFrom:
    """The fingerprint of all that was stored when a form was drawn, and what its boxes held.

    `of` names the thing. On the page with both versions, `base` is what the
    form was drawn from before.
    """

    of: str
    fingerprint: str
    said: Said
    base: Said | None = None

    def signed(self) -> str:
        """Return it as text that nobody else can write."""
        base = self.base and self.base.as_data()
        data = [self.of, self.fingerprint, self.said.as_data(), base]
        return signing.dumps(data, salt=BOX, compress=True)

    @classmethod
    def read(cls, text: str, *, of: str) -> DrawnFrom | None:
        """Return what was signed for the thing that `of` names; None for anything else."""
        try:
            named, fingerprint, said, base = signing.loads(text, salt=BOX)
        except signing.BadSignature:
            return None
        before = base and Said.from_data(base)
        drawn = cls(of=named, fingerprint=fingerprint, said=Said.from_data(said), base=before)
        return drawn if named == of else None
