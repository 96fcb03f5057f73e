"""The boxes in which a lead fills in a record: one for each field that is not recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from registers.models.options import NO_PAGE, OptionsField, lines_of
from registers.models.protocol_fields import BY_NAME, FormSection, Kind, ProtocolField
from registers.reminders.completion import NOT_APPLYING, Filled
from registers.reminders.links import LONGEST_TITLE, clean_lines, fault_of, one_spaced

LONGEST_TEXT = 10_000
LONGEST_PAPER_TITLE = 200
PUBLIC = "Public."  # how hints for editors begin: here the page says it once
NO_DAY = "Enter a day, like 31 March 2027."
DAYS = ["%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d"]
BOTH = "Untick ‘Does not apply’, or empty the answer."
NOT_IN_LIST = "Choose from the list."
TITLES = {"job_title": "Job title", "title": "Title of the document"}


class LineField(forms.CharField):
    """A text that a stranger sent: of one line, or of several."""

    def __init__(self, *, longest: int, several: bool = False, **kwargs: Any) -> None:
        self.longest, self.several = longest, several
        super().__init__(required=False, strip=False, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the text as it is kept. Raises ValidationError with what is wrong with it."""
        # Not Django's own checks, which refuse some of the same in other words.
        text = clean_lines(value or "") if self.several else one_spaced(value or "")
        if sentence := fault_of(text, self.longest):
            raise ValidationError(sentence)
        return text


class LinkField(LineField):
    """The address of a page."""

    def clean(self, value: Any) -> str:
        """Return it. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return ""
        checked = forms.URLField(assume_scheme="https", error_messages={"invalid": NO_PAGE})
        return str(checked.clean(text))


def box_of(field: ProtocolField, options: Mapping[str, list[str]], stored: str) -> forms.Field:
    """Return the box for a field. What is `stored` in a draft can be sent again."""
    model_field = field.model_field
    if isinstance(model_field, OptionsField):
        listed = options[field.options]
        words = [*listed, *(each for each in lines_of(stored) if each not in listed)]
        choices = [(each, each) for each in words]
        kind = forms.MultipleChoiceField if model_field.several else forms.ChoiceField
        return kind(choices=choices, required=False, error_messages={"invalid_choice": NOT_IN_LIST})
    if isinstance(model_field, models.BooleanField):
        yes_or_no = [("yes", "Yes"), ("no", "No")]
        errors = {"invalid_choice": NOT_IN_LIST}
        return forms.ChoiceField(choices=yes_or_no, required=False, error_messages=errors)
    if isinstance(model_field, models.DateField):
        return forms.DateField(
            required=False, input_formats=DAYS, error_messages={"invalid": NO_DAY}
        )
    if field.kind == Kind.LINK:
        return LinkField(longest=getattr(model_field, "max_length", None) or LONGEST_TEXT)
    longest = getattr(model_field, "max_length", None)
    return LineField(longest=longest or LONGEST_TEXT, several=longest is None)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A field of the record as the page shows it. `recorded` is what was recorded meanwhile."""

    field: ProtocolField
    name: str
    kind: str
    hint: str
    value: Any
    choices: list[tuple[str, str, bool]]
    error: str
    ticked: bool
    recorded: str


class CompletionForm(forms.Form):
    """Some fields of a protocol, a job title and a document.

    `values` is what was filled in before, and `options` has the options of each list.
    """

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        asked: Iterable[ProtocolField],
        values: Mapping[str, Any],
        options: Mapping[str, list[str]],
        **kwargs: Any,
    ) -> None:
        self.asked, self.values = list(asked), values
        super().__init__(data, files, **kwargs)
        for field in self.asked:
            self.fields[field.name] = box_of(field, options, str(values.get(field.name) or ""))
            if field.may_not_apply:
                self.fields[_tick(field.name)] = forms.BooleanField(required=False)
        self.fields["job_title"] = LineField(longest=LONGEST_TITLE)
        self.fields["title"] = LineField(longest=LONGEST_PAPER_TITLE)
        self.fields["document"] = forms.FileField(required=False, allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        """Refuse what has an answer and does not apply."""
        cleaned: dict[str, Any] = super().clean() or {}
        for field in self.asked:
            if cleaned.get(_tick(field.name)) and cleaned.get(field.name):
                self.add_error(field.name, BOTH)
        return cleaned

    @property
    def error_sentences(self) -> dict[str, str]:
        """What is wrong by box, each with its label."""
        labels = TITLES | {field.name: field.label for field in self.asked}
        return {
            name: f"{labels[name]}: {sentences[0]}" if name in labels else str(sentences[0])
            for name, sentences in self.errors.items()
        }

    def filled(self, *, seen: str) -> Filled:
        """Return what was sent and is valid."""
        cleaned = self.cleaned_data
        values = {
            field.name: kept
            for field in self.asked
            if (kept := _kept(field, cleaned.get(field.name))) is not None
        }
        ticked = [f.name for f in self.asked if cleaned.get(_tick(f.name)) and f.name not in values]
        if ticked:
            values[NOT_APPLYING] = "\n".join(ticked)
        return Filled(
            values=values,
            job_title=cleaned.get("job_title", ""),
            title=cleaned.get("title", ""),
            upload=cleaned.get("document"),
            seen=seen,
        )

    def sections(self, recorded: Mapping[str, str]) -> list[tuple[FormSection, list[Box], bool]]:
        """Return the boxes by section, and whether the section is to be open."""
        boxes: dict[FormSection, list[Box]] = {}
        for field in self.asked:
            if field.form:
                boxes.setdefault(field.form, []).append(self._box(field, recorded))
        return [
            (section, some, any(box.value or box.ticked or box.error for box in some))
            for section, some in boxes.items()
        ]

    def _box(self, field: ProtocolField, recorded: Mapping[str, str]) -> Box:
        box, tick = self.fields[field.name], _tick(field.name)
        sent: Any = self.data
        if self.is_bound:
            several = isinstance(box, forms.MultipleChoiceField)
            value = sent.getlist(field.name) if several else sent.get(field.name, "")
            ticked = tick in sent
        else:
            value = _shown(field, self.values.get(field.name))
            ticked = field.name in lines_of(self.values.get(NOT_APPLYING, ""))
        chosen = value if isinstance(value, list) else [value]
        choices = getattr(box, "choices", ())
        return Box(
            field=field,
            name=field.name,
            kind=_kind(box),
            hint=hint_of(field),
            value=value,
            choices=[(each, words, each in chosen) for each, words in choices],
            error=str(self.errors.get(field.name, [""])[0]) if self.is_bound else "",
            ticked=ticked,
            recorded=recorded.get(field.name, ""),
        )


def _tick(name: str) -> str:
    return f"{name}-does-not-apply"


def _kind(box: forms.Field) -> str:
    """Return how a box is shown."""
    if isinstance(box, forms.MultipleChoiceField):
        return "checkboxes"
    if isinstance(box, forms.ChoiceField):
        return "radios"
    return "lines" if isinstance(box, LineField) and box.several else "line"


def hint_of(field: ProtocolField) -> str:
    """Return the example of a field, or what it means where it has none."""
    hint = str(getattr(field.model_field, "help_text", "")).removeprefix(PUBLIC)
    return hint.strip() or field.meaning


def _kept(field: ProtocolField, value: Any) -> Any:
    """Return a cleaned value as a snapshot has it; None for none."""
    if field.kind == Kind.BOOLEAN:
        return {"yes": True, "no": False}.get(value)
    if field.kind == Kind.DAY:
        return value.isoformat() if value else None
    if isinstance(value, list):
        return "\n".join(value) or None
    return value or None


def _shown(field: ProtocolField, value: Any) -> Any:
    """Return what a draft has as its box holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field.model_field, OptionsField) and field.model_field.several:
        return lines_of(value or "")
    if field.kind == Kind.DAY and value:
        return f"{BY_NAME[field.name].model_field.to_python(value):%-d %B %Y}"  # type: ignore[union-attr]  # a day is a field
    return value or ""
