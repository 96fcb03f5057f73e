"""Base classes of the editors' pages: one save of a form is one official change."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, models, transaction
from django.forms.models import _get_foreign_key
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst

from registers import changes
from registers.admin.asking import LabelledBox, ModelForm
from registers.admin.conflicts.check_conflict import ConflictCheck
from registers.admin.conflicts.form_values import NOT_MODEL_FIELDS
from registers.admin.form_drafts import is_taken_up, with_drafts
from registers.admin.forms import (
    DATE_ERRORS,
    KnownAutocompleteSelect,
    RecordedForm,
    RecordedFormSet,
    offer_only_to_add,
)
from registers.admin.history import HistoryAdmin
from registers.admin.permissions import may_publish
from registers.admin.proposing import changes_at_once, forget_success, is_published, propose_instead
from registers.changes import no_orphans
from registers.changes.locking import EDIT_TOKEN, EditToken, Part, fingerprint, lock_one
from registers.models import Proposal, Protocol

# Django gave these methods their positional switches.
# ruff: noqa: FBT001, FBT002


if TYPE_CHECKING:
    StackedInline = admin.StackedInline[Any, Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline


KEPT_REASON = "Nothing that the public sees changed. Your reason is kept in the audit log."
DRAFT_SAVED = 'Draft <a href="{}">{}</a> is saved. It is not public yet.'
LOST_REASON = "Nothing changed, so your reason was not recorded."
UNREADABLE_FILTER = "A filter in the address is not valid, so this list shows everything."
BUSY = (
    "Nothing was saved, because somebody else was saving at the same time, or a spreadsheet is"
    " being imported. What you typed is here. Save again in a minute."
)
CHANGED_SINCE = (
    "Nothing was deleted, because somebody else saved this while you were looking. Check it again."
)
NOT_DELETED = "Nothing was deleted, because somebody else was saving at the same time. Try again."
NOT_SENT = "Not sent to be saved."  # never shown

# The status of a draft, whatever it is of.
DRAFT = Protocol.Status.DRAFT


class ChangedSinceError(ValidationError):
    """The object was saved by somebody else since it was shown."""


class RecordedAdmin(HistoryAdmin):
    """An admin whose objects are saved, with their inlines, as one official change.

    It saves and deletes only what its editor has seen: see `conflicts`.
    """

    form = RecordedForm
    formfield_overrides = {
        models.CharField: {"widget": AdminTextInputWidget(attrs={"class": "vLargeTextField"})},
        models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})},
        models.DateField: DATE_ERRORS,
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list. Where one filter is not valid, Django drops all: say so."""
        if ERROR_FLAG in request.GET:
            self.message_user(request, UNREADABLE_FILTER, messages.ERROR)
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        """Return the form's field, with a link to add an object and none to change it."""
        return offer_only_to_add(super().formfield_for_dbfield(*args, **kwargs))

    def get_inline_formsets(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Return the inlines, whose link to add a row says so in an officer's words."""
        found: list[Any] = super().get_inline_formsets(*args, **kwargs)
        for each in found:
            if adds := getattr(each.opts, "adds", ""):
                data = json.loads(each.inline_formset_data())
                data["options"]["addText"] = f"Add {adds}"
                each.inline_formset_data = json.dumps(data)  # Django's method gives the text too
        return found

    def save_object(self, form: ModelForm) -> None:
        """Save the form's own object. Raises ValidationError."""
        changes.save(form.instance)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form class for this request, with the refusal of the last save, if any."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save nothing yet: `save_related` saves the object together with its inlines."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the object and its inlines as one official change. Raises ValidationError."""
        why, at = form.cleaned_data.get("why", ""), timezone.now()
        by = cast(User, request.user)
        subject = self.subject_of(form.instance)
        how: dict[str, Any] = {"at": at, "by": by, "why": why, "stays_complete": True}
        how["is_correction"] = form.cleaned_data.get("is_correction", False)
        with changes.record_change(subject, **how) as recorded:
            # A new object must exist before its inlines. Otherwise the inlines go first: an
            # organisation may take a name that one of them gives up in the same save.
            if not change:
                self.save_object(form)
            super().save_related(request, form, formsets, change)
            if change and set(form.changed_data) - NOT_MODEL_FIELDS:
                self.save_object(form)
        proposing = getattr(request, "proposing", lambda: False)
        if why and not proposing() and not any(change.public for change in recorded.changes):
            kept = KEPT_REASON if recorded.changes else LOST_REASON
            self.message_user(request, kept, messages.WARNING)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save one inline. Raises ValidationError; each message names the row."""
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
        """Return what would be deleted. What is in use is refused as such, not as not permitted."""
        going, numbers, lacking, protected = super().get_deleted_objects(objs, request)
        return going, numbers, set() if protected else lacking, protected

    # Only what was seen is saved or deleted ----------------------------------------------------

    def parts(self) -> list[Part]:
        """Return the models of the inlines, each with the name of its foreign key."""
        return [
            (inline.model, _get_foreign_key(self.model, inline.model, inline.fk_name).name)
            for inline in self.inlines
        ]

    def lock(self, thing: models.Model) -> str:
        """Lock the rows of `thing` until the transaction ends, and return their fingerprint."""
        subject = self.subject_of(thing)
        if subject != thing:
            lock_one(subject)
        return fingerprint(thing, self.parts(), lock=True)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the object; once, the one that was locked and compared, without a query."""
        locked = vars(request).pop("locked_object", None)
        return locked or super().get_object(request, object_id, from_field)

    def proposes(self, request: HttpRequest, thing: Any) -> bool:
        """Return whether what this user saves of `thing`, None for a new one, is only proposed."""
        subject = thing and self.subject_of(thing)
        return not changes_at_once(request.user) and is_published(subject)

    def _proposed(
        self, request: HttpRequest, object_id: str | None, save: Callable[[], HttpResponse]
    ) -> HttpResponse:
        """Return the response of `save`, whose changes are only proposed where that is so.

        Its template finds that out by `request.proposing`.
        """
        if changes_at_once(request.user):
            return save()

        @cache
        def proposing() -> bool:
            thing = self.get_object(request, unquote(object_id)) if object_id else None
            return self.proposes(request, thing)

        vars(request)["proposing"] = proposing
        if request.method != "POST" or not proposing():
            return save()
        # A window that opened this one would take what is only proposed for saved.
        typed = request.POST.copy()
        typed.pop(IS_POPUP_VAR, None)
        request.POST = typed  # type: ignore[assignment]  # a form may be changed
        return propose_instead(request, save)

    def restore_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Show what putting an earlier state back would do, or do or propose it."""
        view = super().restore_view
        return self._proposed(request, object_id, partial(view, request, object_id, number))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show, save or propose the form. A refusal is shown on the form, as typed."""
        view_args = (request, object_id, form_url, extra_context)
        return with_drafts(request, partial(self._take_up_or_save, *view_args))

    def _take_up_or_save(
        self, request: HttpRequest, object_id: str | None, *more: Any
    ) -> HttpResponse:
        view_args = (request, object_id, *more)
        if is_taken_up(request):
            # A refused form shows what was sent; `with_drafts` takes its errors away.
            return self._show_refusal(ValidationError(NOT_SENT), *view_args)
        try:
            return self._proposed(request, object_id, partial(self._show_or_save, *view_args))
        except OperationalError:
            return self._show_busy(*view_args)

    def _show_or_save(
        self, request: HttpRequest, object_id: str | None, *more: Any
    ) -> HttpResponse:
        view_args = (request, object_id, *more)
        if request.method != "POST":
            # Take the fingerprint before the form is read: a save in between must be noticed.
            request.fingerprint = self._fingerprint(request, object_id)  # type: ignore[attr-defined]  # ours
            return super().changeform_view(*view_args)
        try:
            with no_orphans():
                key = None if object_id is None else unquote(object_id)
                resolved = key and ConflictCheck(self, request).resolve(key)
                return resolved or self._save(key, *view_args)
        except ValidationError as refusal:
            # Everything was rolled back. Show the form again, with the errors.
            return self._show_refusal(refusal, *view_args)
        except (IntegrityError, OperationalError):
            return self._show_busy(*view_args)

    def _show_busy(self, *view_args: Any) -> HttpResponse:
        response = self._show_refusal(ValidationError(BUSY), *view_args)
        response.status_code = 503
        return response

    def _save(self, key: str | None, request: HttpRequest, *view_args: Any) -> HttpResponse:
        """Save the form, or return the conflict page. Raises ValidationError."""

        def save() -> HttpResponse:
            with transaction.atomic():
                conflict = key and ConflictCheck(self, request).find(key)
                # Not Django's public method, which would open a second transaction within ours.
                return conflict or self._changeform_view(request, *view_args)  # type: ignore[attr-defined]  # Django's own

        try:
            return save()
        except IntegrityError:
            if request.FILES:
                # A large file has been moved to its place, and cannot be stored again.
                raise
            # Somebody saved the same at the same time. The checks of a second try will name it.
            return save()

    def _show_refusal(
        self, refusal: ValidationError, request: HttpRequest, *view_args: Any
    ) -> HttpResponse:
        """Return the form as typed, with the errors. Nothing is saved, so nothing is locked."""
        request.refusal = refusal  # type: ignore[attr-defined]  # ours
        response: HttpResponse = self._changeform_view(request, *view_args)  # type: ignore[attr-defined]  # Django's own
        return response

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the hidden field with the edit token, unless the object is new."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (name, first), *others = fieldsets
        return [(name, {**first, "fields": (*first["fields"], EDIT_TOKEN)}), *others]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the edit token. A form that is shown again with errors keeps its first token."""
        form, thing = context["adminform"].form, context["original"]
        if self.proposes(request, thing):
            subject = self.subject_of(thing) if thing else self.model()
            about = Proposal.objects.about(type(subject), subject.pk)
            context |= {"proposing": True, "proposals": about.waiting().select_related("by")}
        if request.method != "POST" and EDIT_TOKEN in form.fields and thing is not None:
            formsets = [(each.formset, each.opts) for each in context["inline_admin_formsets"]]
            form.initial[EDIT_TOKEN] = EditToken(
                fingerprint=request.fingerprint,  # type: ignore[attr-defined]  # ours
                values=ConflictCheck(self, request).values_of(thing, form, formsets).stored,
            ).signed(thing)
        context["show_save_and_add_another"] = False  # the front page offers to add
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask before deleting, and delete or propose it only as seen. Say why if it must stay."""
        view = partial(self._show_or_delete, request, object_id, extra_context)
        return self._proposed(request, object_id, view)

    def _show_or_delete(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        token = EditToken(fingerprint=self._fingerprint(request, object_id), values={})
        thing = self.model(pk=unquote(object_id))
        context = {**(extra_context or {}), "edit_token": token.signed(thing)}
        try:
            return super().delete_view(request, object_id, context)
        except ChangedSinceError as refusal:
            sentences, page = refusal.messages, "delete"
        except ValidationError as refusal:
            sentences, page = refusal.messages, "change"
        except (IntegrityError, OperationalError):
            sentences, page = [NOT_DELETED], "delete"
        self.message_user(request, " ".join(sentences), messages.ERROR)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", object_id)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the object as an official change. Raises ValidationError for what must stay."""
        by = cast(User, request.user)
        now, token = self.lock(obj), EditToken.read(request.POST.get(EDIT_TOKEN, ""), obj)
        if token is None or token.fingerprint != now:
            raise ChangedSinceError(CHANGED_SINCE)
        with changes.record_change(self.subject_of(obj), at=timezone.now(), by=by):
            changes.remove(obj)

    def _fingerprint(self, request: HttpRequest, object_id: str | None) -> str:
        thing = self.get_object(request, unquote(object_id)) if object_id else None
        return fingerprint(thing, self.parts()) if thing else ""


class PublishedAdmin(RecordedAdmin):
    """An admin of what begins as a draft. Saving it publishes nothing: a page of its own does."""

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may publish. The actions of a list need this too."""
        return may_publish(request.user) and bool(self.has_change_permission(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add whether the user may publish, and whether there is a draft to publish."""
        thing, allowed = context.get("original"), self.has_publish_permission(request)
        is_draft = thing is None or thing.status == DRAFT
        context |= {"may_publish": allowed, "publishable": allowed and is_draft}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead on to the page that publishes it, where that was asked for."""
        response = super().response_add(request, obj, post_url_continue)
        return self._saved(request, obj, response)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Lead on to the page that publishes it, where that was asked for."""
        return self._saved(request, obj, super().response_change(request, obj))

    def _saved(self, request: HttpRequest, thing: Any, response: HttpResponse) -> HttpResponse:
        """Say of a draft that it is one, in place of what Django has said."""
        if thing.status != DRAFT or not forget_success(request):
            return response
        publishes = self.has_publish_permission(request)
        page = reverse(f"admin:registers_{self.opts.model_name}_change", args=[quote(thing.pk)])
        said = DRAFT_SAVED if publishes else f"{DRAFT_SAVED} A Publisher publishes it."
        messages.success(request, format_html(said, page, thing))
        if publishes and "_publish" in request.POST:
            return redirect(f"admin:registers_{self.opts.model_name}_publish", quote(thing.pk))
        return response


class RecordedInline(TabularInline):
    """A table of parts, saved with their object. It shows no empty row unless asked."""

    extra = 0
    form = ModelForm
    formset = RecordedFormSet
    # What its link adds, such as 'a document'.
    adds = ""
    # The fields by which a person tells one row from another; None: the first.
    identified_by: tuple[str, ...] | None = None
    # What a save of a public thing fills in from another field where the box is empty.
    filled_from: dict[str, str] = {}
    formfield_overrides = {
        models.CharField: {"widget": forms.TextInput(attrs={"size": 40})},
        models.DateField: DATE_ERRORS,
    }

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Join what the autocomplete boxes show."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.autocomplete_fields) if self.autocomplete_fields else rows

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        """Return the form's field, with a link to add an object and none to change it."""
        return offer_only_to_add(super().formfield_for_dbfield(*args, **kwargs))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use an autocomplete box that knows what was read with its row."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KnownAutocompleteSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form set, each box with a label of its own: Django's table has none."""
        rows: Any = super().get_formset(request, obj, **kwargs)
        rows.form.bound_field_class = LabelledBox
        return rows
