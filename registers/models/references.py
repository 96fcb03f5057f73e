"""References as numbers: when two are the same one, and which come next."""

from __future__ import annotations

from django.core.validators import RegexValidator

SHORTEST, LONGEST = 4, 8
refuse_no_reference = RegexValidator(r"\A[0-9]{4,8}\Z", "Write the number as 4 to 8 digits: 0012.")


def same_number(reference: str) -> list[str]:
    """Return every other way to write the number of `reference`: 00012 for 0012."""
    digits = reference.lstrip("0")
    ways = (digits.zfill(width) for width in range(max(SHORTEST, len(digits)), LONGEST + 1))
    return [way for way in ways if way != reference]
