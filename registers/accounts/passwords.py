"""Which passwords are refused because others guess them first."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

SHORTEST = 8  # as long as any password must be
LONG_WORD = r"\w{4,}"  # of a name: 'and' and 'the' give nothing away
OF_EVERY_REGISTER = "information sharing protocol register"
# Written in place of a letter: 'Pr0t0c0l'.
LOOKALIKES = str.maketrans("01345$@", "oieassa")
OWN_WORDS = (
    "This password is little more than a word of this register, such as its name or address."
    " Add other words, or choose another."
)


class CommonOrOwnWordsValidator(CommonPasswordValidator):
    """Refuses common passwords, and those that are not good without the register's own words."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that is common, or is made of own words."""
        super().validate(password, user)
        rest = password.lower()
        for match in reversed([*_own_words().finditer(rest.translate(LOOKALIKES))]):
            rest = rest[: match.start()] + rest[match.end() :]
        letters = "".join(filter(str.isalnum, rest))
        if rest != password.lower() and (len(letters) < SHORTEST or letters in self.passwords):
            raise ValidationError(OWN_WORDS, code="password_own_words")


def _own_words() -> re.Pattern[str]:
    partnership = settings.PARTNERSHIP
    host = urlsplit(settings.SITE_URL).hostname or ""
    names = (partnership.name, partnership.register_name, host)
    words = re.findall(LONG_WORD, " ".join((*names, OF_EVERY_REGISTER)))
    own = {*names, partnership.short_name, *words} - {""}
    read = {each.lower().translate(LOOKALIKES) for each in own}
    return re.compile("|".join(map(re.escape, sorted(read, key=len, reverse=True))))
