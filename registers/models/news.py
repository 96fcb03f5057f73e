"""News of the partnership."""

from __future__ import annotations

import datetime

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords


class NewsQuerySet(models.QuerySet["News"]):
    """News, in an officer's words."""

    def out(self, on: datetime.date) -> NewsQuerySet:
        """Keep what is published on the day `on`, a date in Europe/London."""
        return self.filter(models.Q(published_on=None) | models.Q(published_on__lte=on))


class News(models.Model):
    """One item of news, the newest first. An item taken over without a day has none."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(
        max_length=100, unique=True, help_text="The end of its address. It cannot change later."
    )
    body = models.TextField(blank=True)
    published_on = models.DateField(
        null=True, blank=True, help_text="Empty if not known. Until this day it is not shown."
    )
    history = HistoricalRecords()

    objects = NewsQuerySet.as_manager()

    class Meta:
        ordering = [models.F("published_on").desc(nulls_last=True), "-pk"]
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the item's own page."""
        return reverse("news-item", args=[self.slug])
