"""The arguments of `python -m demo`, and what it says of wrong ones."""

import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demo.register import DemoError, make_register
from registers.changes.layout import lay_out_picture
from registers.imports.fixture import is_empty


class Command(BaseCommand):
    """Fills an empty register; run by `python -m demo`."""

    help = "Fill an empty register with made-up protocols, the same for the same number and seed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number, the seed and the day."""
        parser.add_argument("--protocols", default="120", metavar="N", help="how many (120)")
        parser.add_argument("--seed", default="1", metavar="S", help="a whole number from 0 up (1)")
        parser.add_argument(
            "--on", metavar="DAY", help="the day on which it stands as made, 2026-11-22 (today)"
        )

    def handle(self, *, protocols: str, seed: str, on: str | None, **_options: Any) -> None:
        """Check what was given, and make the register. Raises CommandError with what to do."""
        number = _whole("--protocols", protocols)
        day = _day(on) if on else timezone.localdate()
        if not is_empty():
            raise CommandError(
                "The register holds something already, so nothing was made. "
                "Use an empty database: name another one in DATABASE_URL."
            )
        try:
            make_register(number, seed=_whole("--seed", seed), on=day)
        except DemoError as problem:
            raise CommandError(f"{problem} Nothing was made.") from problem
        lay_out_picture()
        self.stdout.write(
            f"{number} protocol{'s are' if number > 1 else ' is'} in the register, all made up."
        )


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as problem:
        raise CommandError(f"{option} takes a whole number, not '{text}'.") from problem


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(f"--on takes a day like 2026-11-22, not '{text}'.") from problem
