"""News of the partnership."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords


class News(models.Model):
    """One item of news, the newest first. An item taken over without a day has none."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(
        max_length=100, unique=True, help_text="The end of its address. It cannot change later."
    )
    body = models.TextField(blank=True)
    published_on = models.DateField(null=True, blank=True, help_text="Empty if not known.")
    history = HistoricalRecords()

    class Meta:
        ordering = [models.F("published_on").desc(nulls_last=True), "-pk"]
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the item's own page."""
        return reverse("news-item", args=[self.slug])
