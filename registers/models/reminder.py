"""Reminders that were sent about reviews, and the answers to them. Never public."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from registers.models.keys import refuse_email
from registers.models.organisation import Organisation
from registers.models.protocol import Protocol
from registers.models.review import Review


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

        SENDING = "sending", "Started, but not known to have been sent"  # the run was cut short
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
    """One protocol in a reminder, with the review month that it named."""

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


class Answer(models.Model):
    """One answer about one protocol, for an administrator to accept or refuse."""

    class Choice(models.TextChoices):
        """What was answered. The first three are outcomes of a review."""

        UNCHANGED = Review.Outcome.UNCHANGED.value, Review.Outcome.UNCHANGED.label
        CHANGING = Review.Outcome.CHANGING.value, Review.Outcome.CHANGING.label
        ENDED = Review.Outcome.ENDED.value, Review.Outcome.ENDED.label
        NOT_OURS = "not-ours", "Not ours"  # somebody else leads it: no review

    class Status(models.TextChoices):
        """What an administrator made of it."""

        WAITING = "waiting", "Waiting"  # nobody has decided yet
        ACCEPTED = "accepted", "Accepted"  # it became a review, or the lead is put right
        REFUSED = "refused", "Refused"  # it changed nothing

    reminded = models.OneToOneField(Reminded, models.PROTECT, related_name="answer")
    choice = models.CharField("answer", max_length=10, choices=Choice.choices)
    job_title = models.CharField("answered by", max_length=150, validators=[refuse_email])
    note = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    review = models.OneToOneField(
        Review, models.PROTECT, null=True, blank=True, related_name="answer"
    )

    class Meta:
        ordering = ["-answered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="waiting", decided_at=None, review=None)
                | models.Q(status="refused", decided_at__isnull=False, review=None)
                | models.Q(
                    status="accepted",
                    decided_at__isnull=False,
                    choice="not-ours",
                    review=None,
                )
                | (
                    models.Q(status="accepted", decided_at__isnull=False, review__isnull=False)
                    & ~models.Q(choice="not-ours")
                ),
                name="accepted_is_a_review",
                violation_error_message="An answer that is accepted becomes a review.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reminded.protocol_id}: {self.get_choice_display()}"


class Try(models.Model):
    """One visit to the page for answers, kept for a minute, to count those of one address.

    `visitor` is a keyed hash: the address itself is written nowhere.
    """

    visitor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["visitor", "at"], name="tries_of_a_visitor")]

    def __str__(self) -> str:
        return f"{self.at}"
