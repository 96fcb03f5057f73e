"""`manage.py delete_expired [--dry-run]`: once a day, by a timer. It needs no mail server."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from registers.reminders.retention import delete_expired, delete_unnamed_files


class Command(BaseCommand):
    help = (
        "Delete what is kept for some days and no longer: drafts, the notes of answers, proposals"
        " and suggestions, the addresses of reminders. docs/running.md lists them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say how much would be deleted, and do nothing"
        )

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        now = timezone.now()
        done = "would be deleted" if dry_run else "deleted"
        for what, number in delete_expired(on=timezone.localdate(now), dry=dry_run):
            self.stdout.write(f"{what}: {number} {done}.")
        number = delete_unnamed_files(at=now, dry=dry_run)
        self.stdout.write(f"Files that no draft names: {number} {done}.")
