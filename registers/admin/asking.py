"""Forms that ask once about what may be a slip: words about a person, or a month far ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst, get_text_list

from registers.changes.public_text import public_texts
from registers.models.personal_words import personal_words

MEANT = "It is meant to be public"
QUESTION = f"This is public, and {{}}. Remove what is about a person, or tick ‘{MEANT}’."
# How the name of a tick ends, and what parts the words in its value: no words hold it.
TICK, BETWEEN = "-meant", "\t"
TICK_BOX = (
    '{}<div class="meant-to-be-public"><label><input type="checkbox" name="{}" value="{}"{}>'
    " {}: {}</label></div>"
)


def question(words: Mapping[str, str]) -> str:
    """Return the sentence that asks about words, each given with what it looks like."""
    looks = [f"‘{each}’ {looks_like}" for each, looks_like in words.items()]
    return QUESTION.format(get_text_list(looks, "and"))


def ticks(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ticks that were sent, for the hidden fields of a page before the last."""
    return {name: value for name, value in data.items() if name.endswith(TICK)}


class AskingBox(forms.BoundField):
    """A box with the tick for its words, where the form asks about them."""

    def as_widget(self, widget: Any = None, *args: Any, **kwargs: Any) -> SafeString:
        """Return the box and the tick; a hidden box has a hidden tick, if it was ticked."""
        box = super().as_widget(widget, *args, **kwargs)
        form: Any = self.form
        words, ticked = form.asked.get(self.name, ((), False))
        if words and (ticked or self.name in form.errors):
            return self._with_tick(box, words, widget, ticked=ticked)
        return box

    def _with_tick(self, box: Any, words: Any, widget: Any, *, ticked: bool) -> SafeString:
        name, value = f"{self.html_name}{TICK}", BETWEEN.join(words)
        if (widget or self.field.widget).is_hidden:
            return format_html('{}<input type="hidden" name="{}" value="{}">', box, name, value)
        named = get_text_list([f"‘{each}’" for each in words], "and")
        checked = " checked" if ticked else ""
        meant = getattr(self.field, "meant", MEANT)
        return format_html(TICK_BOX, box, name, value, checked, meant, named)


class LabelledBox(AskingBox):
    """A box of a row with its label, which is shown where the row is a card."""

    def as_widget(self, *args: Any, **kwargs: Any) -> SafeString:
        """Return the label, unless the box is hidden, and the box."""
        box = super().as_widget(*args, **kwargs)
        if self.is_hidden:
            return box
        label = '<label class="cell-label" for="{}">{}</label>{}'
        return format_html(label, self.id_for_label, capfirst(self.label), box)


class AskingForm(forms.BaseForm):
    """A form that asks about its public texts. A tick covers the words that it names.

    A box of a model's field is as public as the field; another one, where its hint begins
    with 'Public'.
    """

    bound_field_class = AskingBox
    # Django cleans no form of a row that the user may not change.
    _asked: Mapping[str, tuple[list[str], bool]] = MappingProxyType({})

    @property
    def asked(self) -> Mapping[str, tuple[list[str], bool]]:
        """By the name of its box, the words that are asked about, and whether that is ticked."""
        self.errors  # noqa: B018 (it cleans the form)
        return self._asked

    def full_clean(self) -> None:
        """Add an error to each box with words that are new, and are not ticked."""
        self._asked = asked = dict[str, tuple[list[str], bool]]()
        super().full_clean()
        for name, words in self._questions() if self.is_bound else ():
            sent = self.data.get(f"{self.add_prefix(name)}{TICK}", "").split(BETWEEN)
            left = {each: kind for each, kind in words.items() if each not in sent}
            asked[name] = (list(words), not left)
            if left:
                ask = getattr(self.fields[name], "question", question)
                self.add_error(name, ValidationError(ask(left), code="asked"))

    def _questions(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Give the name of each box that is asked about, and the words with what is said of them.

        A field's own `asks_about` names what in a changed value needs a tick of its own.
        """
        for name, before in self._public_boxes():
            if words := personal_words(self[name].data or "", before=before, field=name):
                yield name, words
        field: Any
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name)
            ask = getattr(field, "asks_about", None)
            if ask and value != self.initial.get(name) and (words := ask(value)):
                yield name, words

    def _public_boxes(self) -> Iterator[tuple[str, str]]:
        """Give the name of each box of public text, and the text that is stored."""
        model: type[models.Model] | None = None
        is_new = False
        if isinstance(self, forms.ModelForm):
            # What is proposed in the boxes of a new row is not stored.
            model, is_new = self._meta.model, self.instance._state.adding
        own = {field.name for field in model._meta.get_fields()} if model else set()
        public = public_texts(model) if model else ()
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField) and (
                name in public if name in own else str(field.help_text).startswith("Public")
            ):
                yield name, "" if is_new else str(self.initial.get(name) or "")


class PlainForm(AskingForm, forms.Form):
    """A form of its own fields."""


if TYPE_CHECKING:

    class ModelForm(AskingForm, forms.ModelForm[Any]):
        """A form of a model's fields."""

else:

    class ModelForm(AskingForm, forms.ModelForm):
        """A form of a model's fields."""
