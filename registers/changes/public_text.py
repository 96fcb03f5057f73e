"""Public text is looked at when it is saved: it may hold no e-mail address of a person.

Other words that may be about a person are asked about on the forms.
"""

from __future__ import annotations

from functools import cache

from django.core.exceptions import ValidationError
from django.db import models

from registers.history.diff import PRIVATE_FIELDS
from registers.models import Contact
from registers.models.keys import EMAIL_REFUSED, private_emails


@cache
def public_texts(model: type[models.Model]) -> tuple[str, ...]:
    """Return the names of the fields of `model` that hold text which the public reads."""
    if model is Contact:
        return ()
    return tuple(
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and field.editable
        and not isinstance(field, models.SlugField)
        and field.name not in PRIVATE_FIELDS
    )


def refuse_email_in_reason(why: str) -> None:
    """Raise ValidationError, beside `why`, where the public reason of a change holds an address."""
    if private_emails(why):
        raise ValidationError({"why": EMAIL_REFUSED})


def refuse_new_emails(thing: models.Model) -> None:
    """Raise ValidationError, by field, for an address that is new in a public text of `thing`.

    What was stored before can still be saved, so that nothing becomes uneditable. Mailboxes
    that the partnership's file allows are no such addresses.
    """
    found = {
        name: addresses
        for name in public_texts(type(thing))
        if (addresses := private_emails(getattr(thing, name) or ""))
    }
    if not found:  # nearly always: then nothing is read
        return
    stored = type(thing)._base_manager.filter(pk=thing.pk).values(*found).first() or {}
    wrong = {
        name: EMAIL_REFUSED
        for name, addresses in found.items()
        if addresses - private_emails(stored.get(name) or "")
    }
    if wrong:
        raise ValidationError(wrong)
