"""`manage.py delete_old_drafts`: once a day, by a timer."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from registers.models import FormDraft


class Command(BaseCommand):
    help = "Delete what was written on forms and not saved, after FORM_DRAFT_DAYS days."

    def handle(self, **_options: Any) -> None:
        old = FormDraft.objects.older_than(settings.FORM_DRAFT_DAYS, at=timezone.now())
        self.stdout.write(f"{old.discard()} drafts of forms are deleted.")
