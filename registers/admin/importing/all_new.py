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
from registers.admin.importing.growing import growing
from registers.admin.importing.shared import address, back, for_importers, page
from registers.changes.locking import plan_digest
from registers.imports.spreadsheet import kept
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.matching import unlike_any
from registers.imports.spreadsheet.public_words import refuse_name
from registers.models import Import, ImportName
from registers.models.keys import key_of

# Each is compared with every name in the register.
MOST_COMPARED = 500
CHANGED_SINCE = "Nothing is chosen yet: by now these are other names. Read them again."


class ReadForm(forms.Form):
    """A tick, that the names were read. `promised` are the names that were shown."""

    promised = forms.CharField(required=False, widget=forms.HiddenInput)
    read = forms.BooleanField(
        error_messages={"required": "Tick this once you have read them."},
    )

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["promised"] = plan_digest(names)
        self.names = names
        number = len(names)
        self.fields["read"].label = (
            "I have read it: it is an organisation, and it is spelt right"
            if number == 1
            else f"I have read all {number:,}: each is an organisation, and is spelt right"
        )

    def clean_promised(self) -> str:
        """Refuse names that were not shown."""
        promised: str = self.cleaned_data["promised"]
        if promised != plan_digest(self.names):
            raise ValidationError(CHANGED_SINCE)
        return promised


@for_importers
def all_new_view(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show the names that are like none, and found an organisation for each if that is right."""
    brought = imported(key)
    if request.method != "POST" and brought.status == Import.Status.APPLIED:
        return back(request, brought, ValidationError(kept.APPLIED_ALREADY))
    names = like_none(brought)
    form = ReadForm(request.POST if request.method == "POST" else None, names=names)
    if form.is_valid():
        chosen = {key_of(name): Choice(name=name, new=True) for name in names}
        try:
            held = kept.choose(brought, organisations=chosen)
        except ValidationError as refusal:
            return back(request, brought, refusal)
        return growing(request, held, checked_on(held), title="Checking with what you chose")
    if not names:
        messages.info(
            request,
            "No name is left that is like none and can be a name. Choose for each.",
        )
        return redirect(address("names", brought))
    title = "Names that are like no known name"
    return page(request, "all_new", title=title, brought=brought, names=names, form=form)


def like_none(brought: Import) -> list[str]:
    """Return the organisations' names, not known yet, that are like no other, by their uses."""
    names = brought.names.filter(how=ImportName.How.UNKNOWN, kind=ImportName.Kind.ORGANISATION)
    written = names.values_list("written", flat=True)[:MOST_COMPARED]
    made = [choice.name for choice in Choices.read(brought.choices).organisations.values()]
    return unlike_any(filter(_is_public, written), also=made)


def _is_public(name: str) -> bool:
    """Say whether an organisation can be called so."""
    try:
        refuse_name(ImportName.Kind.ORGANISATION, name)
    except ValidationError:
        return False
    return True
