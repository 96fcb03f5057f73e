"""When two names are the same one, and what address a name makes."""

from __future__ import annotations

import html
import re
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify

SPACES = re.compile(r"\s+")
AROUND_EMAIL = ".+'_-"
# The part after the @ is only looked at: in 'a@b.org+c@d.org' it begins the next address.
EMAIL = re.compile(r"(?<![\w.+'-])([\w.+'-]+)@(?=([\w-]+(?:\.[\w-]+)+))")
# What Markdown or a quotation can have within an address, and another full stop.
_IN_EMAIL = str.maketrans("\u3002", ".", '*\\`"')


def private_emails(text: str) -> set[str]:
    """Return the e-mail addresses in `text` that public text may not hold.

    Those that the partnership's file allows are mailboxes of a role.
    """
    text = html.unescape(text)
    if text.isascii() and "@" not in text and "%40" not in text:  # nearly always
        return set()
    shown = unicodedata.normalize("NFKC", text.translate(_SHOWN)).replace("%40", "@")
    parts = EMAIL.findall(shown.translate(_IN_EMAIL))
    # 'Follow @jane.smith' names nobody's mailbox, and emphasis with _ is none of an address.
    found = {
        f"{mailbox.lstrip(AROUND_EMAIL)}@{domain.rstrip(AROUND_EMAIL)}"
        for mailbox, domain in parts
        if mailbox.strip(AROUND_EMAIL)
    }
    return {each for each in found if not settings.PARTNERSHIP.may_publish(each)}


EMAIL_REFUSED = "Remove the e-mail address, because this is public."


def refuse_email(text: str) -> None:
    """Raise ValidationError where `text`, which is public, holds an address of nobody's role."""
    if private_emails(text):
        raise ValidationError(EMAIL_REFUSED)


class _Shown(dict[int, str]):
    """What each character is compared as, computed when it first occurs.

    Nothing for what nobody sees, a hyphen for every dash, and one shape of apostrophe.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in APOSTROPHES:
            shown = "'"
        elif category == "Pd" or character in OTHER_DASHES:
            shown = "-"
        else:
            shown = "" if is_invisible(character) else character
        if len(self) < MAX_KEPT:  # there are a million, and anybody can send them
            self[code] = shown
        return shown


APOSTROPHES = "'`´ʹʻʼʽˈ‘’‛′՚"
OTHER_DASHES = "\u02d7\u2043\u2212"  # modifier minus, hyphen bullet, minus
MAX_KEPT = 2_000
# Letters (Hangul fillers) and a symbol (an empty Braille pattern) without anything to be seen,
# and marks that only say how the character before them is written.
EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
VARIATIONS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
EMOJI_JOINERS = "\u200d\ufe0e\ufe0f"
_SHOWN = _Shown()


def is_invisible(character: str) -> bool:
    """Return whether nobody sees `character`, and no space either: a zero width space."""
    if unicodedata.category(character) in {"Cf", "Cc"}:
        return not character.isspace()
    return character in EMPTY or VARIATIONS.match(character) is not None


def refuse_invisible(text: str) -> None:
    """Raise ValidationError where a name holds a character that nobody sees, by its name.

    What an emoji is joined of is left in peace: its joiners, and how it is drawn.
    """
    before = "x"
    for character in text:
        in_emoji = character in EMOJI_JOINERS and unicodedata.category(before) in {"So", "Sk"}
        if is_invisible(character) and not in_emoji:
            name = unicodedata.name(character, "a control character").lower()
            raise ValidationError(
                f"Remove the character that cannot be seen (U+{ord(character):04X}, {name})."
                " Delete this text and type it again, or paste it as plain text."
            )
        before = before if in_emoji else character


def refuse_new_invisible(thing: models.Model, *, name: str) -> None:
    """Raise ValidationError where the field `name` holds such a character, unless it did before.

    What was stored before they were refused can still be saved, and put right when
    somebody has the time.
    """
    text = getattr(thing, name)
    try:
        refuse_invisible(text)
    except ValidationError as refusal:
        if not type(thing)._default_manager.filter(pk=thing.pk, **{name: text}).exists():
            raise ValidationError({name: refusal.messages}) from refusal


def key_of(text: str) -> str:
    """Return `text` as it is compared: names that look the same have the same key.

    So it is without regard to case, spacing, the shape of apostrophes and dashes, and
    characters that nobody sees. Databases differ in what they call lower case outside
    English letters, so the key is stored, and it is the key that must be unique.
    """
    if text.isascii() and text.isprintable():  # most texts, and ten times as fast
        return " ".join(text.replace("`", "'").lower().split())
    shown = text.translate(_SHOWN)
    folded = unicodedata.normalize("NFKC", shown).casefold()
    # Composed again. What the first step made may have an apostrophe: that of ŉ.
    folded = unicodedata.normalize("NFKC", folded).translate(_SHOWN)
    return SPACES.sub(" ", folded).strip()


def as_seen(text: str) -> str:
    """Return `text` with one shape of dash, space and digit, and without what nobody sees."""
    return unicodedata.normalize("NFKC", text.translate(_SHOWN))


# Letters that are no others with an accent, and slashes.
_IN_SLUG = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d"}
    | {"þ": "th", "ħ": "h", "ŧ": "t", "ı": "i", "Æ": "ae", "Œ": "oe", "Ø": "o", "Ł": "l"}
    | {"Đ": "d", "Ð": "d", "Þ": "th", "Ħ": "h", "Ŧ": "t"}
    | dict.fromkeys("/\\⁄∕／＼|", "-")
)
MAX_SLUG = 255


def slug_of(text: str) -> str:
    """Return the end of the web address that a name makes: letters folded, '-' for the rest.

    Empty for a name without any Latin letter or digit. A slug makes itself.
    """
    shown = SPACES.sub(" ", text)
    if not text.isascii():
        shown = shown.translate(_SHOWN)
    return slugify(shown.translate(_IN_SLUG))[:MAX_SLUG].strip("-_")
