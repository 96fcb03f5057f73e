"""Themes, news and resources: what has a page of its own, at an address that stays."""

from __future__ import annotations

import datetime
from typing import Any, Self, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from registers.models.addresses import address
from registers.models.document import LONGEST_NAME, Document, Paper, StoredFile
from registers.models.keys import key_of, refuse_new_invisible

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
        help_text=(
            "The end of its web address, such as health-and-wellbeing. You cannot change it later."
        ),
    )
    description = models.TextField(blank=True, help_text="Public. What belongs under this theme.")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Themes are listed in this order, then by name."
    )

    class Meta:
        ordering = ["position", "name"]

    # Whether it has no page of its own any more: one of a past day can be gone today.
    is_gone = False

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the theme's own page."""
        return address("theme", self.slug)

    def clean(self) -> None:
        """Put the name's key in step, so that the check for a second one sees it."""
        refuse_new_invisible(self, name="name")
        self.key = key_of(self.name)
        if len(self.key) > KEY_LENGTH:
            raise ValidationError({"name": "This name is too long. Enter a shorter one."})


class PageQuerySet(models.QuerySet[Any]):
    """News or resources, in an officer's words."""

    def published(self, on: datetime.date) -> Self:
        """Keep what the public reads on the day `on`, a date in Europe/London."""
        days = models.Q(published_on=None) | models.Q(published_on__lte=on)
        return self.filter(days, status=PublishedPage.Status.PUBLISHED)


# The fields that decide when a page is public.
PAGE_PUBLISH_FIELDS = ("status", "published_on")


class PublishedPage(models.Model):
    """What is a draft, or published on a day: today, before, or to come. Abstract."""

    class Status(models.TextChoices):
        """Whether it is published. It goes from the first to the second, and not back."""

        DRAFT = "draft", "Draft"  # only editors see it
        PUBLISHED = "published", "Published"  # public from its day on

    # What code makes is published, such as the first register; an editor's form begins a draft.
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PUBLISHED)
    published_on = models.DateField(
        null=True, blank=True, help_text="Empty if not known. Until this day it is not shown."
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_public(self, on: datetime.date) -> bool:
        """Return whether the public reads it on the day `on`."""
        is_published = self.status == PublishedPage.Status.PUBLISHED
        return is_published and (self.published_on is None or self.published_on <= on)


class News(PublishedPage):
    """One item of news, the newest first. An item taken over without a day has none."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(
        max_length=100,
        unique=True,
        help_text="The end of its web address. You cannot change it later.",
    )
    body = models.TextField(blank=True)

    class Meta:
        ordering = [models.F("published_on").desc(nulls_last=True), "-pk"]
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the item's own page."""
        return reverse("news-item", args=[self.slug])


class Resource(Paper, PublishedPage):  # noqa: DJ008 (a paper's)
    """A paper for partners, on a page of its own. Its file may not be here yet."""

    file = models.FileField(
        upload_to=Paper.file.field.upload_to,
        validators=Paper.file.field.validators,
        blank=True,
        help_text="PDF, DOCX, XLSX, ODT or ODS, of 20 MB at most. May be added later.",
    )
    slug = models.SlugField(
        max_length=100,
        unique=True,
        help_text="The end of its web address. You cannot change it later.",
    )
    body = models.TextField("what it is for", blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "title"]

    def get_absolute_url(self) -> str:
        """Return the resource's own page."""
        return reverse("resource", args=[self.slug])


class EarlierVersion(StoredFile, models.Model):
    """A file of a document or a resource that a newer one replaced. It is read as before."""

    document = models.ForeignKey(
        Document, models.CASCADE, null=True, blank=True, related_name="earlier_versions"
    )
    resource = models.ForeignKey(
        Resource, models.CASCADE, null=True, blank=True, related_name="earlier_versions"
    )
    file = models.FileField()
    name = models.CharField("name of the file", max_length=LONGEST_NAME, blank=True)
    size = models.PositiveIntegerField(null=True, help_text="In bytes.")
    uploaded_at = models.DateTimeField(null=True, help_text="Null: not known.")
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["-replaced_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(document=None, resource__isnull=False)
                | models.Q(document__isnull=False, resource=None),
                name="version_of_one_paper",
                violation_error_message="An earlier version can belong to only one document.",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.document or self.resource)

    def get_absolute_url(self) -> str:
        """Return where the file is downloaded."""
        if self.document:
            return reverse(
                "document-version", args=[self.document.protocol_id, self.document_id, self.pk]
            )
        return reverse("resource-version", args=[cast(Resource, self.resource).slug, self.pk])
