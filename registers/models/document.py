"""Documents: the papers of a protocol. What every paper has stands here too."""

from __future__ import annotations

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


class Paper(models.Model):
    """A titled file to download. Abstract."""

    title = models.CharField(max_length=200)
    file = models.FileField(
        upload_to="%Y/%m",
        validators=[FileExtensionValidator(PAPER_TYPES), refuse_large],
        help_text="PDF, DOCX, XLSX, ODT or ODS, of 20 MB at most.",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def kind(self) -> str:
        """The kind of file, as its name ends: 'PDF'."""
        return PurePath(self.file.name or "").suffix.lstrip(".").upper()

    @property
    def size(self) -> int | None:
        """How many bytes the file has; None if it is not kept here."""
        try:
            return self.file.size if self.file else None
        except FileNotFoundError:
            return None


class Document(Paper):
    """A paper of a protocol: the signed PDF, and others."""

    protocol = models.ForeignKey(Protocol, models.CASCADE, related_name="documents")
    history = HistoricalRecords()

    class Meta:
        ordering = ["title", "pk"]

    def get_absolute_url(self) -> str:
        """Return where the file is downloaded."""
        return reverse("document", args=[self.protocol_id, self.pk])
