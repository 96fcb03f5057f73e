"""What was written on a form of admin and is not saved yet: private to its user, for some days."""

from __future__ import annotations

import datetime
import secrets

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models.fields.files import FieldFile

from registers.models.document import LONGEST_NAME

LONGEST_PAGE, LONGEST_FIELD = 500, 200
UNSAVED_FOLDER = "unsaved"


def unsaved_name(file: models.Model, name: str) -> str:
    """Return where a chosen file is stored: in a folder of its own, which nobody can guess."""
    return f"{UNSAVED_FOLDER}/{secrets.token_hex(16)}"


def delete_after_commit(file: FieldFile) -> None:
    """Delete a stored file once the transaction has ended. A failure is logged."""
    storage, name = file.storage, str(file.name)

    # Not a partial: Django names the function in the log.
    def delete() -> None:
        storage.delete(name)

    transaction.on_commit(delete, robust=True)


class FormDraftQuerySet(models.QuerySet["FormDraft"]):
    """Drafts of forms, in an officer's words."""

    def older_than(self, days: int, *, at: datetime.datetime) -> FormDraftQuerySet:
        """Keep those that were written on more than `days` days before `at`."""
        return self.filter(saved_at__lt=at - datetime.timedelta(days=days))

    def waiting(self) -> FormDraftQuerySet:
        """Keep those whose form was not saved."""
        return self.filter(is_saved=False)

    def discard(self) -> int:
        """Delete them with their files, and return how many there were."""
        keys = list(self.values_list("pk", flat=True))
        if keys:
            FormDraftFile.objects.filter(draft__in=keys).discard()
            FormDraft.objects.filter(pk__in=keys).delete()
        return len(keys)


class FormDraft(models.Model):
    """One form as it was written: the names and values that the browser sent."""

    user = models.ForeignKey(User, models.CASCADE, related_name="form_drafts")
    page = models.CharField(max_length=LONGEST_PAGE, help_text="The path of the form.")
    # The form was shown once under this key: two new protocols in two windows are two drafts.
    key = models.CharField(max_length=32, unique=True)
    begun_at = models.DateTimeField(null=True, help_text="Unknown of an old draft.")
    saved_at = models.DateTimeField()
    values = models.JSONField(help_text="Pairs of a name and a value.")
    # The form was saved: what was sent before that and arrives late is not stored again.
    is_saved = models.BooleanField(default=False)

    objects = FormDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at", "-pk"]
        indexes = [models.Index(fields=["user", "page"], name="form_draft_of_user")]

    def __str__(self) -> str:
        return f"{self.page}, {self.saved_at:%H:%M}"


class FormDraftFileQuerySet(models.QuerySet["FormDraftFile"]):
    """Files that were chosen on forms."""

    def discard(self) -> None:
        """Delete them, and what is stored of them once the transaction has ended."""
        for each in self:
            delete_after_commit(each.file)
        self.delete()


class FormDraftFile(models.Model):
    """A file that was chosen on a form."""

    draft = models.ForeignKey(FormDraft, models.CASCADE, related_name="files")
    field = models.CharField(max_length=LONGEST_FIELD, help_text="Its name on the form.")
    name = models.CharField(max_length=LONGEST_NAME)
    file = models.FileField(upload_to=unsaved_name)
    size = models.PositiveBigIntegerField(help_text="In bytes.")

    objects = FormDraftFileQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
