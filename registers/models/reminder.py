"""Reminders: the e-mails that were sent about reviews. Never public."""

from __future__ import annotations

from django.db import models

from registers.models.organisation import Organisation
from registers.models.protocol import Protocol


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """Reminders, in an officer's words."""

    def sent(self) -> ReminderQuerySet:
        """Keep those that the mail server took."""
        return self.filter(status=Reminder.Status.SENT)

    def unresolved(self) -> ReminderQuerySet:
        """Keep those that failed or were not finished, with no later one sent to the same."""
        later = Reminder.objects.sent().filter(
            organisation=models.OuterRef("organisation"), day__gt=models.OuterRef("day")
        )
        return self.exclude(status=Reminder.Status.SENT).exclude(models.Exists(later))


class Reminder(models.Model):
    """One e-mail to the contact of one organisation, about all of its protocols to be reviewed.

    It is written down before it is sent. So a run that was killed in between
    leaves it as `sending`, and nobody gets it twice on that day.
    """

    class Status(models.TextChoices):
        """How far it came."""

        SENDING = "sending", "Begun, and not known to have been sent"  # the run was cut short
        SENT = "sent", "Sent"  # the mail server took it
        FAILED = "failed", "Failed"  # the mail server did not take it; `problem` says why

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="reminders")
    day = models.DateField(help_text="The day that it was sent for, in Europe/London.")
    email = models.EmailField("sent to")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.SENDING)
    problem = models.TextField("what went wrong", blank=True)
    begun_at = models.DateTimeField()

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "organisation__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "day"],
                name="one_reminder_a_day",
                violation_error_message="This organisation has had its reminder of the day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation}, {self.day:%-d %B %Y}"


class Reminded(models.Model):
    """One protocol in a reminder, with the review month of which it was told."""

    reminder = models.ForeignKey(Reminder, models.CASCADE, related_name="lines")
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="reminded")
    review_date = models.DateField()

    class Meta:
        ordering = ["review_date", "protocol"]
        verbose_name = verbose_name_plural = "reminded"
        constraints = [
            models.UniqueConstraint(fields=["reminder", "protocol"], name="reminded_once")
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id}, due in {self.review_date:%B %Y}"
