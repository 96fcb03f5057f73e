"""Overarching protocols: what a protocol comes under."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from registers.models.protocol import DRAFT_UNNAMED, Protocol


class Overarching(models.Model):
    """A protocol comes under another, broader one."""

    protocol = models.ForeignKey(Protocol, models.CASCADE, related_name="+")
    overarching = models.ForeignKey(Protocol, models.PROTECT, related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = "overarching protocol"
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "overarching"],
                name="comes_under_once",
                violation_error_message="It comes under this protocol already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(protocol=models.F("overarching")),
                name="not_under_itself",
                violation_error_message="A protocol cannot come under itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id} comes under {self.overarching_id}"

    def clean(self) -> None:
        """Refuse a draft as the overarching protocol."""
        drafts = Protocol.objects.filter(status=Protocol.Status.DRAFT)
        if drafts.filter(pk=self.overarching_id).exists():
            raise ValidationError({"overarching": DRAFT_UNNAMED})
