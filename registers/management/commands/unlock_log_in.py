"""`manage.py unlock_log_in`: ends every lock after too many failures to log in, at once."""

from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "End every lock after too many failures to log in."

    def handle(self, **options: Any) -> None:
        cache.clear()
        self.stdout.write("Nobody is locked out any more.")
