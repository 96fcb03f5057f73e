"""What a form was drawn from: carried by the form itself, signed, and recognised again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing

from registers.admin.saving.boxes import Said

BOX = "drawn_from"


class DrawnFromField(forms.CharField):
    """The hidden box for it. It is nothing that a person types."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return that nobody has changed it."""
        return False


@dataclass(frozen=True, kw_only=True)
class DrawnFrom:
    """The fingerprint of all that was stored when a form was drawn, and what its boxes held.

    `of` names the thing. On the page with both versions, `base` is what the
    form was drawn from before.
    """

    of: str
    fingerprint: str
    said: Said
    base: Said | None = None

    def signed(self) -> str:
        """Return it as text that nobody else can write."""
        base = self.base and self.base.as_data()
        data = [self.of, self.fingerprint, self.said.as_data(), base]
        return signing.dumps(data, salt=BOX, compress=True)

    @classmethod
    def read(cls, text: str, *, of: str) -> DrawnFrom | None:
        """Return what was signed for the thing that `of` names; None for anything else."""
        try:
            named, fingerprint, said, base = signing.loads(text, salt=BOX)
        except signing.BadSignature:
            return None
        before = base and Said.from_data(base)
        drawn = cls(of=named, fingerprint=fingerprint, said=Said.from_data(said), base=before)
        return drawn if named == of else None
