"""Reviews: what was decided about a protocol, when, and by which job title."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Exact, GreaterThanOrEqual

from registers.models.keys import refuse_email
from registers.models.protocol import Protocol
from registers.models.review_dates import FIRST_YEAR, DayOfMonth, FirstOfMonth, last_day


class Review(models.Model):
    """One review of a protocol. It is public, and stays when a later one follows."""

    class Outcome(models.TextChoices):
        """What was decided. The first two keep the protocol in force, the others end it."""

        UNCHANGED = "unchanged", "Still needed, unchanged"  # confirmed as it stands
        CHANGING = "changing", "Still needed, changes coming"  # in force until they come
        REPLACED = "replaced", "Replaced by another protocol"  # withdrawn, and names the other
        ENDED = "ended", "No longer needed"  # withdrawn, with the note as its reason

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="reviews")
    reviewed_on = models.DateField("reviewed on", help_text="The day of the decision.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    next_review = models.DateField(
        null=True, blank=True, help_text="The first day of the month in which it is due again."
    )
    replaced_by = models.ForeignKey(
        Protocol, models.PROTECT, null=True, blank=True, related_name="+"
    )
    job_title = models.CharField(
        "decided by",
        max_length=150,
        validators=[refuse_email],
        help_text="Public. The job title that decided, never a person's name.",
    )
    note = models.TextField(blank=True, validators=[refuse_email], help_text="Public.")
    recorded_at = models.DateTimeField(editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["-reviewed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    outcome__in=["unchanged", "changing"],
                    next_review__isnull=False,
                    replaced_by=None,
                )
                | models.Q(outcome="replaced", next_review=None, replaced_by__isnull=False)
                | (
                    models.Q(outcome="ended", next_review=None, replaced_by=None)
                    & ~models.Q(note="")
                ),
                name="outcome_says_what_next",
                violation_error_message=(
                    "A protocol that is still needed must have a next review. One that is"
                    " replaced must have the other protocol. One that is no longer needed must"
                    " have a reason."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(next_review=None)
                | models.Q(Exact(DayOfMonth("next_review"), 1)),
                name="next_review_month_first",
                violation_error_message="A review date is a month. Enter its first day.",
            ),
            models.CheckConstraint(
                condition=models.Q(next_review=None)
                | models.Q(
                    GreaterThanOrEqual(models.F("next_review"), FirstOfMonth("reviewed_on"))
                ),
                name="next_review_later",
                violation_error_message="The next review cannot be due before this one was made.",
            ),
            models.CheckConstraint(
                condition=models.Q(replaced_by=None) | ~models.Q(replaced_by=models.F("protocol")),
                name="review_no_own_replacement",
                violation_error_message="A protocol cannot replace itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id}, {self.reviewed_on:%-d %B %Y}: {self.get_outcome_display()}"

    @property
    def is_needed(self) -> bool:
        """Whether the protocol stays in force."""
        return self.outcome in {self.Outcome.UNCHANGED, self.Outcome.CHANGING}

    @property
    def is_confirmed_by_lead(self) -> bool:
        """Whether it is what the lead answered by its link, and not what an editor decided."""
        answer = getattr(self, "answer", None)  # none where it was recorded without one
        return answer is not None and answer.choice == self.outcome

    def clean(self) -> None:
        """Refuse what does not fit the outcome, each beside its field. Raises ValidationError."""
        if wrong := dict(self._misfits()):
            raise ValidationError(wrong)

    def _misfits(self) -> Any:
        outcome, month, newer = self.outcome, self.next_review, self.replaced_by_id
        if self.is_needed and not month:
            yield "next_review", "Enter the month of the next review."
        if month and not self.is_needed:
            yield "next_review", "A protocol that ends has no next review. Clear this box."
        if month and self.reviewed_on and last_day(month) < self.reviewed_on:
            yield (
                "next_review",
                "The next review cannot be due before this one was made. Enter a later month.",
            )
        if self.reviewed_on and self.reviewed_on.year < FIRST_YEAR:
            yield "reviewed_on", f"Enter a date in the year {FIRST_YEAR} or later."
        if outcome == self.Outcome.REPLACED and not newer:
            yield "replaced_by", "Select the protocol that replaces it."
        if newer and outcome != self.Outcome.REPLACED:
            yield "replaced_by", f"Only for ‘{self.Outcome.REPLACED.label}’. Clear this box."
        if newer and newer == self.protocol_id:
            yield "replaced_by", "A protocol cannot replace itself."
        if outcome == self.Outcome.ENDED and not self.note.strip():
            yield "note", "Enter why it is no longer needed. The public can read this."
