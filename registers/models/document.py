"""Documents: the papers of a protocol. What every paper has stands here too."""

from __future__ import annotations

import re
import secrets
import unicodedata
from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import reverse

from registers.files.kinds import KINDS, kind_of

PAPER_TYPES = tuple(KINDS)
PAPER_BYTES = 20 * 1024 * 1024
LONGEST_NAME = 150


def refuse_large(paper: FieldFile) -> None:
    """Raise ValidationError for a paper of over 20 MB."""
    if is_new(paper) and paper.size > PAPER_BYTES:
        raise ValidationError("This file is larger than 20 MB. Upload a smaller file.")


def refuse_other_kinds(paper: FieldFile) -> None:
    """Raise ValidationError for a new file that is not, by what is in it, what its name says."""
    ending = PurePath(paper.name or "").suffix.lower().lstrip(".")
    if is_new(paper) and ending in KINDS and paper.size <= PAPER_BYTES:
        refuse_other_than(ending, kind_of(paper.file))


def refuse_other_than(ending: str, kind: str) -> None:
    """Raise ValidationError where a name's ending is not that of its kind."""
    if kind != ending:
        it_is, said = map(_called, (kind, ending))
        raise ValidationError(
            f"This is {it_is}, not {said}. Change the end of its name to .{kind},"
            " then upload it again."
        )


def _called(kind: str) -> str:
    return f"{'a' if kind in {'pdf', 'docx'} else 'an'} {kind.upper()}"


def is_new(paper: FieldFile) -> bool:
    """Return whether a file has come and is not stored yet. What is stored was checked before."""
    return not getattr(paper, "_committed", True)


def generated_name(paper: models.Model, name: str) -> str:
    """Return where a file is stored: a name that nobody can guess, with the ending of its kind."""
    return secrets.token_hex(16) + PurePath(name).suffix.lower()


def clear_name(given: str) -> str:
    """Return the name of a file as a reader may save it: no path, nothing unseen, not too long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    # Controls, and the marks by which a name can be read backwards: 'Cc', 'Cf' and their like.
    seen = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in last)
    plain = " ".join(re.sub(r'[<>:"|?*]', " ", seen).split()).rstrip(". ")
    stem, dot, ending = plain.rpartition(".")
    stem, ending = (stem, f"{dot}{ending}".lower()) if dot else (plain, "")
    return (stem[: LONGEST_NAME - len(ending)].strip(". ") or "paper") + ending


class StoredFile:
    """What a stored file says of itself, whether it is a paper's own or an earlier one."""

    file: FieldFile
    name: str
    size: int | None

    @property
    def kind(self) -> str:
        """The kind of file, as its name ends: 'PDF'."""
        return PurePath(self.file.name or "").suffix.lstrip(".").upper()

    @property
    def file_name(self) -> str:
        """The name under which a reader saves it."""
        return self.name or clear_name(f"{self}.{self.kind}".replace("/", " "))


class Paper(StoredFile, models.Model):
    """A titled file to download. Abstract."""

    title = models.CharField(max_length=200)
    file = models.FileField(
        upload_to=generated_name,
        validators=[FileExtensionValidator(PAPER_TYPES), refuse_large, refuse_other_kinds],
        help_text="PDF, DOCX, XLSX, ODT or ODS, of 20 MB at most.",
    )

    name = models.CharField("name of the file", max_length=LONGEST_NAME, blank=True, editable=False)
    size = models.PositiveIntegerField(null=True, editable=False, help_text="In bytes.")
    uploaded_at = models.DateTimeField(null=True, editable=False, help_text="Null: not known.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def replaced(self) -> list[Any]:
        """The files that were here before, the newest first; not one that is back."""
        versions: models.Manager[Any] = self.earlier_versions  # type: ignore[attr-defined]  # a relation's name
        return [each for each in versions.all() if each.file.name != self.file.name]


class DocumentQuerySet(models.QuerySet["Document"]):
    """Documents, in an officer's words."""

    def listed(self) -> DocumentQuerySet:
        """Keep those that were not taken off, with their earlier files."""
        return self.filter(taken_off=False).prefetch_related("earlier_versions")


class Document(Paper):
    """A paper of a protocol: the signed PDF, and others."""

    protocol = models.ForeignKey("registers.Protocol", models.CASCADE, related_name="documents")
    # It was published once: it stays here, is downloaded by nobody, and can be put back.
    taken_off = models.BooleanField(default=False, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["title", "pk"]

    def get_absolute_url(self) -> str:
        """Return where the file is downloaded."""
        return reverse("document", args=[self.protocol_id, self.pk])
