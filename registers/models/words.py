"""When two names are the same name: one rule, computed here so that both databases agree."""

import re
import unicodedata


def key_of(text: str) -> str:
    """Return `text` as it is compared: without regard to case, spacing or the shape of apostrophes.

    Databases differ in what they call lower case outside English letters, so
    the key is stored, and it is the key that must be unique.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = unicodedata.normalize("NFKC", folded).translate({0x2018: "'", 0x2019: "'"})
    return re.sub(r"\s+", " ", folded).strip()
