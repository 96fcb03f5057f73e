"""Themes: the headings that protocols are published under."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from registers.models.addresses import address
from registers.models.keys import key_of

# A key can be longer than its name: ß is ss, and a few characters are many.
KEY_LENGTH = 100


class Theme(models.Model):
    """A heading such as 'Health and Wellbeing'. Its slug is its address, and stays."""

    name = models.CharField(max_length=100)
    key = models.CharField(
        max_length=KEY_LENGTH,
        unique=True,
        editable=False,
        error_messages={"unique": "A theme has this name already."},
    )
    slug = models.SlugField(
        max_length=100,
        unique=True,
        help_text="The end of its address, such as health-and-wellbeing. It cannot change later.",
    )
    description = models.TextField(blank=True, help_text="Public. What belongs under this theme.")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Themes stand in this order, then by name."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the theme's own page."""
        return address("theme", self.slug)

    def clean(self) -> None:
        """Put the name's key in step, so that the check for a second one sees it."""
        self.key = key_of(self.name)
        if len(self.key) > KEY_LENGTH:
            raise ValidationError({"name": "This name is too long."})
