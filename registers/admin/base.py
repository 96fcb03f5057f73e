"""What every editor's page has: all that is saved at once is one official change, or nothing is."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import (
    AdminTextareaWidget,
    AdminTextInputWidget,
    RelatedFieldWidgetWrapper,
)
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from registers import changes
from registers.admin.saving.boxes import NOT_STORED
from registers.admin.saving.drawn_from import DrawnFromField
from registers.admin.saving.saved_once import SavedOnceAdmin
from registers.models import Change
from registers.models.review_dates import FIRST_YEAR

FORMATS = ("%Y %m", "%m %Y", "%B %Y", "%b %Y")
LAST_YEAR = 2099  # a later one is a slip of the hand, as one before the first is


def read_month(text: str) -> datetime.date:
    """Return the first day of the month in `text`: 'March 2027', 'Mar-2027', '2027-03', '03/2027'.

    Raises ValidationError for anything else.
    """
    words = re.sub(r"[\s/.,–—-]+", " ", text).strip()
    words = re.sub(r"\bsept\b", "Sep", words, flags=re.IGNORECASE)
    for form in FORMATS:
        try:
            month = datetime.datetime.strptime(words, form).date()  # noqa: DTZ007 (a day, no time)
        except ValueError:
            continue
        if not FIRST_YEAR <= month.year <= LAST_YEAR:
            raise ValidationError(f"Write a year from {FIRST_YEAR} to {LAST_YEAR}.")
        return month
    raise ValidationError(f"'{text}' is not a month and a year. Write it like March 2027.")


class MonthField(forms.DateField):
    """A month and a year, as the first day of that month."""

    widget = AdminTextInputWidget

    def to_python(self, value: Any) -> datetime.date | None:
        """Return the month that was written, or None. Raises ValidationError."""
        return read_month(value) if value else None

    def prepare_value(self, value: Any) -> Any:
        """Return a stored month as words, and what was typed as it is."""
        return date_format(value, "F Y") if isinstance(value, datetime.date) else value


# Django gave these methods their positional switches.
# ruff: noqa: FBT001, FBT002


if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
    FormSet = forms.BaseInlineFormSet[Any, Any, Any]
    StackedInline = admin.StackedInline[Any, Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelForm = forms.ModelForm
    FormSet = forms.BaseInlineFormSet
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline


UNREAD = "A filter in the address could not be read, so this list is not filtered at all."
DAYS = {"error_messages": {"invalid": "This is not a day. Write it like 31/03/2027."}}


class OfficialForm(ModelForm):
    """A form that also shows what changes refused, beside the field where there is one."""

    drawn_from = DrawnFromField(required=False)
    refusal: ValidationError | None = None

    def clean(self) -> dict[str, Any] | None:
        """Add the refusal, if there was one when the same form was saved."""
        cleaned = super().clean()
        if self.refusal:
            for field, errors in by_field(self.refusal).items():
                self.add_error(field if field in self.fields else None, errors)
        return cleaned


class ReasonForm(OfficialForm):
    """A form for what tells its changes to the public: it asks why."""

    why = forms.CharField(
        label="Why this change?",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Public, and optional. It is kept beside what changed.",
    )


def by_field(refusal: ValidationError) -> dict[str, list[ValidationError]]:
    """Return the errors of a refusal by field; those of no field under NON_FIELD_ERRORS."""
    if hasattr(refusal, "error_dict"):
        return refusal.error_dict
    return {NON_FIELD_ERRORS: refusal.error_list}


class OnlyAdd:
    """Beside a box that chooses another thing, offer to add one, not to change or delete it."""

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        """Return the form's field without Django's other links."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_change_related = False
            field.widget.can_delete_related = False
            field.widget.can_view_related = False
        return field


class OfficialAdmin(OnlyAdd, SavedOnceAdmin):
    """The admin of a thing that registers/changes saves, with what belongs to it, as one change."""

    form = OfficialForm
    formfield_overrides = {
        models.CharField: {"widget": AdminTextInputWidget(attrs={"class": "vLargeTextField"})},
        models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})},
        models.DateField: DAYS,
    }
    # Deleting many at once, Django's only action, would go past registers/changes.
    actions: Any = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list by its name. Django leaves out every filter where one cannot be read."""
        if ERROR_FLAG in request.GET:
            self.message_user(request, UNREAD, messages.ERROR)
        name = capfirst(str(self.opts.verbose_name_plural))
        response: HttpResponse = super().changelist_view(
            request, {"title": name, **(extra_context or {})}
        )
        return response

    def save_thing(self, form: ModelForm) -> None:
        """Save the form's own thing. Raises ValidationError."""
        changes.save(form.instance)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form's class, made for this request, with what was refused in it."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep back: the thing is saved with what belongs to it, by `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the thing and its parts as one official change. Raises ValidationError."""
        why, at = form.cleaned_data.get("why", ""), timezone.now()
        by = cast(User, request.user)
        with changes.record_change(self.subject_of(form.instance), at=at, by=by, why=why):
            # A new thing must be there before its parts. Later the parts go first: an
            # organisation may take a name that is given up among them in the same breath.
            if not change:
                self.save_thing(form)
            super().save_related(request, form, formsets, change)
            if change and set(form.changed_data) - NOT_STORED:
                self.save_thing(form)
        if why and not Change.objects.filter(made_at=at, why=why).exists():
            self.message_user(
                request,
                "Nothing changed that the public sees, so your reason was not recorded.",
                messages.WARNING,
            )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the parts of one kind. Raises ValidationError, its sentences naming the part."""
        parts = formset.save(commit=False)
        for part in formset.deleted_objects:
            changes.remove(part)
        for part in parts:
            try:
                changes.save(part)
            except ValidationError as refusal:
                kind = capfirst(part._meta.verbose_name)
                raise ValidationError(
                    [f"{kind} '{part}': {sentence}" for sentence in refusal.messages]
                ) from refusal

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Return what would go. What is in use is refused as that, not for want of a permission."""
        going, numbers, lacking, protected = super().get_deleted_objects(objs, request)
        return going, numbers, set() if protected else lacking, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete as an official change what was seen. Raises ValidationError for what must stay."""
        by = cast(User, request.user)
        self.refuse_unseen(request, obj)
        with changes.record_change(self.subject_of(obj), at=timezone.now(), by=by):
            changes.remove(obj)

    def history_form_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse: an earlier state cannot be put back alone, it would lose its parts."""
        raise Http404

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the history say that it is there to look at."""
        return True


class PartInline(OnlyAdd, TabularInline):
    """The parts of a thing, one a row; no empty row stands there unasked."""

    extra = 0
    # The boxes by which a person tells one row from another; None: the first.
    known_by: tuple[str, ...] | None = None
    formfield_overrides = {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 40})},
        models.DateField: DAYS,
    }

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the rows' class. Each box says what it is for: Django's table has no labels."""
        rows: Any = super().get_formset(request, obj, **kwargs)
        for field in rows.form.base_fields.values():
            # Django wraps the box of a thing that can be added beside it.
            box = getattr(field.widget, "widget", field.widget)
            box.attrs.setdefault("aria-label", capfirst(field.label))
        rows.deletion_widget = forms.CheckboxInput(attrs={"aria-label": "Delete"})
        return rows
