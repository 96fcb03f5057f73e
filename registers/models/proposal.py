"""Proposals: what somebody wants a published record to say. A Publisher decides. Never public.

A suggestion is one in free words, from a reader of any page.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from registers.models.change import Change, subject_columns
from registers.models.document import LONGEST_NAME, StoredFile
from registers.models.reminder import Reminded

LONGEST_PAGE = 500
LONGEST_JOB_TITLE = 150


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
    the rows of each kind of part that does. A source that needs no user leaves `by` empty. A
    suggestion has `words` instead, and no subject where its page is about no record.
    """

    class Source(models.TextChoices):
        """Where it came from. The order has no meaning."""

        EDIT = "edit", "An edit"  # somebody saved a form in admin
        LEAD = "lead", "The lead’s link"  # `reminded` says which
        SUGGESTION = "suggestion", "A suggestion"  # a reader wrote what is wrong on a page

    class Status(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waiting"  # for a Publisher
        RETURNED = "returned", "Returned"  # with a comment; whoever proposed it may write it anew
        ACCEPTED = "accepted", "Accepted"  # wholly or in part: an official change
        TAKEN_BACK = "taken-back", "Taken back"  # by whoever proposed it
        CLOSED = "closed", "Closed"  # a suggestion that a Publisher has dealt with

    source = models.CharField(max_length=10, choices=Source.choices, default=Source.EDIT)
    # The name of its model.
    subject_type = models.CharField(max_length=20, blank=True, editable=False)
    subject_key = models.CharField(max_length=40, blank=True, editable=False)
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
    reminded = models.ForeignKey(
        Reminded, models.SET_NULL, null=True, blank=True, editable=False, related_name="proposals"
    )
    job_title = models.CharField(max_length=LONGEST_JOB_TITLE, blank=True)
    words = models.TextField(blank=True, help_text="What a reader wrote. Never public.")
    page = models.CharField(max_length=LONGEST_PAGE, blank=True, help_text="The page they were on.")
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
        noun = "Suggestion" if self.source == Proposal.Source.SUGGESTION else "Proposal"
        return f"{noun} about {self.about}"

    @property
    def writer(self) -> str:
        """Who it comes from, in words."""
        if self.source == Proposal.Source.SUGGESTION:
            return "A reader"
        if self.source == Proposal.Source.LEAD:
            whose = self.reminded.reminder.organisation if self.reminded else "An organisation"
            return f"{whose}, by its link"
        return str(self.by) if self.by else "An unknown user"


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
