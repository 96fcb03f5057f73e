"""Which passwords are refused because others guess them first."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

SHORTEST = 8  # as long as any password must be
SHORTEST_WORD = 4  # of a name: 'and' and 'the' give nothing away
OF_EVERY_REGISTER = ("information sharing", "information", "sharing", "protocol", "register")
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
        typed = password.lower()
        rest = typed
        for match in reversed([*self._own_words.finditer(typed.translate(LOOKALIKES))]):
            rest = rest[: match.start()] + rest[match.end() :]
        if rest == typed:
            return
        rest = "".join(filter(str.isalnum, rest))
        if len(rest) < SHORTEST or rest in self.passwords:
            raise ValidationError(OWN_WORDS, code="password_own_words")

    def get_help_text(self) -> str:
        """Return what the page of a new password says."""
        return (
            "Your password can’t be a commonly used one, or little more than a word of this"
            " register."
        )

    @cached_property
    def _own_words(self) -> re.Pattern[str]:
        partnership = settings.PARTNERSHIP
        host = urlsplit(settings.SITE_URL).hostname or ""
        names = (partnership.name, partnership.register_name, host)
        words = {word for name in names for word in re.split(r"\W+", name)}
        long = {word for word in words if len(word) >= SHORTEST_WORD}
        own = {*names, partnership.short_name, *OF_EVERY_REGISTER, *long} - {""}
        read = {each.lower().translate(LOOKALIKES) for each in own}
        return re.compile("|".join(map(re.escape, sorted(read, key=len, reverse=True))))
