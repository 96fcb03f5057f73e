"""Gaps: numbers that no protocol of this register has, and what became of them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from registers.models.keys import refuse_email, refuse_no_reference, spellings_of
from registers.models.protocol import Protocol


class Gap(models.Model):
    """A reference that no protocol here has, with what an administrator said of it. Public."""

    class Fate(models.TextChoices):
        """What became of the number. The order has no meaning."""

        NEVER = "never", "Never issued"  # no protocol ever had it
        WITHDRAWN = "withdrawn", "Withdrawn before this register began"  # it had one once
        UNKNOWN = "unknown", "Unknown"  # somebody looked, and could not find out

    reference = models.CharField(
        max_length=8, primary_key=True, validators=[refuse_no_reference], help_text="Such as 0013."
    )
    fate = models.CharField("what became of it", max_length=9, choices=Fate.choices)
    note = models.TextField(blank=True, help_text="Public. Such as: where this was found out.")

    class Meta:
        ordering = ["reference"]
        verbose_name = "reference without a protocol"
        verbose_name_plural = "references without a protocol"

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """Refuse a number that is used or is explained already, and an e-mail address."""
        others = spellings_of(self.reference)
        if Protocol.objects.filter(pk__in=[self.reference, *others]).exists():
            raise ValidationError({"reference": "A protocol has this reference."})
        for other in Gap.objects.filter(pk__in=others):
            raise ValidationError({"reference": f"This number is explained as {other.pk} already."})
        try:
            refuse_email(self.note)
        except ValidationError as refusal:
            raise ValidationError({"note": refusal.messages}) from refusal
