"""Answers: what a lead organisation said by the link in its reminder. Not public until accepted."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from registers.models.reminder import Reminded
from registers.models.review import Review
from registers.models.words import refuse_email


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
