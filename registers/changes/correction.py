"""Corrections: official changes that put nothing right but typing errors."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import get_text_list
from rapidfuzz.distance import OSA

from registers.history.diff import differences, field_label
from registers.history.snapshot import Snapshot, is_public
from registers.models.options import LinesField

# One character of these says something else.
NEVER = {"lawful_basis", "legal_power", "version"}
# Of what stands in a changed word, what is never only a matter of typing.
MEANS_MORE = re.compile(
    r"[\d@<>=+%£€$]|n['’]t\b"
    r"|\b(?:no|not|nor|cannot|never|none|all|only|any|every|except|unless|without)\b",
    re.IGNORECASE,
)
SHORT, LONG = 3, 8  # letters: 'Jan' and 'Jun' are two words, and a long word can have two slips
MORE = (
    "More than a typing error changed here: {fields}. Untick ‘Only a typing error’, or save that"
    " on its own."
)


def refuse_more_than_typing(
    model: type[models.Model], before: Snapshot | None, after: Snapshot | None
) -> None:
    """Raise ValidationError where more of a public row differs than the typing of its texts."""
    if not (before and after and is_public(before) and is_public(after)):
        return
    was, now = before["fields"], after["fields"]
    corrected = {
        field_label(field)
        for field in model._meta.fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, LinesField)
        and not field.choices
        and field.name not in NEVER
        and is_typing(was.get(field.name) or "", now.get(field.name) or "")
    }
    found = dict.fromkeys(each.field for each in differences(model, before, after))
    if more := [field for field in found if field not in corrected]:
        raise ValidationError({"is_correction": MORE.format(fields=get_text_list(more, "and"))})


def is_typing(before: str, after: str) -> bool:
    """Return whether two texts differ in slips, spaces, punctuation and capitals alone."""
    was, now = before.split(), after.split()
    return all(
        step == "equal" or _are_same_words(was[a:b], now[c:d])
        for step, a, b, c, d in SequenceMatcher(None, was, now).get_opcodes()
    )


def _are_same_words(was: list[str], now: list[str]) -> bool:
    if MEANS_MORE.search(" ".join(was + now)):
        return False
    old, new = (
        ["".join(filter(str.isalnum, word.casefold())) for word in side] for side in (was, now)
    )
    if "".join(old) == "".join(new):  # perhaps a word was split, or two were joined
        return True
    return len(old) == len(new) and all(map(_is_slip, old, new))


def _is_slip(word: str, other: str) -> bool:
    # Another beginning makes another word: 'includes' and 'excludes', 'legal' and 'illegal'.
    if word[:1] != other[:1]:
        return False
    shorter = min(len(word), len(other))
    if shorter <= SHORT:
        return sorted(word) == sorted(other)
    return OSA.distance(word, other) <= (2 if shorter >= LONG else 1)
