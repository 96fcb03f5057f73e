"""Corrections: official changes that put nothing right but typing errors."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import get_text_list
from rapidfuzz import fuzz

from registers.history.diff import differences, field_label
from registers.history.snapshot import Snapshot, is_public

# How alike a text is before and after, of 100: 'teh' and 'the' are 67, two other words below 40.
LEAST_ALIKE = 60
MORE = (
    "More than a typing error changed here: {fields}. Untick ‘Only a typing error’, or save that"
    " on its own."
)


def refuse_more_than_typing(
    model: type[models.Model], before: Snapshot | None, after: Snapshot | None
) -> None:
    """Raise ValidationError where more of a public row differs than some letters of its texts."""
    if not (before and after and is_public(before) and is_public(after)):
        return
    was, now = before["fields"], after["fields"]
    corrected = {
        field_label(field)
        for field in model._meta.fields
        if isinstance(field, models.CharField | models.TextField)
        and not field.choices
        and fuzz.ratio(was.get(field.name), now.get(field.name)) >= LEAST_ALIKE
    }
    found = dict.fromkeys(each.field for each in differences(model, before, after))
    if more := [field for field in found if field not in corrected]:
        raise ValidationError({"is_correction": MORE.format(fields=get_text_list(more, "and"))})
