"""`manage.py prepare`: all that the database needs before the register is served."""

from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand

from registers.changes.layout import lay_out_picture
from registers.imports.fixture import is_empty
from registers.imports.synonyms import update_synonyms
from registers.models import Layout
from registers.search.search_writer import entries_missing


class Command(BaseCommand):
    help = "Bring the database up to date, and load the register that comes with it if it is empty."

    def handle(self, **_options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        if settings.REGISTER_FILE and is_empty():
            call_command("load_register", settings.REGISTER_FILE, stdout=self.stdout)
        update_synonyms()
        if entries_missing():  # a database from before there was such a search
            call_command("rebuild_search", stdout=self.stdout)
        if not Layout.stored():  # later by the daily command
            lay_out_picture()
        self.check(databases=["default"], tags=[Tags.database])
