"""Parties: an organisation's part in one protocol."""

from __future__ import annotations

from django.db import models

from registers.models.keys import refuse_email
from registers.models.organisation import Organisation


class Party(models.Model):
    """An organisation's part in one protocol, with the words that were published."""

    class Role(models.TextChoices):
        """What the organisation does in the protocol. A lead stands before partners."""

        LEAD = "lead", "Lead"  # answers for the protocol and its reviews; one at most
        PARTNER = "partner", "Partner"  # every other organisation involved

    protocol = models.ForeignKey("Protocol", models.CASCADE, related_name="parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="parties")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.PARTNER)
    name_as_published = models.CharField(
        max_length=255,
        blank=True,
        validators=[refuse_email],
        help_text="The name in the protocol. It is kept even if the organisation is renamed.",
    )
    note = models.CharField(
        max_length=255,
        blank=True,
        validators=[refuse_email],
        help_text="Public, shown in brackets: Temp workers.",
    )
    signed_on = models.DateField(
        "signed on", null=True, blank=True, help_text="When its approver signed. Empty if unknown."
    )
    position = models.PositiveIntegerField(default=0, help_text="The order as published.")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "organisation", "role"],
                name="once_per_role",
                violation_error_message="This organisation has this role in the protocol already.",
            ),
            models.UniqueConstraint(
                fields=["protocol"],
                condition=models.Q(role="lead"),
                name="one_lead",
                violation_error_message="A protocol can have only one lead organisation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} in {self.protocol_id}"
