"""References as numbers: when two are the same one, and which come next."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.validators import RegexValidator

SHORTEST, LONGEST = 4, 8
LAST = 10**LONGEST - 1
refuse_no_reference = RegexValidator(r"\A[0-9]{4,8}\Z", "Write the number as 4 to 8 digits: 0012.")


def every_way(numbers: Iterable[int]) -> list[str]:
    """Return every way to write each of `numbers` as a reference: 0012, 00012 and so on for 12."""
    return [
        str(number).zfill(width)
        for number in numbers
        for width in range(max(SHORTEST, len(str(number))), LONGEST + 1)
    ]


def same_number(reference: str) -> list[str]:
    """Return every other way to write the number of `reference`: 00012 for 0012.

    None for what is no reference.
    """
    if not (SHORTEST <= len(reference) <= LONGEST and reference.isascii() and reference.isdigit()):
        return []
    return [way for way in every_way([int(reference)]) if way != reference]
