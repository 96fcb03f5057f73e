"""Public text is looked at when it is saved: it may hold no e-mail address of a person."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from registers.history.diff import PRIVATE_FIELDS
from registers.models import Contact
from registers.models.keys import EMAIL_REFUSED, private_emails


def refuse_email_in_reason(why: str) -> None:
    """Raise ValidationError, beside `why`, where the public reason of a change holds an address."""
    if private_emails(why):
        raise ValidationError({"why": EMAIL_REFUSED})


def refuse_new_emails(thing: models.Model) -> None:
    """Raise ValidationError, by field, for an address that is new in a public text of `thing`.

    What was stored before can still be saved, so that nothing becomes uneditable. Mailboxes
    that the partnership's file allows are no such addresses.
    """
    if isinstance(thing, Contact):
        return
    found = {
        field.name: addresses
        for field in thing._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and field.editable
        and not isinstance(field, models.SlugField)
        and field.name not in PRIVATE_FIELDS
        and (addresses := private_emails(getattr(thing, field.name) or ""))
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
