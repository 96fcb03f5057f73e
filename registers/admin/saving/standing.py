"""What an editors' form stands on: the thing as it is stored, with the parts on its form."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.db import models
from django.forms.models import _get_foreign_key
from django.http import HttpRequest
from django.urls import reverse

from registers.admin.history import HistoryAdmin
from registers.admin.saving.both_page import BothPage
from registers.admin.saving.boxes import Said, Sheet, sheet_of
from registers.admin.saving.drawn_from import DrawnFrom
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
