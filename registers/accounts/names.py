"""One person, one username, however it is spelt."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

TAKEN = "Somebody has this username, or one that differs in its spelling alone."


def spelling_of(username: str) -> str:
    """Return the username as it is compared.

    Capitals, spaces, characters that are not seen, other forms of a character
    and dots at the end make no difference.
    """
    folded = unicodedata.normalize("NFKC", username).casefold()
    seen = "".join(
        each
        for each in unicodedata.normalize("NFKC", folded)
        if each.isprintable() and not each.isspace()
    )
    return seen.rstrip(".")


def user_named(username: str) -> User | None:
    """Return whose username this is, in any spelling, or None.

    Where a database from before has two that differ in their spelling, each
    goes by its own.
    """
    wanted = spelling_of(username)
    # There are as many as there are editors: too few for a column of their own.
    alike = [user for user in User.objects.only("username") if spelling_of(user.username) == wanted]
    if len(alike) > 1:
        alike = [user for user in alike if user.username == username]
    return User.objects.get(pk=alike[0].pk) if alike else None


def refuse_second_spelling(sender: Any, instance: User, raw: bool = False, **_: Any) -> None:  # noqa: FBT001, FBT002 (Django's own)
    """Refuse, before a user is saved, a name that another has. Raises ValidationError."""
    if raw:  # a back-up that is read as it was written
        return
    wanted = spelling_of(instance.username)
    others = User.objects.exclude(pk=instance.pk).values_list("username", flat=True)
    if not wanted or wanted in map(spelling_of, others):
        raise ValidationError({"username": TAKEN})
