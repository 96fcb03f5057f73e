"""What a lead has filled in by the link of a reminder and has not sent: private, for some days."""

from __future__ import annotations

from django.db import models

from registers.models.document import LONGEST_NAME, StoredFile
from registers.models.form_draft import delete_after_commit, unsaved_name
from registers.models.proposal import LONGEST_JOB_TITLE
from registers.models.reminder import Reminded

LONGEST_TITLE = 200


class LeadDraftQuerySet(models.QuerySet["LeadDraft"]):
    """Drafts of leads, in an officer's words."""

    def discard(self) -> int:
        """Delete them with their files, and return how many there were."""
        for each in self.exclude(file=""):
            delete_after_commit(each.file)
        return self.delete()[0]

    def discard_files(self) -> None:
        """Delete their files alone."""
        for each in self.exclude(file=""):
            delete_after_commit(each.file)
        self.update(file="", name="", title="")


class LeadDraft(StoredFile, models.Model):
    """The fields of one protocol as a lead has filled them in, and the paper that it has chosen.

    `values` are by the names of the fields, as a snapshot has them.
    """

    reminded = models.OneToOneField(Reminded, models.CASCADE, related_name="draft")
    values = models.JSONField()
    job_title = models.CharField(max_length=LONGEST_JOB_TITLE, blank=True)
    file = models.FileField(upload_to=unsaved_name, blank=True)
    name = models.CharField("name of the file", max_length=LONGEST_NAME, blank=True)
    title = models.CharField("title of the file", max_length=LONGEST_TITLE, blank=True)
    saved_at = models.DateTimeField()

    objects = LeadDraftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Draft about {self.reminded.protocol_id}"
