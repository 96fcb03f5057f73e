"""All names that are like no known name, made new organisations at once: after they were read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from registers.admin.importing.check import imported
from registers.admin.importing.choosing import checked_on
from registers.admin.importing.progress import progress_page
from registers.admin.importing.shared import address, back, for_importers, page
from registers.changes.locking import plan_digest
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.matching import unlike_any
from registers.imports.spreadsheet.public_text import refuse_name
from registers.models import ImportJob, ImportName
from registers.models.keys import key_of

# Each is compared with every name in the register.
MOST_COMPARED = 500
CHANGED_SINCE = "Nothing is chosen yet: these are other names now. Read them again."


class ReadForm(forms.Form):
    """A tick, that the names were read. `expected_digest` are the names that were shown."""

    expected_digest = forms.CharField(required=False, widget=forms.HiddenInput)
    read = forms.BooleanField(
        error_messages={"required": "Tick this once you have read them."},
    )

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["expected_digest"] = plan_digest(names)
        self.names = names
        number = len(names)
        self.fields["read"].label = (
            "I have read it: it is an organisation, and it is spelt right"
            if number == 1
            else f"I have read all {number:,}: each is an organisation, and is spelt right"
        )

    def clean_expected_digest(self) -> str:
        """Refuse names that were not shown."""
        expected_digest: str = self.cleaned_data["expected_digest"]
        if expected_digest != plan_digest(self.names):
            raise ValidationError(CHANGED_SINCE)
        return expected_digest


@for_importers
def create_all_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show the names that are like none, and found an organisation for each if that is right."""
    job = imported(key)
    if request.method != "POST" and job.is_applied:
        return back(request, job, ValidationError(jobs.APPLIED_ALREADY))
    names = like_none(job)
    form = ReadForm(request.POST if request.method == "POST" else None, names=names)
    if form.is_valid():
        chosen = {key_of(name): Choice(name=name, new=True) for name in names}
        try:
            held = jobs.choose(job, organisations=chosen)
        except ValidationError as refusal:
            return back(request, job, refusal)
        return progress_page(request, held, checked_on(held), title="Checking with what you chose")
    if not names:
        messages.info(
            request,
            "No name is left that is like none and can be a name. Choose for each.",
        )
        return redirect(address("names", job))
    title = "Names that are like no known name"
    return page(request, "create_all", title=title, job=job, names=names, form=form)


def like_none(job: ImportJob) -> list[str]:
    """Return the organisations' names, not known yet, that are like no other, by their uses."""
    names = job.names.filter(how=ImportName.How.UNKNOWN, kind=ImportName.Kind.ORGANISATION)
    written = names.values_list("written", flat=True)[:MOST_COMPARED]
    made = [choice.name for choice in Choices.read(job.choices).organisations.values()]
    return unlike_any(filter(_is_public, written), also=made)


def _is_public(name: str) -> bool:
    """Say whether an organisation can be called so."""
    try:
        refuse_name(ImportName.Kind.ORGANISATION, name)
    except ValidationError:
        return False
    return True
