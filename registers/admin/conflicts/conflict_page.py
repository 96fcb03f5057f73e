"""The page that shows both versions of an object, to choose what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from registers.admin.conflicts.compare import (
    DEFAULT_CHOICES,
    Choice,
    Comparison,
    Difference,
    compare,
)
from registers.admin.conflicts.form_values import (
    HIDDEN_FIELD,
    UPLOADED,
    EditToken,
    FormState,
    FormValues,
)
from registers.changes.locking import LastSave

CHOOSE = "Select which of the two to keep."
CHOOSE_FILE = "Choose the file ‘{}’ again, or keep what is stored."
# Fields of the page that are not fields of the form.
OWN_FIELDS = {HIDDEN_FIELD, "why", "csrfmiddlewaretoken", "_settle", "_mine", "_leave"}


@dataclass(frozen=True, kw_only=True)
class ConflictPage:
    """The page about one object, as it is stored now."""

    request: HttpRequest
    site: AdminSite
    thing: Any
    label: str
    state: FormState
    last_save: LastSave | None
    asks_why: bool

    def show(
        self,
        comparison: Comparison,
        *,
        base: FormValues | None,
        fingerprint: str,
        shown_differences: Sequence[Difference] = (),
    ) -> TemplateResponse:
        """Return the page with the differences between the two versions.

        `base` is what the form showed, or None if that is not known.
        `shown_differences` are those sent back by the page, with choices and errors.
        """
        token = EditToken(
            of=self.label, fingerprint=fingerprint, values=comparison.stored, base=base
        )
        differences = shown_differences or comparison.differences(base)
        for each in differences if not shown_differences else []:
            each.chosen = DEFAULT_CHOICES[each.changed_by]
        return self._render(
            title="Somebody saved this while you were writing",
            differences=differences,
            errors=[each for each in differences if each.error],
            edit_token=token.signed(),
            is_known=base is not None,
            hidden_fields=self._hidden_fields(comparison),
        )

    def show_deleted(self, key: str) -> TemplateResponse:
        """Return the page that shows what was typed about an object that was deleted."""
        of = f"{self.label.partition(' ')[0]} {key}"
        token = EditToken.read(self.request.POST.get(HIDDEN_FIELD, ""), of=of)
        base = token.values if token else None
        comparison = compare(self.state, self.request.POST, self.request.FILES, initial=base)
        return self._render(
            title="Somebody deleted this while you were writing",
            differences=comparison.differences(None),
            is_deleted=True,
        )

    def read_choices(self, differences: list[Difference], *, all_typed: bool) -> bool:
        """Set what was chosen in `differences`; return whether any has an error."""
        for each in differences:
            choice = Choice.TYPED if all_typed else self.request.POST.get(each.name)
            each.chosen = Choice(choice) if choice in set(Choice) else None
            if each.chosen is None:
                each.error = CHOOSE
            for field, name in each.uploads.items():
                if each.chosen == Choice.TYPED and field not in self.request.FILES:
                    each.error = CHOOSE_FILE.format(name)
        return any(each.error for each in differences)

    def _hidden_fields(self, comparison: Comparison) -> list[tuple[str, str]]:
        """Return what was typed, as hidden fields."""
        data, files = comparison.form_data(), comparison.file_fields()
        prefixes = tuple(f"{inline.prefix}-" for inline in self.state.inlines)
        others = {
            name: value
            for name, value in self.request.POST.dict().items()
            if name not in OWN_FIELDS and not name.startswith((*prefixes, "choose-"))
        }
        return [
            (name, value)
            for name, value in ({name: str(value) for name, value in others.items()} | data).items()
            if name not in files or value.startswith(UPLOADED)
        ]

    def _render(self, **context: Any) -> TemplateResponse:
        opts = self.thing._meta
        context |= {
            "opts": opts,
            "original": self.thing,
            "last_save": self.last_save,
            "why": self.request.POST.get("why", ""),
            "asks_why": self.asks_why,
            **self.site.each_context(self.request),
        }
        template = "admin/registers/conflict.html"
        return TemplateResponse(self.request, template, context, status=HTTPStatus.CONFLICT)
