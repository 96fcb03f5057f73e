"""Proposals: what somebody wants a published record to say. A Publisher decides. Never public."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from registers.models.change import Change, subject_columns
from registers.models.document import LONGEST_NAME, StoredFile


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Proposals, in an officer's words."""

    def waiting(self) -> ProposalQuerySet:
        """Keep those that nobody has decided."""
        return self.filter(status=Proposal.Status.WAITING)

    def about(self, model: type[models.Model], key: object) -> ProposalQuerySet:
        """Keep those about the row of `model` with the primary key `key`, which may be gone."""
        return self.filter(**subject_columns(model, key))


class Proposal(models.Model):
    """What one published record would say, against what it said when that was written.

    `base` and `wanted` are shaped like a snapshot, and hold only the fields that differ, and
    the rows of each kind of part that does. A source that needs no user leaves `by` empty.
    """

    class Source(models.TextChoices):
        """Where it came from. The order has no meaning."""

        EDIT = "edit", "An edit"  # somebody saved a form in admin

    class Status(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waiting"  # for a Publisher
        RETURNED = "returned", "Returned"  # with a comment; whoever proposed it may write it anew
        ACCEPTED = "accepted", "Accepted"  # wholly or in part: an official change
        TAKEN_BACK = "taken-back", "Taken back"  # by whoever proposed it

    source = models.CharField(max_length=10, choices=Source.choices, default=Source.EDIT)
    subject_type = models.CharField(max_length=20, editable=False)  # the name of its model
    subject_key = models.CharField(max_length=40, editable=False)
    about = models.CharField(max_length=400, help_text="The record, as it was called.")
    base = models.JSONField(editable=False)
    wanted = models.JSONField(editable=False)
    why = models.TextField(blank=True, help_text="Public, once it is accepted.")
    is_correction = models.BooleanField("only a typing error", default=False)
    proposed_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="proposed by",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    comment = models.TextField(blank=True, help_text="To whoever proposed it. Never public.")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    change = models.ForeignKey(Change, models.SET_NULL, null=True, blank=True, related_name="+")
    # The day of the e-mail about its present status. Null: none was sent.
    announced_on = models.DateField(null=True, blank=True, editable=False)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        indexes = [models.Index(fields=["subject_type", "subject_key"], name="proposals_of_one")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="waiting", decided_at=None)
                | (~models.Q(status="waiting") & models.Q(decided_at__isnull=False)),
                name="proposal_ends_once",
                violation_error_message="Only a proposal that ended has a day on which it did.",
            )
        ]

    def __str__(self) -> str:
        return f"Proposal about {self.about}"


class ProposedFile(StoredFile, models.Model):
    """A file that came with a proposal: stored, and read by nobody but editors."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="files")
    file = models.FileField()
    name = models.CharField(max_length=LONGEST_NAME)

    def __str__(self) -> str:
        return self.name


class ProposalEmailDay(models.Model):
    """A day on which Publishers were sent the e-mail that proposals wait: one a day at most."""

    day = models.DateField(unique=True)

    def __str__(self) -> str:
        return self.day.isoformat()
