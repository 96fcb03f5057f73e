"""`manage.py delete_old_drafts`: once a day, by a timer."""

import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.utils import timezone

from registers.models import FormDraft, FormDraftFile, LeadDraft
from registers.models.form_draft import UNSAVED_FOLDER

# A file is written before the row that names it is committed.
LEFT_OVER_AFTER = datetime.timedelta(days=1)


class Command(BaseCommand):
    help = (
        "Delete what was written on forms and not saved, after FORM_DRAFT_DAYS days, what leads"
        " filled in and did not send, after LEAD_DRAFT_DAYS, and the files that no draft names."
    )

    def handle(self, **_options: Any) -> None:
        now = timezone.now()
        old = FormDraft.objects.older_than(settings.FORM_DRAFT_DAYS, at=now)
        self.stdout.write(f"{old.discard()} drafts of forms are deleted.")
        of_leads = LeadDraft.objects.older_than(settings.LEAD_DRAFT_DAYS, at=now)
        self.stdout.write(f"{of_leads.discard()} drafts of leads are deleted.")
        self.stdout.write(f"{_delete_left_over(now)} files that no draft names are deleted.")


def _delete_left_over(now: datetime.datetime) -> int:
    """Delete the files of users who were deleted, and of stores that failed half-way."""
    try:
        _, names = default_storage.listdir(UNSAVED_FOLDER)
    except FileNotFoundError:  # nobody has chosen a file yet
        return 0
    paths = {f"{UNSAVED_FOLDER}/{name}" for name in names}
    for model in (FormDraftFile, LeadDraft):
        paths -= set(model._default_manager.values_list("file", flat=True))
    old = [p for p in paths if default_storage.get_modified_time(p) < now - LEFT_OVER_AFTER]
    for path in old:
        default_storage.delete(path)
    return len(old)
