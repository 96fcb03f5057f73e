"""Changes: what changed, when and why; merges, and what undoes them."""

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


class Merge(models.Model):
    """One organisation was merged into another, `gone` into `stays`. Written by registers/changes.

    Both are kept by their keys: the one is gone, and the other may be merged too.
    """

    stays_key = models.BigIntegerField()
    gone_key = models.BigIntegerField()
    gone_name = models.CharField(max_length=255)
    moved = models.JSONField(
        help_text="What belonged to the organisation that was merged, and where it went."
    )
    change = models.OneToOneField(Change, models.PROTECT, related_name="merge")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(stays_key=models.F("gone_key")),
                name="no_merge_into_itself",
                violation_error_message="An organisation cannot be merged into itself.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.gone_name} merged"


class Apart(models.Model):
    """Two organisations that an editor has said are not the same. They are not suggested again."""

    one = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    other = models.ForeignKey(Organisation, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="apart_once"),
            models.CheckConstraint(
                condition=models.Q(one__lt=models.F("other")),
                name="apart_in_order",
                violation_error_message="The one with the lower key comes first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} is not {self.other}"
