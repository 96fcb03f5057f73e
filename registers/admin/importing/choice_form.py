"""What one name in a file stands for: chosen on a form, checked, and read as a choice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from registers.imports.spreadsheet.choices import Choice
from registers.imports.spreadsheet.public_text import refuse_name
from registers.imports.spreadsheet.split_names import as_in_cell, parted
from registers.models import ImportName, Name, Organisation, Theme
from registers.models.keys import key_of

LATER, NEAR, OTHER, NEW = "", "near:", "other", "new"
NOTE, LONGER, SEVERAL = "note", "longer", "several"
NAMELESS = {NOTE: Choice(note=True), SEVERAL: Choice(several=True)}
# The box that belongs to a way, and what it is called.
BOXES = {
    OTHER: ("other", "Its name, for ‘{}’"),
    NEW: ("new", "Its official name, for ‘{}’"),
    LONGER: ("longer", "The whole name, for ‘{}’"),
}
RARE = {NOTE, LONGER, SEVERAL}  # folded, with what else is rarely said
NO_SUCH = "No {what} in this register has the name ‘{name}’. Write any of its names, in full."
EMPTY = "Write the name."
THERE = "The register has {there} under this name. Choose it above instead."
NOT_IN_CELL = "Write the longer name as it stands in the cell: ‘{written}’ is a piece of it."
KEPT_AS = [
    ("", "No, they stand with these protocols alone"),
    *(
        (kind.value, f"Yes: {kind.label.lower()}")
        for kind in Name.Kind
        if kind != Name.Kind.OFFICIAL
    ),
]
IN_ROWS = (Name.Kind.ALIAS, Name.Kind.ACRONYM, Name.Kind.FORMER, Name.Kind.MISSPELLING)
ROW_KEPT_AS = [
    *((kind.value, kind.label) for kind in IN_ROWS),
    (Name.Kind.OFFICIAL.value, "Its official name from now on"),
]
ROW_HELP = "With a new official name, the one that it has now stays as a former one."
LONGEST = 1_000  # characters of a box that is filled in beforehand
# Names that are to be made: their choices by their keys.
Making = Mapping[str, Choice]


def mark_of(name: ImportName) -> str:
    """Return a short text by which the name is known again: its key may be as long as a cell."""
    return hashlib.sha256(f"{name.kind} {name.key}".encode()).hexdigest()[:20]


class ChoiceForm(forms.Form):
    """One name. `near` are the official names that are like it; `making` what is to be made."""

    boxes = BOXES
    # Which name it is, also after another check.
    mark = forms.CharField(required=False, widget=forms.HiddenInput)
    way = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose again: what you chose is not there any more."},
    )
    # How long they may be is asked where they are chosen: they hold what is in the file.
    other = forms.CharField(required=False)
    new = forms.CharField(required=False)
    group = forms.BooleanField(required=False, label="It is a group of bodies, such as all schools")
    longer = forms.CharField(required=False)
    kept_as = forms.ChoiceField(
        required=False,
        choices=KEPT_AS,
        label="Keep these words as a name of it?",
        help_text="Then it is found by them, and the next import knows them.",
    )

    def __init__(
        self,
        *args: Any,
        name: ImportName,
        near: list[str],
        making: Making,
        choice: Choice | None = None,
        **kwargs: Any,
    ) -> None:
        self.name, self.making = name, making
        kwargs["initial"] = _initial(name, near, choice)
        super().__init__(*args, **kwargs)
        self.is_theme = name.kind == ImportName.Kind.THEME
        for box, label in BOXES.values():
            self.fields[box].widget.attrs["aria-label"] = label.format(name.written[:100])
        there = {"list": f"{'themes' if self.is_theme else 'organisations'}-there"}
        self.fields["other"].widget.attrs |= there | {"autocomplete": "off"}
        what = "theme" if self.is_theme else "organisation"
        way = str(self.data.get(self.add_prefix("way"), ""))
        sent = way.removeprefix(NEAR)
        if sent != way and sent not in near and self._is_there(sent):
            # It was like it when the page was shown.
            near = [*near, sent]
        ways = [
            *((f"{NEAR}{each}", each) for each in near),
            (OTHER, f"Another {what} of this register:"),
            *self._other_ways(),
        ]
        self.fields["way"].choices = [*ways, (LATER, "I choose later")]  # type: ignore[attr-defined]  # this kind of field's

    def _other_ways(self) -> Iterator[tuple[str, str]]:
        """Give the ways that are left where nothing of the register is meant."""
        if self.is_theme:
            for box in ("group", "longer", "kept_as"):
                del self.fields[box]
            yield NEW, "A new theme, called:"
            return
        yield NEW, "A new organisation, called:"
        yield NOTE, "No organisation: a note on the parties"
        yield LONGER, "Only a piece of a longer name:"
        if len(names := parted(as_in_cell(self.name.written, self.name.cell))) > 1:
            yield SEVERAL, f"Several organisations: {'; '.join(names)}"

    @property
    def usual_ways(self) -> list[tuple[Any, forms.BoundField | None]]:
        """The ways that are shown at once, each with its box."""
        return [pair for pair in self._ways() if pair[0].data["value"] not in RARE]

    @property
    def rare_ways(self) -> list[tuple[Any, forms.BoundField | None]]:
        """The ways that are folded."""
        return [pair for pair in self._ways() if pair[0].data["value"] in RARE]

    def _ways(self) -> Iterator[tuple[Any, forms.BoundField | None]]:
        for way in self["way"]:
            box = self.boxes.get(way.data["value"])
            yield way, self[box[0]] if box else None

    @property
    def is_rare(self) -> bool:
        """Whether something is said, or wrong, of what is folded."""
        boxes = [self[name] for name in ("group", "longer", "kept_as")]
        is_said = self["group"].value() or self["kept_as"].value()
        return bool(self["way"].value() in RARE or is_said or any(box.errors for box in boxes))

    def founds(self) -> Choice | None:
        """Return what would be made, if a new thing is chosen and has a name that it can have."""
        name = str(self.data.get(self.add_prefix("new"), "")).strip()
        if self.data.get(self.add_prefix("way")) != NEW or not key_of(name):
            return None
        try:
            self._refuse_new(name)
        except ValidationError:
            return None
        return Choice(name=name, new=True, group=bool(self.data.get(self.add_prefix("group"))))

    def clean(self) -> dict[str, Any]:
        """Refuse, beside its box, a way without what it needs."""
        cleaned: dict[str, Any] = super().clean() or {}
        way = cleaned.get("way", LATER)
        if way in self.boxes:
            box, _ = self.boxes[way]
            text = cleaned.get(box, "").strip()
            if not key_of(text):
                if box not in self.errors:
                    self.add_error(box, EMPTY)
            else:
                try:
                    getattr(self, f"_refuse_{box}")(text)
                except ValidationError as refusal:
                    self.add_error(box, refusal)
        if cleaned.get("kept_as"):
            try:
                refuse_name(self.name.kind, self.name.written)
            except ValidationError as refusal:
                self.add_error("kept_as", refusal)
        return cleaned

    def _refuse_other(self, text: str) -> None:
        if not self._is_there(text):
            what = "theme" if self.is_theme else "organisation"
            raise ValidationError(NO_SUCH.format(what=what, name=text))

    def _refuse_new(self, text: str) -> None:
        if there := self._stored(text):
            raise ValidationError(THERE.format(there=there))
        refuse_name(self.name.kind, text)

    def _refuse_longer(self, text: str) -> None:
        piece, whole, cell = key_of(self.name.written), key_of(text), key_of(self.name.cell)
        if piece == whole or piece not in whole or whole not in cell:
            raise ValidationError(NOT_IN_CELL.format(written=self.name.written))

    def _is_there(self, text: str) -> bool:
        """Say whether something has this name, or will have it."""
        return key_of(text) in self.making or self._stored(text) is not None

    def _stored(self, text: str) -> str | None:
        """Return the official name of what is in the register under a name."""
        if self.is_theme:
            themes = Theme.objects.filter(key=key_of(text))
            return themes.values_list("name", flat=True).first()
        return Organisation.objects.named(text).values_list("name", flat=True).first()

    def choice(self) -> Choice | None:
        """Return what was chosen; None where that is left for later."""
        cleaned = self.cleaned_data
        way, kept_as = cleaned["way"], cleaned.get("kept_as", "")
        if way in NAMELESS:
            return NAMELESS[way]
        if way == LONGER:
            return Choice(longer=cleaned["longer"].strip())
        if way == NEW:
            name, group = cleaned.get("new", self.name.written), cleaned.get("group", False)
            return Choice(name=name.strip(), new=True, group=group, kept_as=kept_as)
        if not way:
            return None
        name = cleaned["other"].strip() if way == OTHER else way.removeprefix(NEAR)
        made = self.making.get(key_of(name))
        if made and not self._stored(name):
            return Choice(name=made.name, new=True, group=made.group, kept_as=kept_as)
        return Choice(name=name, kept_as=kept_as)


class RowForm(ChoiceForm):
    """Which organisation a row of a file of organisations is about, and what it calls it."""

    boxes = {OTHER: BOXES[OTHER]}

    def __init__(self, *args: Any, can_be_new: bool, **kwargs: Any) -> None:
        self.can_be_new = can_be_new
        super().__init__(*args, **kwargs)
        self.initial.setdefault("kept_as", Name.Kind.ALIAS.value)
        kept_as = self.fields["kept_as"]
        kept_as.label, kept_as.help_text = "What are these words to it?", ROW_HELP
        kept_as.choices = ROW_KEPT_AS  # type: ignore[attr-defined]  # this kind of field's

    def _other_ways(self) -> Iterator[tuple[str, str]]:
        for box in ("new", "group", "longer"):
            del self.fields[box]
        if self.can_be_new:
            yield NEW, "A new organisation"


def _initial(name: ImportName, near: list[str], choice: Choice | None) -> dict[str, Any]:
    """Return what stands in the boxes: what was chosen before, else what is as written.

    Nothing is chosen beforehand, so that nobody founds an organisation by the way.
    """
    longer = name.written[:LONGEST] if name.is_cell_cut else name.cell
    boxes = {"mark": mark_of(name), "way": LATER, "new": name.written[:LONGEST], "longer": longer}
    if choice is None:
        return boxes
    boxes["kept_as"] = choice.kept_as
    if way := next((way for way, each in NAMELESS.items() if choice == each), ""):
        return boxes | {"way": way}
    if choice.longer:
        return boxes | {"way": LONGER, "longer": choice.longer}
    if choice.new:
        return boxes | {"way": NEW, "new": choice.name, "group": choice.group}
    if choice.name in near:
        return boxes | {"way": f"{NEAR}{choice.name}"}
    return boxes | {"way": OTHER, "other": choice.name}
