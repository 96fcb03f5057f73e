"""The page with both versions of a thing, on which a person chooses what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from registers.admin.conflicts.compare import BEFOREHAND, Choice, Difference, Laid, lay
from registers.admin.conflicts.form_values import BOX, CHOSEN, DrawnFrom, Said, Sheet
from registers.changes.locking import LastSave

# What was asked for is at odds with what is stored by now, and the sender can put it right:
# nothing else that HTTP can say is so near.
CONFLICT = 409
CHOOSE = "Choose which of the two is kept."
CHOOSE_FILE = "Choose the file ‘{}’ again, or keep what is stored."
# What the page itself sends beside the form.
ITS_OWN = {BOX, "why", "csrfmiddlewaretoken", "_settle", "_mine", "_leave"}


@dataclass(frozen=True, kw_only=True)
class BothPage:
    """The page about one thing, as it is stored now."""

    request: HttpRequest
    site: AdminSite
    thing: Any
    label: str
    sheet: Sheet
    saving: LastSave | None
    asks_why: bool

    def shown(
        self, laid: Laid, *, base: Said | None, fingerprint: str, kept: Sequence[Difference] = ()
    ) -> TemplateResponse:
        """Return the page with what was typed `laid` beside what is stored now.

        `base` is what the form was drawn from, None if nobody knows. `kept` are
        the differences as they came back, with what is chosen and what is wrong.
        """
        drawn = DrawnFrom(of=self.label, fingerprint=fingerprint, said=laid.stored, base=base)
        differences = kept or laid.differences(base)
        for each in differences if not kept else []:
            each.chosen = BEFOREHAND[each.whose]
        return self._answer(
            title="Somebody saved this while you were writing",
            differences=differences,
            errors=[each for each in differences if each.error],
            drawn_from=drawn.signed(),
            is_known=base is not None,
            hidden=self._hidden(laid),
        )

    def gone(self, key: str) -> TemplateResponse:
        """Return the page that shows what was typed about a thing that is there no more."""
        of = f"{self.label.partition(' ')[0]} {key}"
        drawn = DrawnFrom.read(self.request.POST.get(BOX, ""), of=of)
        base = drawn.said if drawn else None
        laid = lay(self.sheet, self.request.POST, self.request.FILES, drawn=base)
        return self._answer(
            title="Somebody deleted this while you were writing",
            differences=laid.differences(None),
            is_gone=True,
        )

    def choose(self, differences: list[Difference], *, all_typed: bool) -> bool:
        """Write in `differences` what was chosen; return whether something is left to choose."""
        for each in differences:
            choice = Choice.TYPED if all_typed else self.request.POST.get(each.name)
            each.chosen = Choice(choice) if choice in set(Choice) else None
            if each.chosen is None:
                each.error = CHOOSE
            for box, name in each.uploads.items():
                if each.chosen == Choice.TYPED and box not in self.request.FILES:
                    each.error = CHOOSE_FILE.format(name)
        return any(each.error for each in differences)

    def _hidden(self, laid: Laid) -> list[tuple[str, str]]:
        """Return what was typed, as the page sends it again."""
        data, files = laid.data(), laid.file_boxes()
        kinds = tuple(f"{kind.prefix}-" for kind in self.sheet.kinds)
        others = {
            name: box
            for name, box in self.request.POST.dict().items()
            if name not in ITS_OWN and not name.startswith((*kinds, "choose-"))
        }
        return [
            (name, box)
            for name, box in ({name: str(box) for name, box in others.items()} | data).items()
            if name not in files or box.startswith(CHOSEN)
        ]

    def _answer(self, **context: Any) -> TemplateResponse:
        opts = self.thing._meta
        context |= {
            "opts": opts,
            "original": self.thing,
            "saving": self.saving,
            "why": self.request.POST.get("why", ""),
            "asks_why": self.asks_why,
            **self.site.each_context(self.request),
        }
        template = "admin/registers/both_versions.html"
        return TemplateResponse(self.request, template, context, status=CONFLICT)
