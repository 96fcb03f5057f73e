"""manage.py compact_database: nothing that was deleted is left in the database's files."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registers import changes

BUSY = "The database is in use, so its files could not be written anew. Stop the register first."


class Command(BaseCommand):
    """Writes the files of the database anew, as after words were taken out."""

    help = "Write the files of the database anew, so that nothing deleted is left in them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError where somebody uses the database."""
        if not changes.compact():
            raise CommandError(BUSY)
        self.stdout.write("The files of the database are written anew.")
