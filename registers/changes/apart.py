"""Two organisations that look alike are not the same: said by an editor, and taken back."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from registers.models import Apart, Organisation

ITSELF = "These are one organisation. Choose two."


def say_apart(one: Organisation, other: Organisation) -> None:
    """Keep that two organisations are not the same, so that they are suggested no more.

    Saying it twice is saying it once. It is the editors' own, and no official
    change. Raises ValidationError for an organisation and itself.
    """
    if one.pk == other.pk:
        raise ValidationError(ITSELF)
    first, last = sorted([one, other], key=lambda each: each.pk)
    Apart.objects.get_or_create(one=first, other=last)


def say_maybe_the_same(apart: Apart) -> None:
    """Take it back: if they look alike, they are suggested again."""
    apart.delete()
