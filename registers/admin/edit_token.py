"""The edit token: what was stored when a form was shown, carried in a hidden field of the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.db import models

from registers.history.snapshot import Snapshot

# The name of the hidden field, and the salt of the signature.
EDIT_TOKEN = "edit_token"  # noqa: S105 (a name)


class EditTokenField(forms.CharField):
    """The hidden field of the token. It never counts as changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True, kw_only=True)
class EditToken:
    """What was stored when a form was shown: a fingerprint of all of it, and the form's values.

    On the conflict page, `base` holds the values of the form that was shown first.
    """

    fingerprint: str
    values: Snapshot
    base: Snapshot | None = None

    def signed(self, thing: models.Model) -> str:
        """Return the token of `thing` as signed text."""
        data = [thing._meta.label_lower, str(thing.pk), self.fingerprint, self.values, self.base]
        return signing.dumps(data, salt=EDIT_TOKEN, compress=True)

    @classmethod
    def read(cls, data: Mapping[str, str], thing: models.Model) -> EditToken | None:
        """Return the token in form data; None unless it was signed for `thing`."""
        try:
            *of, fingerprint, values, base = signing.loads(
                data.get(EDIT_TOKEN, ""), salt=EDIT_TOKEN
            )
        except signing.BadSignature:
            return None
        if of != [thing._meta.label_lower, str(thing.pk)]:
            return None
        return cls(fingerprint=fingerprint, values=values, base=base)
