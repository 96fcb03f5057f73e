"""`manage.py lay_out_picture`: once a day, by a timer."""

from typing import Any

from django.core.management.base import BaseCommand

from registers.changes.layout import lay_out_picture


class Command(BaseCommand):
    help = "Lay out the picture of who is named with whom, from where its organisations stand."

    def handle(self, **_options: Any) -> None:
        organisations, moved = lay_out_picture()
        self.stdout.write(f"{organisations} organisations are laid out; {moved} moved.")
