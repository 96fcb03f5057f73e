"""What an editors' form stands on: the thing as it is stored, with the parts on its form.

What is stored is held while it is compared with what the form was drawn from.
If somebody else has saved meanwhile, nothing is saved, and both versions are
shown to choose from.
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

from registers.admin.conflicts.compare import as_laid, lay, settle
from registers.admin.conflicts.conflict_page import BothPage
from registers.admin.conflicts.form_values import BOX, DrawnFrom, Said, Sheet, sheet_of
from registers.admin.history import HistoryAdmin
from registers.changes import no_orphans
from registers.changes.locking import Part, fingerprint, last_saved, lock_for_update


class StandingAdmin(HistoryAdmin):
    """An admin that can hold what is stored, recognise it, and draw it."""

    def subject_of(self, thing: Any) -> models.Model:
        """Return what the change is told about: the thing itself, unless said otherwise."""
        return thing  # type: ignore[no-any-return]  # a model's instance

    def _parts(self) -> list[Part]:
        """Return what stands on the form with the thing, with the fields that say whose it is."""
        return [
            (inline.model, _get_foreign_key(self.model, inline.model, inline.fk_name).name)
            for inline in self.inlines
        ]

    def _hold(self, thing: models.Model) -> None:
        subject = self.subject_of(thing)
        if subject != thing:
            lock_for_update(subject, [])
        lock_for_update(thing, self._parts())

    def _fingerprint(self, thing: models.Model) -> str:
        return fingerprint(thing, self._parts())

    def _remember(self, request: HttpRequest, object_id: str | None) -> None:
        thing = self.get_object(request, unquote(object_id)) if object_id else None
        request.fingerprint = self._fingerprint(thing) if thing else ""  # type: ignore[attr-defined]  # ours

    def _seen(self, request: HttpRequest, object_id: str) -> str:
        thing = self.get_object(request, unquote(object_id))
        if thing is None:
            return ""
        seen = self._fingerprint(thing)
        nothing = Said(boxes={}, rows={})
        return DrawnFrom(of=self._label(thing), fingerprint=seen, said=nothing).signed()

    def _label(self, thing: models.Model) -> str:
        return f"{self.opts.label_lower} {thing.pk}"

    def _address(self, page: str, object_id: str) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[object_id]
        )

    def _sheet(self, request: HttpRequest, thing: Any, form: Any, formsets: Any) -> Sheet:
        def may_change(inline: Any) -> bool:
            return bool(inline.has_change_permission(request, thing))

        return sheet_of(form, formsets, may_change=may_change)

    def _page(self, request: HttpRequest, thing: Any) -> BothPage:
        """Return the page with both versions, with an unbound form of `thing` as it is stored."""
        known = thing if thing.pk else None
        fields = flatten_fieldsets(self.get_fieldsets(request, known))
        form = self.get_form(request, known, change=bool(known), fields=fields)(instance=thing)
        formsets = [
            (made(instance=thing, prefix=made.get_default_prefix(), queryset=rows), inline)
            for made, inline in self.get_formsets_with_inlines(request, known)
            for rows in [inline.get_queryset(request)]
        ]
        return BothPage(
            request=request,
            site=self.admin_site,
            thing=thing,
            label=self._label(thing),
            sheet=self._sheet(request, thing, form, formsets),
            saving=last_saved(thing, self._parts()) if known else None,
            asks_why="why" in form.fields,
        )


BUSY = "Somebody else was saving. Nothing was saved. Press Save again."
STORED_ALREADY = "What you typed is stored already, so nothing had to be saved."
LEFT = "Nothing was saved. This is as it is stored."
SEEN_ANEW = "Somebody saved this while you were looking, so nothing was deleted. Look again."
NOT_DELETED = "Somebody else was saving. Nothing was deleted. Try again."
FILES_AGAIN = "A browser sends a file only once. Choose {names} again before you save."


class UnseenError(ValidationError):
    """What is stored is not what was seen."""


class SavedOnceAdmin(StandingAdmin):
    """An admin whose forms are saved only over what they were drawn from."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form. What is refused while saving is shown on the form as typed."""
        asked = (request, object_id, form_url, extra_context)
        if request.method != "POST":
            # Before the form is read: what is saved in between must not look as if seen.
            self._remember(request, object_id)
            return super().changeform_view(*asked)
        try:
            with no_orphans():
                return self._settle(request, object_id) or self._save(*asked)
        except ValidationError as refusal:
            # All of it was rolled back. The form is read again, now knowing why.
            return self._refused(refusal, *asked)
        except (IntegrityError, OperationalError):
            response = self._refused(ValidationError(BUSY), *asked)
            response.status_code = 503
            return response

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the hidden box to the form of a thing that is there."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (name, first), *others = fieldsets
        return [(name, {**first, "fields": (*first["fields"], BOX)}), *others]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Sign what the form is drawn from. A form that comes back keeps what it was drawn from."""
        form, thing = context["adminform"].form, context["original"]
        if request.method != "POST" and BOX in form.fields and thing is not None:
            formsets = [(each.formset, each.opts) for each in context["inline_admin_formsets"]]
            said = self._sheet(request, thing, form, formsets).stored
            form.initial[BOX] = DrawnFrom(
                of=self._label(thing),
                fingerprint=request.fingerprint,  # type: ignore[attr-defined]  # ours
                said=said,
            ).signed()
        if request.FILES:
            names = ", ".join(f"‘{each.name}’" for each in request.FILES.values())  # type: ignore[union-attr]  # each is one file
            self.message_user(request, FILES_AGAIN.format(names=names), messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask before deleting, and delete only what was seen. What must stay is said so."""
        context = {**(extra_context or {}), BOX: self._seen(request, object_id)}
        try:
            return super().delete_view(request, object_id, context)
        except UnseenError as refusal:
            sentences, page = refusal.messages, "delete"
        except ValidationError as refusal:
            sentences, page = refusal.messages, "change"
        except (IntegrityError, OperationalError):
            sentences, page = [NOT_DELETED], "delete"
        self.message_user(request, " ".join(sentences), messages.ERROR)
        return HttpResponseRedirect(self._address(page, object_id))

    def refuse_unseen(self, request: HttpRequest, thing: models.Model) -> None:
        """Hold `thing` to the transaction's end. Raises UnseenError for what was not seen."""
        self._hold(thing)
        drawn = DrawnFrom.read(request.POST.get(BOX, ""), of=self._label(thing))
        if drawn is None or drawn.fingerprint != self._fingerprint(thing):
            raise UnseenError(SEEN_ANEW)

    # How a form is saved --------------------------------------------------------------------

    def _save(self, request: HttpRequest, object_id: str | None, *asked: Any) -> HttpResponse:
        """Save the form, or return the page with both versions. Raises ValidationError."""

        def save() -> HttpResponse:
            with transaction.atomic():
                met = object_id is not None and self._meet(request, unquote(object_id))
                view = super(SavedOnceAdmin, self).changeform_view
                return met or view(request, object_id, *asked)

        try:
            return save()
        except IntegrityError:
            if request.FILES:
                # A large file is moved to its place, and cannot be stored again.
                raise
            # The same was saved in the same moment. By now it is seen, and the checks name it.
            return save()

    def _refused(self, refusal: ValidationError, request: HttpRequest, *asked: Any) -> HttpResponse:
        """Return the form as typed, with the refusal. Nothing is saved, so nobody is waited for."""
        request.refusal = refusal  # type: ignore[attr-defined]  # ours
        response: HttpResponse = self._changeform_view(request, *asked)  # type: ignore[attr-defined]  # the admin's own
        return response

    def _meet(self, request: HttpRequest, key: str) -> HttpResponse | None:
        """Hold what is stored. Return None where the form was drawn from it, or else an answer."""
        thing = self.get_object(request, key)
        if thing is not None:
            self._hold(thing)
            thing = self.get_object(request, key)
        if not self.has_change_permission(request, thing):
            return None
        if thing is None:
            return self._page(request, self.model()).gone(key)
        drawn = DrawnFrom.read(request.POST.get(BOX, ""), of=self._label(thing))
        now = self._fingerprint(thing)
        if drawn and drawn.fingerprint == now:
            return None
        base = drawn.said if drawn else None
        page = self._page(request, thing)
        laid = lay(page.sheet, request.POST, request.FILES, drawn=base)
        if laid.differences(base):
            return page.shown(laid, base=base, fingerprint=now)
        # Such as a button that was pressed twice.
        self.message_user(request, STORED_ALREADY)
        if "_continue" in request.POST:
            return HttpResponseRedirect(request.get_full_path())
        return self.response_post_save_change(request, thing)

    def _settle(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Turn what was chosen on the page with both versions into a form as if typed so.

        Return None, or the page again where a choice is missing.
        """
        asked = {"_settle", "_mine", "_leave"} & set(request.POST)
        thing = self.get_object(request, unquote(object_id)) if object_id and asked else None
        if thing is None or not self.has_change_permission(request, thing):
            return None
        if "_leave" in asked:
            self.message_user(request, LEFT)
            return HttpResponseRedirect(request.get_full_path())
        drawn = DrawnFrom.read(request.POST.get(BOX, ""), of=self._label(thing))
        if drawn is None:
            return None
        now, data = self._fingerprint(thing), request.POST.copy()
        page = self._page(request, thing)
        laid = as_laid(page.sheet, data, request.FILES, stored=drawn.said)
        differences = laid.differences(drawn.base)
        if page.choose(differences, all_typed="_mine" in asked):
            laid = lay(page.sheet, data, request.FILES, drawn=drawn.said)
            kept = differences if drawn.fingerprint == now else []
            return page.shown(laid, base=drawn.base, fingerprint=now, kept=kept)
        settle(differences, data, request.FILES)
        for name in asked:
            del data[name]
        request.POST = data  # type: ignore[assignment]  # Django's own way
        return None
