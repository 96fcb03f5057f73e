"""`manage.py load_register FILE`: a whole register into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registers.imports.fixture import FixtureError, is_empty, load_register, read_register


class Command(BaseCommand):
    help = "Load a whole register from a JSON file into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_options: Any) -> None:
        if not is_empty():
            raise CommandError(
                "The register holds something already, so nothing was loaded. "
                "Use an empty database: name another one in DATABASE_URL."
            )
        try:
            number = load_register(read_register(file), at=timezone.now())
        except FixtureError as problem:
            raise CommandError(f"{problem} Nothing was loaded.") from problem
        self.stdout.write(f"{number} protocols are in the register.")
