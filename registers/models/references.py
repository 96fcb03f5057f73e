"""References: which texts can be one, which two are the same, and in which order they stand."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from weisf.reference_form import MAX_DIGITS, MAX_LENGTH, ReferenceForm, Written, reference_form

_REFERENCE = re.compile(rf"(?=[^0-9]*[0-9])[0-9A-Za-z._/-]{{1,{MAX_LENGTH}}}")
_PIECE = re.compile(r"([0-9]+)|([a-z]+)|([-._/])")
_SEPARATORS = dict(zip("-./_", "1234", strict=True))
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_SHORT = 7  # digits, whose number one digit can say
KEY_LENGTH = 128  # the longest is 123


def own_form() -> ReferenceForm:
    """Return how the references of this partnership look."""
    return reference_form(settings.PARTNERSHIP.reference_template)


def is_reference(text: str) -> bool:
    """Return whether any register can have `text` as a reference.

    It is 1 to 40 letters of the English alphabet, digits, '-', '.', '_' and '/', with at least
    one digit.
    """
    return _REFERENCE.fullmatch(text) is not None


def reference_key(reference: str) -> str:
    """Return what a reference is compared and sorted by; empty for what is no reference.

    Two references with one key are the same: capitals make no difference, nor do zeros before
    a number that is the whole reference (0012 and 12). Numbers within are sorted by value, so
    ISA-9 is before ISA-12. It is made of digits and small letters, with 0 and 1 where the text
    ends or is separated, so that every database sorts it alike, whatever its collation.
    """
    if not is_reference(reference):
        return ""
    text = reference.lower()
    if text.isdigit():
        return f"{_number_key(text.lstrip('0') or '0')}0"
    body, details = [], []
    for number, letters, separator in _PIECE.findall(text):
        if number:
            digits = number.lstrip("0") or "0"
            body.append(_number_key(digits))
            details.append(f"{len(number) - len(digits):02}")
        else:
            body.append(letters or "1")
            details.append(_SEPARATORS.get(separator, ""))
    # Behind the end stands what else distinguishes two: which separators, and how many zeros.
    return f"{''.join(body)}0{''.join(details)}"


def _number_key(digits: str) -> str:
    """Return a number with the number of its digits in front: 2 for one digit, 3 for two."""
    length = len(digits)
    return f"{length + 1}{digits}" if length <= _SHORT else f"9{length:02}{digits}"


def as_written(text: str) -> str:
    """Return `text` with as many digits as this partnership writes: 0012 for 12.

    What does not look like its references is returned as it is.
    """
    return own_form().padded(text)


def without_zeros(reference: str) -> str:
    """Return a reference without the zeros before its numbers: ISA-12 for ISA-012."""
    return _ZEROS.sub("", reference)


def looks_like(text: str) -> bool:
    """Return whether `text` looks like this partnership's references, with all zeros or not."""
    return own_form().read(text) is not None


def keys_of(text: str) -> list[str]:
    """Return the keys of the references that `text` can mean, the likeliest first.

    They are that of the text, and of ISA-012 for ISA-12. None for what is no reference.
    """
    keys = (reference_key(text), reference_key(as_written(text)))
    return [key for key in dict.fromkeys(keys) if key]


def example() -> str:
    """Return a reference as this partnership writes them."""
    shape = own_form()
    return "ISA-012" if shape.is_any else shape.write(Written(number=12, year=2026))


def _allowed() -> str:
    """Return the sentence that says what a reference may be."""
    shape = own_form()
    if shape.is_number:
        return f"Enter the number as {shape.width} to {MAX_DIGITS} digits, such as {example()}."
    return (
        f"Enter 1 to {MAX_LENGTH} letters from A to Z, digits, '-', '.', '_' or '/',"
        f" with at least one digit, such as {example()}."
    )


def check_reference(reference: str) -> None:
    """Raise ValidationError for what no register can have as a reference."""
    if not is_reference(reference):
        raise ValidationError(_allowed())


def check_new_reference(reference: str) -> None:
    """Raise ValidationError for a reference that this partnership cannot give from now on.

    Where references are numbers and no more, a letter in one is a slip. What was stored before,
    by another template, stays.
    """
    shape = own_form()
    fits = not shape.is_number or (
        shape.width <= len(reference) <= MAX_DIGITS and reference.isdigit()
    )
    if is_reference(reference) and not fits:
        raise ValidationError(_allowed())


class ReferenceKeyField(models.CharField):  # type: ignore[type-arg]  # takes none when it runs
    """The key of the row's `reference`: worked out when the row is checked or stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": KEY_LENGTH, "editable": False} | kwargs)

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        """Return the key, whatever `value` is."""
        return reference_key(model_instance.reference)  # type: ignore[union-attr]  # what has the field

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 (Django's own)
        """Set the key, and return it."""
        key = reference_key(model_instance.reference)  # type: ignore[attr-defined]  # what has the field
        setattr(model_instance, self.attname, key)
        return key
