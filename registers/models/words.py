"""When two names are the same name: one rule, computed here so that both databases agree."""

import re
import unicodedata

from django.core.exceptions import ValidationError

EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def refuse_email(text: str) -> None:
    """Raise ValidationError where `text`, which is public, holds an e-mail address."""
    if EMAIL.search(text):
        raise ValidationError("This is public. Take the e-mail address out.")


def key_of(text: str) -> str:
    """Return `text` as it is compared: without regard to case, spacing or the shape of apostrophes.

    Databases differ in what they call lower case outside English letters, so
    the key is stored, and it is the key that must be unique.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = unicodedata.normalize("NFKC", folded).translate({0x2018: "'", 0x2019: "'"})
    return re.sub(r"\s+", " ", folded).strip()
