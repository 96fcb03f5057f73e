"""Resources: the review template and other papers, not of one protocol."""

from __future__ import annotations

from typing import cast

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from registers.models.document import LONGEST_NAME, Document, Paper, StoredFile


class Resource(Paper):
    """A paper for partners, on a page of its own. Its file may not be here yet."""

    file = models.FileField(
        upload_to=Paper.file.field.upload_to,
        validators=Paper.file.field.validators,
        blank=True,
        help_text="PDF, DOCX, XLSX, ODT or ODS, of 20 MB at most. May be added later.",
    )
    slug = models.SlugField(
        max_length=100, unique=True, help_text="The end of its address. It cannot change later."
    )
    body = models.TextField("what it is for", blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

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
                violation_error_message="An earlier version belongs to one paper.",
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
