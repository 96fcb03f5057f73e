"""`manage.py version`: which version of the register runs."""

from typing import Any

from django.core.management.base import BaseCommand

from weisf.version import versions


class Command(BaseCommand):
    help = "Show the versions of the register, Django and Python."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(versions())
