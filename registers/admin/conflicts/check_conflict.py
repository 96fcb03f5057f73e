"""Check on each save that nobody else has saved the object since its form was shown.

The stored rows are locked while they are compared with what the form showed. If
they have changed, nothing is saved, and a page shows both versions to choose from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from registers.admin.conflicts.form_values import FormValues, form_values
from registers.admin.field_text import UPLOADED, Upload, display_value, field_label, words
from registers.changes.locking import EDIT_TOKEN, EditToken, fingerprint, last_saved
from registers.history.compare import ChangedBy, Choice, Comparison, Difference

if TYPE_CHECKING:
    from registers.admin.base import RecordedAdmin

ALREADY_SAVED = "Nothing was saved, because what you typed is stored already."
LEFT_AS_STORED = "Nothing was saved. The form shows what is stored."
CHOOSE = "Select which of the two to keep."
CHOOSE_FILE = "Choose the file ‘{}’ again, or keep what is stored."
TITLE = "Somebody {} this while you were writing"
# The buttons of the page, and how the names of its choices begin.
RESOLVE, ALL_TYPED, LEAVE, CHOICE = "_resolve", "_mine", "_leave", "choose-"
OWN_FIELDS = {EDIT_TOKEN, "why", "csrfmiddlewaretoken", RESOLVE, ALL_TYPED, LEAVE}


@dataclass(frozen=True)
class ConflictCheck:
    """One request to change an object. `request` has the form data."""

    admin: RecordedAdmin
    request: Any

    def find(self, key: str) -> HttpResponse | None:
        """Lock what is stored. Return None if it is what the form showed, or else a response."""
        request, thing, now = self.request, self.admin.get_object(self.request, key), ""
        if thing is not None:
            now = self.admin.lock(thing)
            thing = self.admin.get_object(request, key)
        if not self.admin.has_change_permission(request, thing):
            return None
        token = self._token(thing or self.admin.model(pk=key))
        if thing and token and token.fingerprint == now:
            request.locked_object = thing
            return None
        values, base = self._values(thing), token.values if token and thing else None
        comparison = values.compare(base, values.stored, request)
        if thing is None:
            gone = [shown(values, each) for each in comparison.differences]
            title = TITLE.format("deleted")
            return self._page(self.admin.model(), gone, title=title, is_deleted=True)
        if comparison.differences:
            token = EditToken(fingerprint=now, values=values.stored, base=base)
            return self._choices(thing, token, values, comparison, [])
        # For example, the button was pressed twice.
        messages.info(request, ALREADY_SAVED)
        if "_continue" in request.POST:
            return redirect(request.get_full_path())
        return self.admin.response_post_save_change(request, thing)

    def resolve(self, key: str) -> HttpResponse | None:
        """Turn the choices of the conflict page into form data, as if typed on the form.

        Return None, or the page again if a choice is missing.
        """
        request = self.request
        buttons = {RESOLVE, ALL_TYPED, LEAVE} & set(request.POST)
        thing = self.admin.get_object(request, key) if buttons else None
        if thing is None or not self.admin.has_change_permission(request, thing):
            return None
        if LEAVE in buttons:
            messages.info(request, LEFT_AS_STORED)
            return redirect(request.get_full_path())
        if (token := self._token(thing)) is None:
            return None
        values = self._values(thing)
        comparison = values.compare(token.base, token.values, request)
        differences = [shown(values, each) for each in comparison.differences]
        for each in differences:
            each.choose(request, Choice.WANTED if ALL_TYPED in buttons else None)
        if any(each.error for each in differences):
            if (now := fingerprint(thing, self.admin.parts())) != token.fingerprint:
                token = replace(token, fingerprint=now, values=values.stored)
                comparison, differences = values.compare(token.base, values.stored, request), []
            return self._choices(thing, token, values, comparison, differences)
        data = request.POST.copy()
        for name in [name for name in data if name in buttons or name.startswith(CHOICE)]:
            del data[name]
        wanted = comparison.resolve({e.key: e.chosen for e in differences if e.chosen})
        replace(values, stored=token.values).write(wanted, data, request.FILES)
        request.POST = data
        return None

    # What is stored --------------------------------------------------------------------------

    def _token(self, thing: models.Model) -> EditToken | None:
        return EditToken.read(self.request.POST.get(EDIT_TOKEN, ""), thing)

    def values_of(self, thing: Any, form: Any, formsets: Any) -> FormValues:
        """Return the values of an unbound form, and of its pairs of a form set and its inline."""

        def may_change(inline: Any) -> bool:
            return bool(inline.has_change_permission(self.request, thing))

        return form_values(form, formsets, may_change=may_change)

    def _values(self, thing: Any) -> FormValues:
        """Return the values of the form of `thing` as stored; of an empty form for None."""
        fields = flatten_fieldsets(self.admin.get_fieldsets(self.request, thing))
        made = self.admin.get_form(self.request, thing, change=bool(thing), fields=fields)
        form = made(instance=thing)
        formsets = [
            (
                rows(instance=form.instance, prefix=rows.get_default_prefix(), queryset=stored),
                inline,
            )
            for rows, inline in self.admin.get_formsets_with_inlines(self.request, thing)
            for stored in [inline.get_queryset(self.request)]
        ]
        return self.values_of(thing, form, formsets)

    # The page --------------------------------------------------------------------------------

    def _choices(
        self,
        thing: models.Model,
        token: EditToken,
        values: FormValues,
        comparison: Comparison,
        differences: list[ShownDifference],
    ) -> HttpResponse:
        """Return the page with both versions, and what was typed in hidden fields.

        `differences` are those with choices and errors, or empty for the first time.
        """
        typed = {
            name: value
            for name, value in self.request.POST.dict().items()
            if name not in OWN_FIELDS and not name.startswith(CHOICE)
        }
        files = {name: f"{UPLOADED}{each.name}" for name, each in self.request.FILES.items()}
        return self._page(
            thing,
            differences or [shown(values, each) for each in comparison.differences],
            title=TITLE.format("saved"),
            errors=[each for each in differences if each.error],
            edit_token=token.signed(thing),
            is_known=token.base is not None,
            hidden_fields=(typed | files).items(),
            last_save=last_saved(self.admin.subject_of(thing)),
            asks_why="why" in flatten_fieldsets(self.admin.get_fieldsets(self.request, thing)),
        )

    def _page(
        self, thing: models.Model, differences: list[ShownDifference], **context: Any
    ) -> HttpResponse:
        context |= {
            "opts": self.admin.opts,
            "original": thing,
            "differences": differences,
            "why": self.request.POST.get("why", ""),
            **self.admin.admin_site.each_context(self.request),
        }
        template = "admin/registers/conflict.html"
        return TemplateResponse(self.request, template, context, status=HTTPStatus.CONFLICT)


@dataclass(kw_only=True)
class ShownDifference:
    """A difference in words, with the choice that was made."""

    key: str  # its name in the comparison
    name: str  # of the radio buttons
    label: str
    changed_by: ChangedBy
    is_row: bool
    stored: list[tuple[str, str]]  # labels and words; empty where nothing is stored
    typed: list[tuple[str, str]]
    uploads: dict[str, str]  # name of the form's field -> name of the chosen file
    chosen: Choice | None
    error: str = ""

    def choose(self, request: Any, choice: Choice | None) -> None:
        """Set `choice`, or else the one that was sent, and its error, if any."""
        sent = choice or request.POST.get(self.name)
        self.chosen = Choice(sent) if sent in set(Choice) else None
        self.error = "" if self.chosen else CHOOSE
        for box, name in self.uploads.items():
            if self.chosen == Choice.WANTED and box not in request.FILES:
                self.error = CHOOSE_FILE.format(name)


def shown(values: FormValues, each: Difference) -> ShownDifference:
    """Return a difference in words."""
    fields = values.fields_of(each.kind)
    if each.kind:
        # What a row leaves out, such as a file that was not chosen anew, stays as it is stored.
        typed = {**(each.stored or {}), **each.wanted} if each.wanted else {}
        label = values.inlines[each.kind].label(typed or each.stored)
        sides = [words(fields, side or {}) for side in (each.stored, typed)]
    else:
        typed, field = {each.name: each.wanted}, fields[each.name]
        label = field_label(field, each.name)
        sides = [[("", display_value(field, side))] for side in (each.stored, each.wanted)]
    return ShownDifference(
        key=each.name,
        name=f"{CHOICE}{each.name}",
        label=label,
        changed_by=each.changed_by,
        is_row=bool(each.kind),
        stored=sides[0],
        typed=sides[1],
        uploads={value.field: value.name for value in typed.values() if isinstance(value, Upload)},
        chosen=each.default,
    )
