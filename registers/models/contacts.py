"""Who speaks for an organisation: approvers by job title, in public, and contacts, never."""

from django.db import models

from registers.models.keys import refuse_email
from registers.models.organisation import Organisation


class Approver(models.Model):
    """A job title, such as 'Caldicott Guardian', that approves protocols for an organisation."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="approvers")
    job_title = models.CharField(
        max_length=150,
        validators=[refuse_email],
        help_text="Public. A job title, never a person's name.",
    )

    class Meta:
        ordering = ["organisation__name", "job_title"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "job_title"],
                name="one_approver_per_title",
                violation_error_message="This job title is already here.",
            )
        ]

    def __str__(self) -> str:
        return self.job_title


class Contact(models.Model):
    """The role mailbox of an organisation that is reminded of its reviews.

    No page or export can show it: those list what they show (`history/snapshot.py`,
    `exports/columns.py`), and a test searches every public address for it.
    """

    organisation = models.OneToOneField(Organisation, models.CASCADE, related_name="contact")
    email = models.EmailField(
        "e-mail address",
        help_text=(
            "Never public. A mailbox of a role, such as information.governance@example.org,"
            " not of a person."
        ),
    )

    class Meta:
        ordering = ["organisation__name"]

    def __str__(self) -> str:
        return self.email
