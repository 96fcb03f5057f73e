"""Changes: what changed, when and why; merges, and what undoes them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from registers.models.organisation import Organisation
from registers.models.protocol import Protocol
from registers.models.references import ReferenceKeyField
from weisf.reference_form import MAX_LENGTH


def subject_columns(model: type[models.Model], key: Any) -> dict[str, str]:
    """Return the columns by which a change names its subject, the row of `model` with this key."""
    return {"subject_type": str(model._meta.model_name), "subject_key": str(key)}


class ChangeQuerySet(models.QuerySet["Change"]):
    """Changes, in an officer's words."""

    def public(self) -> ChangeQuerySet:
        """Keep the official ones: those that altered what the public reads."""
        return self.filter(public=True)

    def about(self, model: type[models.Model], key: Any) -> ChangeQuerySet:
        """Keep those of the row of `model` with the primary key `key`, which may be gone."""
        return self.filter(**subject_columns(model, key))


class Change(models.Model):
    """One save of what the register holds: what it said afterwards, when, by whom and why.

    An official change, one of what the public reads, is `public`. It points at
    its protocol in a way that the database guards: so a protocol that was ever
    official can be neither deleted nor renumbered. A draft's changes do not.
    """

    class Kind(models.TextChoices):
        """What happened to the subject. The order has no meaning."""

        ADDED = "added", "Added"  # of an official change: became public
        CHANGED = "changed", "Changed"
        CORRECTED = "corrected", "Typing corrected"  # only a typing error
        WITHDRAWN = "withdrawn", "Withdrawn"
        REINSTATED = "reinstated", "In force again"
        REMOVED = "removed", "Removed"
        BASELINE = "baseline", "As it was"  # its state before the first change that is recorded

    made_at = models.DateTimeField(db_index=True)
    subject_type = models.CharField(max_length=20, editable=False)  # the name of its model
    subject_key = models.CharField(max_length=40, editable=False)
    public = models.BooleanField(default=False, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CHANGED)
    protocol = models.ForeignKey(
        Protocol, models.PROTECT, null=True, blank=True, related_name="changes"
    )
    # Those of an organisation that was merged are listed with the one that it became part of.
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="changes"
    )
    what = models.TextField(
        blank=True, help_text="Public. A line for each thing that changed for the public."
    )
    event = models.TextField(
        blank=True, help_text="The lines of it that no difference of two snapshots says."
    )
    why = models.TextField(blank=True, help_text="Public.")
    snapshot = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="What the subject said after it, as registers/history/snapshot.py reads it.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        permissions = [("take_out_words", "Can take words out of the register and its past")]
        indexes = [models.Index(fields=["subject_type", "subject_key", "made_at"], name="of_one")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(public=True) | models.Q(protocol=None, organisation=None),
                name="only_public_changes_point",
                violation_error_message="Only an official change can name its subject.",
            )
        ]

    def __str__(self) -> str:
        return self.what


class Altered(models.Model):
    """When a change of another thing last altered what the public reads of this one.

    Written by registers/changes. Its own changes are not here. A row may outlive what it is
    about: nothing reads it then, and whoever removes or merges a thing need not know of it.
    """

    made_at = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.pk} altered at {self.made_at}"


class ProtocolAltered(Altered):
    """Of a protocol: what names it, or what it names, is called or recorded differently."""

    protocol = models.OneToOneField(
        Protocol,
        models.DO_NOTHING,
        primary_key=True,
        related_name="altered",
        db_constraint=False,
    )


class OrganisationAltered(Altered):
    """Of an organisation: its numbers of protocols, groups or predecessors changed."""

    organisation = models.OneToOneField(
        Organisation,
        models.DO_NOTHING,
        primary_key=True,
        related_name="altered",
        db_constraint=False,
    )


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


class UsedReference(models.Model):
    """A reference that a deleted draft had. It is not suggested again, but can be entered."""

    reference = models.CharField(max_length=MAX_LENGTH, primary_key=True)
    reference_key = ReferenceKeyField(db_index=True)

    def __str__(self) -> str:
        return self.reference
