"""Options of the record: the lists that editors choose from, and the boxes to choose in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers.admin.asking import AskingBox
from registers.admin.base import RecordedAdmin
from registers.models import Option
from registers.models.options import (
    NO_PAGE,
    OPTION_LISTS,
    OptionsField,
    all_options,
    lines_of,
    option_code,
)
from registers.models.protocol_fields import BY_NAME, MAY_NOT_APPLY

NOT_APPLYING = "does_not_apply"
NOT_IN_LIST = "‘{}’ is not in the list. Choose from the list, or ask an administrator to add it."
TICK_BOX = (
    '{}<div class="does-not-apply"><label><input type="checkbox" name="{}" value="on"{}>'
    ' Does not apply<span class="visually-hidden">: {}</span></label></div>'
)


@admin.register(Option)
class OptionAdmin(RecordedAdmin):
    """The options that a partnership adds to those that come with each list."""

    list_display = ("words", "options")
    list_filter = ("options",)
    search_fields = ("words",)
    search_help_text = "Words of an option"
    fields = ("options", "words", "supplied")
    readonly_fields = ("supplied",)

    @admin.display(description="what each list has already")
    def supplied(self, option: Option) -> SafeString:
        """Return the options that come with the register, and where they were taken from."""
        parts = [
            format_html(
                "<p><strong>{}</strong> ({}): {}</p>",
                each.label,
                each.source,
                "; ".join(each.options),
            )
            for name, each in OPTION_LISTS.items()
            if option.options in {"", name}
        ]
        return format_html("{}" * len(parts), *parts)


class TickedLines(forms.Widget):
    """A text that is a list, an entry a line, in one box for each entry.

    A box has a name of its own, so that drafts and pages of conflicts treat it as any other.
    What is sent under the field's own name, as by these, stands for them all.
    """

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Return the lines of the boxes that were sent."""
        if name in data:
            return str(data[name])
        start = f"{name}."
        sent = (data[each] for each in data if each.startswith(start))
        return "\n".join(each for each in sent if each)

    def format_value(self, value: Any) -> str:
        """Return the text itself."""
        return value or ""


class OptionTicks(TickedLines):
    """A tick for each option of a list, and for what is chosen and is in the list no more."""

    template_name = "admin/registers/options.html"
    options: tuple[str, ...] = ()
    label = ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the ticks."""
        context = super().get_context(name, value, attrs)
        chosen = lines_of(value or "")
        gone = [each for each in chosen if each not in self.options]
        context["label"] = self.label
        context["ticks"] = [
            {
                "name": f"{name}.{option_code(each)}.{number}",
                "words": each,
                "checked": each in chosen,
                "gone": each in gone,
            }
            for number, each in enumerate([*self.options, *gone])
        ]
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the ticks. Django's renderer of forms does not know our templates."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def id_for_label(self, id_: str, index: Any = None) -> str:
        """Return nothing: a label of all the ticks would be that of the first."""
        return ""

    use_fieldset = True


class NamedTicks(TickedLines):
    """The names of fields that do not apply. Each tick is shown beside the box of its field."""

    input_type = "hidden"
    is_hidden = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Return the names whose boxes were ticked, in their order."""
        if name in data:
            return str(data[name])
        return "\n".join(each for each in MAY_NOT_APPLY if f"{name}.{each}" in data)

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Return nothing."""
        return SafeString("")


class OptionsFormField(forms.CharField):
    """Options of a list. What is stored can be sent again, whatever became of the list."""

    def __init__(self, *, field: OptionsField, options: list[str], **kwargs: Any) -> None:
        self.options, self.stored = options, ""
        super().__init__(**kwargs)
        if field.several:
            self.widget = OptionTicks()
            self.widget.options, self.widget.label = tuple(options), self.label
        else:
            choices = [("", "---------"), *((each, each) for each in options)]
            self.widget = forms.Select(choices=choices)

    def to_python(self, value: Any) -> str:
        """Return the lines in the order of the list."""
        lines = lines_of(super().to_python(value) or "")
        known = [each for each in self.options if each in lines]
        return "\n".join([*known, *(each for each in lines if each not in known)])

    def validate(self, value: str) -> None:
        """Raise ValidationError for what is neither in the list nor stored."""
        super().validate(value)
        for each in lines_of(value):
            if each not in self.options and each not in lines_of(self.stored):
                raise forms.ValidationError(NOT_IN_LIST.format(each))


class RecordBox(AskingBox):
    """A box of a protocol's form, with a tick that says that it does not apply."""

    def as_widget(self, widget: Any = None, *args: Any, **kwargs: Any) -> SafeString:
        """Return the box, and the tick where its field may not apply."""
        box = super().as_widget(widget, *args, **kwargs)
        if self.name not in MAY_NOT_APPLY or NOT_APPLYING not in self.form.fields:
            return box
        ticked = lines_of(self.form[NOT_APPLYING].value() or "")
        name = f"{self.form.add_prefix(NOT_APPLYING)}.{self.name}"
        checked = " checked" if self.name in ticked else ""
        return format_html(TICK_BOX, box, name, checked, BY_NAME[self.name].label)


def box_of(field: models.Field[Any, Any], request: HttpRequest) -> dict[str, Any] | forms.Field:
    """Return the box of a field of the record, or what Django's own is to be given.

    The options of all lists are read once a request.
    """
    label, hint = BY_NAME[field.name].label, field.help_text
    if isinstance(field, OptionsField):
        options = getattr(request, "options", None) or all_options()
        request.options = options  # type: ignore[attr-defined]  # ours
        return OptionsFormField(
            field=field, options=options[field.options], label=label, help_text=hint, required=False
        )
    if field.name == NOT_APPLYING:
        return forms.CharField(widget=NamedTicks(), label=label, required=False)
    if isinstance(field, models.URLField):
        return {"assume_scheme": "https", "error_messages": {"invalid": NO_PAGE}}
    if isinstance(field, models.TextField) and BY_NAME[field.name].may_not_apply:
        return {"widget": AdminTextareaWidget(attrs={"rows": 2})}
    return {}


def know_stored_options(form: Any) -> None:
    """Let the boxes of options know what is stored, and offer it."""
    for name, field in form.fields.items():
        if isinstance(field, OptionsFormField):
            field.stored = str(form.initial.get(name) or "")
            if isinstance(field.widget, forms.Select) and field.stored not in {"", *field.options}:
                field.widget.choices = [*field.widget.choices, (field.stored, field.stored)]
