"""Check on each save that nobody else has saved the object since its form was shown.

The stored rows are locked while they are compared with what the form showed. If
they have changed, nothing is saved, and a page shows both versions to choose from.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, models, transaction
from django.forms.models import _get_foreign_key
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from registers.admin.conflicts.compare import apply_choices, compare, read_comparison
from registers.admin.conflicts.conflict_page import ConflictPage
from registers.admin.conflicts.form_values import (
    HIDDEN_FIELD,
    EditToken,
    FormState,
    FormValues,
    form_state,
)
from registers.admin.history import HistoryAdmin
from registers.changes import no_orphans
from registers.changes.locking import Part, fingerprint, last_saved, lock_for_update

BUSY = "Nothing was saved, because somebody else was saving at the same time. Save again."
ALREADY_SAVED = "Nothing was saved, because what you typed is stored already."
LEFT_AS_STORED = "Nothing was saved. The form shows what is stored."
CHANGED_SINCE = (
    "Nothing was deleted, because somebody else saved this while you were looking. Check it again."
)
NOT_DELETED = "Nothing was deleted, because somebody else was saving at the same time. Try again."
FILES_AGAIN = "Choose {names} again before you save. A browser sends a file only once."


class ChangedSinceError(ValidationError):
    """The object was saved by somebody else since it was shown."""


class ConflictCheckAdmin(HistoryAdmin):
    """An admin that saves and deletes only what its editor has seen."""

    def subject_of(self, thing: Any) -> models.Model:
        """Return the object whose change is recorded: `thing`, unless a subclass overrides it."""
        return thing  # type: ignore[no-any-return]  # a model's instance

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form. A refusal while saving is shown on the form, as typed."""
        view_args = (request, object_id, form_url, extra_context)
        if request.method != "POST":
            # Take the fingerprint before the form is read: a save in between must be noticed.
            self._remember_fingerprint(request, object_id)
            return super().changeform_view(*view_args)
        try:
            with no_orphans():
                return self._resolve(request, object_id) or self._save(*view_args)
        except ValidationError as refusal:
            # Everything was rolled back. Show the form again, with the errors.
            return self._show_refusal(refusal, *view_args)
        except (IntegrityError, OperationalError):
            response = self._show_refusal(ValidationError(BUSY), *view_args)
            response.status_code = 503
            return response

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the object; once, the one that was locked and compared, without a query."""
        locked = vars(request).pop("locked_object", None)
        return locked or super().get_object(request, object_id, from_field)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the hidden field with the edit token, unless the object is new."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (name, first), *others = fieldsets
        return [(name, {**first, "fields": (*first["fields"], HIDDEN_FIELD)}), *others]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the edit token. A form that is shown again with errors keeps its first token."""
        form, thing = context["adminform"].form, context["original"]
        if request.method != "POST" and HIDDEN_FIELD in form.fields and thing is not None:
            formsets = [(each.formset, each.opts) for each in context["inline_admin_formsets"]]
            values = self._form_state(request, thing, form, formsets).stored
            form.initial[HIDDEN_FIELD] = EditToken(
                of=self._object_label(thing),
                fingerprint=request.fingerprint,  # type: ignore[attr-defined]  # ours
                values=values,
            ).signed()
        if request.FILES:
            names = ", ".join(f"‘{each.name}’" for each in request.FILES.values())  # type: ignore[union-attr]  # each is one file
            self.message_user(request, FILES_AGAIN.format(names=names), messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask before deleting, and delete only what was seen. Add a message if it must stay."""
        context = {
            **(extra_context or {}),
            "edit_token": self._delete_token(request, object_id),
        }
        try:
            return super().delete_view(request, object_id, context)
        except ChangedSinceError as refusal:
            sentences, page = refusal.messages, "delete"
        except ValidationError as refusal:
            sentences, page = refusal.messages, "change"
        except (IntegrityError, OperationalError):
            sentences, page = [NOT_DELETED], "delete"
        self.message_user(request, " ".join(sentences), messages.ERROR)
        return HttpResponseRedirect(self._page_url(page, object_id))

    def check_unchanged(self, request: HttpRequest, thing: models.Model) -> None:
        """Lock `thing` until the transaction ends. Raises ChangedSinceError if it has changed."""
        now = self._lock(thing)
        token = EditToken.read(request.POST.get(HIDDEN_FIELD, ""), of=self._object_label(thing))
        if token is None or token.fingerprint != now:
            raise ChangedSinceError(CHANGED_SINCE)

    # How a form is saved --------------------------------------------------------------------

    def _save(self, request: HttpRequest, object_id: str | None, *view_args: Any) -> HttpResponse:
        """Save the form, or return the conflict page. Raises ValidationError."""

        def save() -> HttpResponse:
            with transaction.atomic():
                conflict = object_id is not None and self._find_conflict(
                    request, unquote(object_id)
                )
                # Not Django's public method, which would open a second transaction within ours.
                return conflict or self._changeform_view(request, object_id, *view_args)  # type: ignore[attr-defined]  # Django's own

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
        response: HttpResponse = self._changeform_view(request, *view_args)  # type: ignore[attr-defined]  # the admin's own
        return response

    def _find_conflict(self, request: HttpRequest, key: str) -> HttpResponse | None:
        """Lock what is stored. Return None if it is what the form showed, or else a response."""
        thing, now = self.get_object(request, key), ""
        if thing is not None:
            now = self._lock(thing)
            thing = self.get_object(request, key)
        if not self.has_change_permission(request, thing):
            return None
        if thing is None:
            return self._conflict_page(request, self.model()).show_deleted(key)
        token = EditToken.read(request.POST.get(HIDDEN_FIELD, ""), of=self._object_label(thing))
        if token and token.fingerprint == now:
            request.locked_object = thing  # type: ignore[attr-defined]  # ours
            return None
        base = token.values if token else None
        page = self._conflict_page(request, thing)
        comparison = compare(page.state, request.POST, request.FILES, initial=base)
        if comparison.differences(base):
            return page.show(comparison, base=base, fingerprint=now)
        # For example, the button was pressed twice.
        self.message_user(request, ALREADY_SAVED)
        if "_continue" in request.POST:
            return HttpResponseRedirect(request.get_full_path())
        return self.response_post_save_change(request, thing)

    def _resolve(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Turn the choices of the conflict page into form data, as if typed on the form.

        Return None, or the page again if a choice is missing.
        """
        buttons = {"_settle", "_mine", "_leave"} & set(request.POST)
        thing = self.get_object(request, unquote(object_id)) if object_id and buttons else None
        if thing is None or not self.has_change_permission(request, thing):
            return None
        if "_leave" in buttons:
            self.message_user(request, LEFT_AS_STORED)
            return HttpResponseRedirect(request.get_full_path())
        token = EditToken.read(request.POST.get(HIDDEN_FIELD, ""), of=self._object_label(thing))
        if token is None:
            return None
        now, data = self._fingerprint(thing), request.POST.copy()
        page = self._conflict_page(request, thing)
        comparison = read_comparison(page.state, data, request.FILES, stored=token.values)
        differences = comparison.differences(token.base)
        if page.read_choices(differences, all_typed="_mine" in buttons):
            comparison = compare(page.state, data, request.FILES, initial=token.values)
            shown_differences = differences if token.fingerprint == now else []
            return page.show(
                comparison, base=token.base, fingerprint=now, shown_differences=shown_differences
            )
        apply_choices(differences, data, request.FILES)
        for name in buttons:
            del data[name]
        request.POST = data  # type: ignore[assignment]  # Django's own way
        return None

    # What is stored ------------------------------------------------------------------------

    def _parts(self) -> list[Part]:
        """Return the models of the inlines, each with the name of its foreign key."""
        return [
            (inline.model, _get_foreign_key(self.model, inline.model, inline.fk_name).name)
            for inline in self.inlines
        ]

    def _lock(self, thing: models.Model) -> str:
        """Lock the rows of `thing` until the transaction ends, and return their fingerprint."""
        subject = self.subject_of(thing)
        if subject != thing:
            lock_for_update(subject, [])
        return fingerprint(thing, self._parts(), lock=True)

    def _fingerprint(self, thing: models.Model) -> str:
        return fingerprint(thing, self._parts())

    def _remember_fingerprint(self, request: HttpRequest, object_id: str | None) -> None:
        thing = self.get_object(request, unquote(object_id)) if object_id else None
        request.fingerprint = self._fingerprint(thing) if thing else ""  # type: ignore[attr-defined]  # ours

    def _delete_token(self, request: HttpRequest, object_id: str) -> str:
        thing = self.get_object(request, unquote(object_id))
        if thing is None:
            return ""
        no_values = FormValues(values={}, rows={})
        return EditToken(
            of=self._object_label(thing), fingerprint=self._fingerprint(thing), values=no_values
        ).signed()

    def _object_label(self, thing: models.Model) -> str:
        return f"{self.opts.label_lower} {thing.pk}"

    def _page_url(self, page: str, object_id: str) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[object_id]
        )

    def _form_state(self, request: HttpRequest, thing: Any, form: Any, formsets: Any) -> FormState:
        def may_change(inline: Any) -> bool:
            return bool(inline.has_change_permission(request, thing))

        return form_state(form, formsets, may_change=may_change)

    def _conflict_page(self, request: HttpRequest, thing: Any) -> ConflictPage:
        """Return the conflict page, with an unbound form of `thing` as it is stored."""
        known = thing if thing.pk else None
        fields = flatten_fieldsets(self.get_fieldsets(request, known))
        form = self.get_form(request, known, change=bool(known), fields=fields)(instance=thing)
        formsets = [
            (made(instance=thing, prefix=made.get_default_prefix(), queryset=rows), inline)
            for made, inline in self.get_formsets_with_inlines(request, known)
            for rows in [inline.get_queryset(request)]
        ]
        return ConflictPage(
            request=request,
            site=self.admin_site,
            thing=thing,
            label=self._object_label(thing),
            state=self._form_state(request, thing, form, formsets),
            last_save=last_saved(thing, self._parts()) if known else None,
            asks_why="why" in form.fields,
        )
