"""Requests for approval: which organisation was asked to approve which version. Never public."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from registers.models.keys import refuse_email
from registers.models.organisation import Organisation
from registers.models.protocol import Protocol


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    """Requests for approval, in an officer's words."""

    def to_deal_with(self) -> ApprovalRequestQuerySet:
        """Keep the objections, and what is not theirs, that no officer has dealt with."""
        choices = [ApprovalRequest.Choice.OBJECTED, ApprovalRequest.Choice.NOT_OURS]
        return self.filter(choice__in=choices, dealt_with_at=None)

    def older_than(self, days: int, *, on: datetime.date) -> ApprovalRequestQuerySet:
        """Keep those asked more than `days` days before `on` that nobody has to deal with."""
        last = on - datetime.timedelta(days=days)
        waiting = self.to_deal_with().values("pk")
        return self.filter(asked_at__date__lt=last).exclude(pk__in=waiting)


class ApprovalRequest(models.Model):
    """One organisation that was asked to approve one version of a protocol, and its answer.

    Of several about one protocol the last counts. An approval itself stands on the party.
    """

    class Choice(models.TextChoices):
        """What was answered; empty until then."""

        APPROVED = "approved", "Approved"
        OBJECTED = "objected", "Objected"
        NOT_OURS = "not-ours", "Not ours"  # it takes no part, or another approves for it

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="approval_requests")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="approval_requests")
    version = models.CharField(max_length=50, blank=True)
    email = models.EmailField("sent to")
    asked_at = models.DateTimeField("asked")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    emails = models.PositiveSmallIntegerField("e-mails sent", default=0)
    last_email_on = models.DateField("last e-mail", null=True, blank=True)
    problem = models.TextField("what went wrong", blank=True)
    choice = models.CharField("answer", max_length=8, choices=Choice.choices, blank=True)
    job_title = models.CharField(
        "answered by", max_length=150, blank=True, validators=[refuse_email]
    )
    reason = models.TextField(blank=True)
    answered_at = models.DateTimeField("answered", null=True, blank=True)
    dealt_with_at = models.DateTimeField("dealt with", null=True, blank=True)
    dealt_with_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name = "request for approval"
        verbose_name_plural = "requests for approval"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(choice="", answered_at=None, job_title="", reason="")
                | models.Q(answered_at__isnull=False) & ~models.Q(choice=""),
                name="approval_answer_is_whole",
                violation_error_message="An answer has a day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id}: {self.organisation}, {timezone.localdate(self.asked_at)}"
