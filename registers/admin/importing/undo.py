"""Undoing an import as a whole: what would happen is shown first."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from registers.admin.importing.check import WhyForm, imported
from registers.admin.importing.progress import progress_page
from registers.admin.importing.shared import address, back, for_importers, page
from registers.changes.undo_import import IMPORTED_BY_MISTAKE
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.plan import Work
from registers.models import ImportJob, Protocol

MOST_LISTED = 200


class UndoForm(WhyForm):
    """Why an import is undone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].label = "Why is it undone?"


@for_importers
def undo_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show what undoing would do, or do that while the page grows."""
    job = imported(key)
    form = UndoForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        work = _undone(job, by=cast(User, request.user), **form.cleaned_data)
        return progress_page(request, job, work, title="Undoing the import", applies=True)
    try:
        plan = jobs.preview_undo(job)
    except ValidationError as refusal:
        return back(request, job, refusal)
    form.initial = {"expected_digest": plan.digest, "why": f"{IMPORTED_BY_MISTAKE}."}
    lists = {
        "New drafts, which go": plan.drafts,
        f"New protocols, which are withdrawn as ‘{IMPORTED_BY_MISTAKE}’": plan.withdrawn,
        "Protocols that go back to what they said before": plan.changed,
    }
    return page(
        request,
        "undo",
        title="Undo this import",
        job=job,
        plan=plan,
        form=form,
        protocols=[(heading, _titles(each), len(each)) for heading, each in lists.items() if each],
        others=[
            (heading, each, len(each))
            for heading, each in (
                (
                    "Organisations that go back to what they said before",
                    sorted(plan.restored.values()),
                ),
                ("Organisations that go", sorted(plan.organisations.values())),
                ("Themes that go", sorted(plan.themes.values())),
                ("Names that organisations lose", plan.names),
                ("What stays", plan.stays),
            )
            if each
        ],
    )


def _titles(references: list[str]) -> list[Protocol]:
    return list(Protocol.objects.filter(pk__in=references[:MOST_LISTED]).order_by("reference_key"))


def _undone(job: ImportJob, **how: Any) -> Work[str]:
    yield from jobs.undo(job, at=timezone.now(), **how)
    return address("check", job)
