"""`manage.py reset_second_factor NAME`: for an administrator who has lost telephone and codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registers.accounts.names import user_named
from registers.accounts.second_factor import reset


class Command(BaseCommand):
    help = "Let a user who has lost their phone set up another when they next log in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **_options: Any) -> None:
        user = user_named(username)
        if user is None:
            raise CommandError(
                f"Nobody has the username '{username}'. Correct it and run the command again."
            )
        reset(user)
        self.stdout.write(f"{user.username} must set up a phone when they next log in.")
