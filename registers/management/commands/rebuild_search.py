"""`manage.py rebuild_search`: all that search knows, written afresh, while people read."""

from typing import Any

from django.core.management.base import BaseCommand

from registers.search.search_writer import rebuild_search


class Command(BaseCommand):
    help = "Rebuild the search index. People can read and officers can save while it runs."

    def handle(self, **_options: Any) -> None:
        done = rebuild_search()
        self.stdout.write(
            f"{done.protocols} protocols and {done.organisations} organisations can be found, "
            f"by {done.words} words. {done.removed} leftovers were removed."
        )
