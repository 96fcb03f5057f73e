"""When two names, or two references, are the same one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def refuse_email(text: str) -> None:
    """Raise ValidationError where `text`, which is public, holds an e-mail address."""
    if EMAIL.search(text):
        raise ValidationError("Remove the e-mail address, because this is public.")


def key_of(text: str) -> str:
    """Return `text` as it is compared: without regard to case, spacing or the shape of apostrophes.

    Databases differ in what they call lower case outside English letters, so
    the key is stored, and it is the key that must be unique.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = unicodedata.normalize("NFKC", folded).translate({0x2018: "'", 0x2019: "'"})
    return re.sub(r"\s+", " ", folded).strip()


SHORTEST, LONGEST = 4, 8
LAST = 10**LONGEST - 1
refuse_no_reference = RegexValidator(
    r"\A[0-9]{4,8}\Z", "Enter the number as 4 to 8 digits, such as 0012."
)


def all_spellings(numbers: Iterable[int]) -> list[str]:
    """Return every way to write each of `numbers` as a reference: 0012, 00012 and so on for 12."""
    return [
        str(number).zfill(width)
        for number in numbers
        for width in range(max(SHORTEST, len(str(number))), LONGEST + 1)
    ]


def spellings_of(reference: str) -> list[str]:
    """Return every other way to write the number of `reference`: 00012 for 0012.

    None for what is no reference.
    """
    if not (SHORTEST <= len(reference) <= LONGEST and reference.isascii() and reference.isdigit()):
        return []
    return [way for way in all_spellings([int(reference)]) if way != reference]
