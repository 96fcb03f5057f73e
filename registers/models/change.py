"""Changes: what changed in the register, when and why. Written by registers/changes alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from registers.models.organisation import Organisation
from registers.models.protocol import Protocol


class Change(models.Model):
    """One official change to the register.

    It points at the protocol in a way that the database guards: so a
    protocol that was ever official can be neither deleted nor renumbered.
    """

    made_at = models.DateTimeField(db_index=True)
    protocol = models.ForeignKey(
        Protocol, models.PROTECT, null=True, blank=True, related_name="changes"
    )
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="changes"
    )
    what = models.TextField(help_text="Public. A line for each thing that changed.")
    why = models.TextField(blank=True, help_text="Public.")
    record = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="What the thing said after it, as registers/history/snapshot.py keeps it.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.what
