"""`manage.py load_register FILE`: a whole register into an empty database, or what is new in it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registers.changes.transaction import dry_run, update_search_and_version
from registers.imports.fixture import FixtureError, is_empty, load_register, read_register
from registers.imports.fixture_update import update_register


class Command(BaseCommand):
    help = (
        "Load a whole register from a JSON file into an empty database. With --update, take"
        " the names, identifiers and notes of organisations into a register that is running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--update",
            action="store_true",
            help="Add what is new of organisations. What somebody changed here stays as it is.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="With --update: say what would be changed, and change nothing.",
        )

    def handle(self, *, file: Path, **options: Any) -> None:
        if options["update"]:
            self._update(file, dry=options["dry_run"])
        elif options["dry_run"]:
            raise CommandError("--dry-run works only with --update. Nothing was loaded.")
        else:
            self._load(file)

    def _load(self, file: Path) -> None:
        if not is_empty():
            raise CommandError(
                "The register holds something already, so nothing was loaded. "
                "Use an empty database: name another one in DATABASE_URL. "
                "To add names and identifiers to this register, use --update."
            )
        try:
            number = load_register(read_register(file), at=timezone.now())
        except FixtureError as problem:
            raise CommandError(f"{problem} Nothing was loaded.") from problem
        self.stdout.write(f"{number} protocols are in the register.")

    def _update(self, file: Path, *, dry: bool) -> None:
        if is_empty():
            raise CommandError("The register is empty. Load the file without --update first.")
        transaction: AbstractContextManager[Any] = dry_run() if dry else update_search_and_version()
        try:
            register = read_register(file)
            with transaction:
                report = update_register(register, at=timezone.now())
        except FixtureError as problem:
            raise CommandError(f"{problem} Nothing was changed.") from problem
        for line in report.changed:
            self.stdout.write(line)
        for line in report.left:
            self.stdout.write(f"Left as it is. {line}")
        changed = f"{len(report.changed)} {'would be ' if dry else ''}changed"
        end = " Nothing was saved." if dry else ""
        self.stdout.write(f"{changed}, {len(report.left)} left as they are.{end}")
