"""Contacts: where an organisation is written to. Never public, in no page and no ending."""

from django.db import models
from simple_history.models import HistoricalRecords

from registers.models.organisation import Organisation


class Contact(models.Model):
    """The role mailbox of an organisation that is reminded of its reviews."""

    organisation = models.OneToOneField(Organisation, models.CASCADE, related_name="contact")
    email = models.EmailField(
        "e-mail address",
        help_text=(
            "Never public. A mailbox of a role, such as information.governance@example.org,"
            " not of a person."
        ),
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["organisation__name"]

    def __str__(self) -> str:
        return self.email
