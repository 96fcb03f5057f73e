"""Merges: two organisations that became one here, with all that is needed to undo it."""

from __future__ import annotations

from django.db import models

from registers.models.change import Change
from registers.models.organisation import Organisation


class Merge(models.Model):
    """One organisation was merged into another, `gone` into `stays`. Written by registers/changes.

    Both are kept by their keys: the one is gone, and the other may be merged too.
    """

    stays_key = models.BigIntegerField()
    gone_key = models.BigIntegerField()
    gone_name = models.CharField(max_length=255)
    moved = models.JSONField(help_text="What stood with the one that is gone, and where it went.")
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
                violation_error_message="The one with the lower key stands first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} is not {self.other}"
