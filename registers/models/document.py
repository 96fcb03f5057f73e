"""Documents: the papers of a protocol. What every paper has stands here too."""

from __future__ import annotations

import secrets
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from simple_history.models import HistoricalRecords

from registers.models.protocol import Protocol

PAPER_TYPES = ("pdf", "docx", "xlsx", "odt", "ods")
PAPER_BYTES = 20 * 1024 * 1024


def refuse_large(paper: FieldFile) -> None:
    """Raise ValidationError for a paper of over 20 MB."""
    if paper.size > PAPER_BYTES:
        raise ValidationError("This file is larger than 20 MB. Save a smaller one.")


def generated_name(paper: models.Model, name: str) -> str:
    """Return where a file is stored: a name that nobody can guess, with the ending of its kind."""
    return secrets.token_hex(16) + PurePath(name).suffix.lower()


class Paper(models.Model):
    """A titled file to download. Abstract."""

    title = models.CharField(max_length=200)
    file = models.FileField(
        upload_to=generated_name,
        validators=[FileExtensionValidator(PAPER_TYPES), refuse_large],
        help_text="PDF, DOCX, XLSX, ODT or ODS, of 20 MB at most.",
    )

    name = models.CharField("name of the file", max_length=150, blank=True, editable=False)
    size = models.PositiveIntegerField(null=True, editable=False, help_text="In bytes.")
    uploaded_at = models.DateTimeField(null=True, editable=False, help_text="Null: not known.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def kind(self) -> str:
        """The kind of file, as its name ends: 'PDF'."""
        return PurePath(self.file.name or "").suffix.lstrip(".").upper()


class Document(Paper):
    """A paper of a protocol: the signed PDF, and others."""

    protocol = models.ForeignKey(Protocol, models.CASCADE, related_name="documents")
    # It was published once: it stays here, is downloaded by nobody, and can be put back.
    taken_off = models.BooleanField(default=False, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["title", "pk"]

    def get_absolute_url(self) -> str:
        """Return where the file is downloaded."""
        return reverse("document", args=[self.protocol_id, self.pk])
